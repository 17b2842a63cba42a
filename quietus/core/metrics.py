"""Prometheus counters and timings, gathered over all processes through PROMETHEUS_MULTIPROC_DIR."""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
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


def render() -> Response:
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package's own gap
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _observe(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(request.method, rule, response.status_code).inc()
    if "started" in g:
        REQUEST_SECONDS.labels(request.method, rule).observe(time.perf_counter() - g.started)
    return response


def init_app(app: Flask) -> None:
    app.after_request(_observe)
