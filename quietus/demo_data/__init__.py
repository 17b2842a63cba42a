"""Made-up people, texts, sessions and decisions at any size, the same ones for the same seed; for demonstrations,
measurements and tests. Nothing in it was written or lived by anybody."""

from quietus.demo_data.filling import Filled, NotEmpty, fill

__all__ = ["Filled", "NotEmpty", "fill"]
