"""The signs of life as Prometheus gauges, read when somebody asks; a sign that is not known is left out."""

from collections.abc import Iterator, Mapping
from typing import Final

from flask import Flask
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from quietus.admin.vitals import Vitals, vitals
from quietus.core.extensions import db

REPORT_STATES: Final = ("QUEUED", "RUNNING", "READY", "FAILED", "CANCELLED", "EXPIRED")


class Gauges:
    """What prometheus_client calls a collector; needs an application context."""

    def collect(self) -> Iterator[Metric]:
        found = vitals()
        db.session.rollback()  # no transaction stays open behind a scrape
        yield from _servers(found)
        yield from _texts(found)
        yield from _queues(found)
        yield from _background(found)
        yield from _reports(found)
        yield from _trail(found)


def _one(name: str, what: str, value: float | None) -> Iterator[Metric]:
    if value is not None:
        yield GaugeMetricFamily(name, what, value)


def _each(name: str, what: str, label: str, values: Mapping[str, float]) -> Iterator[Metric]:
    family = GaugeMetricFamily(name, what, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    yield family


def _servers(found: Vitals) -> Iterator[Metric]:
    yield from _one("quietus_database_up", "1 when the database answers", float("migration" in found.database))
    yield from _one(
        "quietus_schema_current", "1 when its migration is this program's", float(bool(found.database["ok"]))
    )
    yield from _one("quietus_broker_up", "1 when the broker answers", float(bool(found.broker["ok"])))


def _texts(found: Vitals) -> Iterator[Metric]:
    if found.texts is None:
        return
    oldest = found.texts.oldest_waiting_seconds
    yield from _one("quietus_texts_waiting", "Accepted texts without an outcome", found.texts.waiting)
    yield from _one(
        "quietus_texts_oldest_waiting_seconds", "Since when the oldest of them waits, 0 without one", oldest
    )
    yield from _one("quietus_texts_failed", "Texts that the model could not read", found.texts.failed)


def _queues(found: Vitals) -> Iterator[Metric]:
    if found.queues is not None:
        yield from _each("quietus_queue_messages", "Messages that wait for a worker", "queue", found.queues)
    taken = found.unacknowledged
    yield from _one("quietus_queue_unacknowledged", "Messages that a worker took and has not finished", taken)


def _background(found: Vitals) -> Iterator[Metric]:
    beat, sweep = found.heartbeat_age_seconds, found.sweep_age_seconds
    yield from _one("quietus_heartbeat_age_seconds", "Since beat, broker and a worker last all lived", beat)
    yield from _one("quietus_sweep_age_seconds", "Since a worker last looked for texts that wait", sweep)


def _reports(found: Vitals) -> Iterator[Metric]:
    if found.reports is None:
        return
    counts = {state: found.reports.counts.get(state, 0) for state in REPORT_STATES}
    oldest = found.reports.oldest_unfinished_seconds
    yield from _each("quietus_reports", "Reports asked for in the last day, the newest 200", "status", counts)
    yield from _one(
        "quietus_reports_oldest_unfinished_seconds", "Since when the oldest on its way was asked for", oldest
    )


def _trail(found: Vitals) -> Iterator[Metric]:
    if found.trail is None:
        return
    trail = found.trail
    yield from _one(
        "quietus_audit_seal_age_seconds", "Since the newest seal of the audit trail", trail.seal_age_seconds
    )
    yield from _one("quietus_audit_faults", "What did not fit at the last check of the audit trail", trail.faults)
    yield from _one("quietus_backup_age_seconds", "Since the newest backup was made", trail.backup_age_seconds)


def init_app(app: Flask) -> None:
    app.extensions["collector"] = Gauges()
