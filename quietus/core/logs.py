"""Structured logs: JSON outside a terminal, one request id through web and task, never what a person wrote."""

import logging
import re
import sys
import time
import uuid
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request

PROBES = ("/healthz", "/readyz", "/metrics")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def configure(level: str) -> None:
    """Route structlog and the standard library's loggers through one renderer on stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # celery says each task twice at INFO, with its arguments' place, and beat each due one; our own line is enough
    for noisy in ("celery.worker.strategy", "celery.app.trace", "celery.beat", "alembic", "kombu"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def place(error: BaseException) -> str:
    """Where an exception came from, innermost first: what a log may say of it, since its words may be private."""
    frames, trace = [], error.__traceback__
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('quietus/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(frames[-6:]))


def _start() -> None:
    asked = request.headers.get("X-Request-ID", "")
    # a caller's id is kept only when it cannot forge a log line or a header
    g.request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    # the rule, not the path: a path may hold a reset link's token
    rule = request.url_rule.rule if request.url_rule else None
    # what asks every few seconds whether we live would drown the rest
    level = logging.DEBUG if rule in PROBES and response.status_code == HTTPStatus.OK else logging.INFO
    structlog.get_logger("quietus.web").log(
        level,
        "request",
        method=request.method,
        rule=rule,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
    )
    return response


def init_app(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_finish)
