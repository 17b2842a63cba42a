"""The product's own worker with a model that answers at once: `celery --app tests.bench.stub_worker`.

The seam is the name that the task asks for its model; nothing in the product knows of it.
"""

from collections.abc import Sequence

from celery_worker import celery_app
from quietus.analysis import tasks
from quietus.textmodel import Outcome


class AtOnce:
    """LOW for everything, in no time."""

    version = "stub"

    def predict(self, texts: Sequence[str]) -> list[Outcome]:
        return [Outcome("LOW", 1.0, {"LOW": 1.0, "MODERATE": 0.0, "HIGH": 0.0}, (), ()) for _ in texts]


__all__ = ["celery_app"]
tasks.model_in_use = AtOnce  # type: ignore[assignment]
