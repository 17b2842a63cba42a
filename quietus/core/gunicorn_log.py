"""gunicorn's own log lines among ours: JSON outside a terminal, and never a word of the request.

What gunicorn says of a request it cannot read quotes the request, and a request line may hold a reset link's token.
"""

import re
import sys
from typing import Any

from gunicorn import glogging  # type: ignore[import-untyped]  # publishes no types

from quietus.core import logs

ADDRESS = re.compile(r"Invalid request from ip=(\S*): ")
# said while a worker starts, before any request: here the exception's own words are what helps
STARTING = ("Exception in worker process", "Exception while loading the application")


class Logger(glogging.Logger):
    """Hands gunicorn's error log to the standard library's root logger, which core/logs.py formats."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        # for the master, which loads no app; in a worker create_app does it again with its own level
        logs.configure(cfg.loglevel.upper())
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def critical(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().critical(*_without_request(msg, args, kwargs), **kwargs)

    def error(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().error(*_without_request(msg, args, kwargs), **kwargs)

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().warning(*_without_request(msg, args, kwargs), **kwargs)

    def info(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().info(*_without_request(msg, args, kwargs), **kwargs)

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().debug(*_without_request(msg, args, kwargs), **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("exc_info", True)
        super().error(*_without_request(msg, args, kwargs), **kwargs)

    def log(self, lvl: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().log(lvl, *_without_request(msg, args, kwargs), **kwargs)


def _without_request(msg: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The message to log; while an exception is handled only its type, its place and the client's address."""
    problem = sys.exception()
    if problem is None or msg in STARTING:
        return (msg, *args)
    kwargs.pop("exc_info", None)
    found = ADDRESS.match(str(msg))
    if found:
        return ("gunicorn refused a request of %s: %s", found[1], type(problem).__name__)
    return ("gunicorn: %s at %s", type(problem).__name__, logs.place(problem))
