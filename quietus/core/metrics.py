"""Prometheus counters and timings, gathered over all processes through PROMETHEUS_MULTIPROC_DIR."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from celery.signals import task_postrun, task_prerun
from flask import Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("quietus_requests_total", "HTTP answers", ["method", "rule", "status"])
REQUEST_SECONDS = Histogram("quietus_request_seconds", "Time to answer", ["method", "rule"])
SHED = Counter("quietus_requests_shed_total", "Requests turned away because too many waited")
ACCEPTED = Counter("quietus_analyses_accepted_total", "Texts accepted", ["source"])
RECORDED = Counter("quietus_analyses_recorded_total", "Outcomes recorded", ["predicted_label"])
EVENTS = Counter("quietus_video_events_stored_total", "Video events stored")
MODEL_SECONDS = Histogram(
    "quietus_model_batch_seconds",
    "Time the model takes for a batch",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10),
)
WAIT_SECONDS = Histogram(
    "quietus_analysis_wait_seconds",
    "From submitted_at to analyzed_at",
    buckets=(0.05, 0.1, 0.3, 1, 3, 10, 30, 120, 600),
)
# a task that a killed worker held was started and never ended: the two counters then differ
TASKS_STARTED = Counter("quietus_tasks_started_total", "Tasks that a worker began", ["task"])
TASKS = Counter("quietus_tasks_total", "Tasks that came to an end", ["task", "outcome"])
TASK_SECONDS = Histogram(
    "quietus_task_seconds",
    "Time a task takes",
    ["task"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120, 600),
)

# whoever calls chooses the method's name: a label for each would fill the memory
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OUTCOMES: Final = frozenset({"SUCCESS", "FAILURE", "RETRY", "REVOKED", "IGNORED", "REJECTED"})


class Collector(Protocol):
    """Counts at the moment it is asked, in a web process and inside an application context."""

    def collect(self) -> Iterable[Metric]: ...


def counters() -> CollectorRegistry:
    """What this process counted, or all processes that share its folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package's own gap
    return registry


def render() -> Response:
    """The counters, and what the app's `collector` sees at this moment."""
    seen = CollectorRegistry(auto_describe=False)
    if collector := current_app.extensions.get("collector"):
        seen.register(collector)
    return Response(generate_latest(counters()) + generate_latest(seen), content_type=CONTENT_TYPE_LATEST)


def _observe(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, rule, response.status_code).inc()
    if "started" in g:
        REQUEST_SECONDS.labels(method, rule).observe(time.perf_counter() - g.started)
    return response


def watch_tasks() -> Callable[[], None]:
    """Count what this worker's tasks come to. Answers a function that ends the watching."""
    began: dict[str, float] = {}

    def start(task_id: str, task: Any, **_: Any) -> None:
        began[task_id] = time.perf_counter()
        TASKS_STARTED.labels(task.name).inc()

    def end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
        TASKS.labels(task.name, state if state in OUTCOMES else "other").inc()
        if (since := began.pop(task_id, None)) is not None:
            TASK_SECONDS.labels(task.name).observe(time.perf_counter() - since)

    def forget() -> None:
        task_prerun.disconnect(start)
        task_postrun.disconnect(end)

    task_prerun.connect(start, weak=False)
    task_postrun.connect(end, weak=False)
    return forget


def init_app(app: Flask) -> None:
    app.after_request(_observe)
