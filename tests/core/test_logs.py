"""What the logs say, and what they leave out."""

import logging

import pytest

from quietus.core import logs


@pytest.mark.parametrize("name", ["celery.beat", "celery.app.trace"])
def test_what_is_said_every_few_seconds_is_not_logged(name: str) -> None:
    root, before = logging.getLogger(), (logging.getLogger().handlers, logging.getLogger().level)
    try:
        logs.configure("INFO")
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
        assert logging.getLogger(name).isEnabledFor(logging.WARNING)
    finally:
        root.handlers, root.level = before


def test_the_place_of_an_error_is_told_innermost_first() -> None:
    def broken() -> None:
        raise ValueError("a private sentence")

    with pytest.raises(ValueError, match="private") as raised:
        broken()
    first, second = logs.place(raised.value).split(" < ")
    assert int(first.rsplit(":", 1)[1]) < int(second.rsplit(":", 1)[1])
    assert "private" not in first + second
