"""The example alerts and dashboard ask only for metrics that /metrics has, with labels that they carry."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from quietus.core import metrics
from quietus.core.health import note_heartbeat, note_sweep

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "monitoring"
ALERTS = yaml.safe_load((EXAMPLES / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((EXAMPLES / "dashboard.json").read_text())["panels"]
QUERIES = [(rule["alert"], rule["expr"]) for rule in ALERTS] + [
    (panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]
]
# said by Prometheus itself, of whatever it scrapes
OF_PROMETHEUS = {"up": {"job", "instance"}}


@pytest.fixture
def known(app: Flask, client: FlaskClient) -> dict[str, set[str]]:
    """Each series with its labels, as a scrape of a desk that has done everything once would bring."""
    from quietus.audit import service as audit
    from quietus.audit.tags import Action
    from quietus.core.extensions import db

    note_heartbeat()
    note_sweep()
    for action in (Action.AUDIT_SEALED, Action.AUDIT_VERIFIED, Action.BACKUP_MADE):
        audit.record(action, actor=None, resource_type="audit", resource_id="2026-01-01", metadata={"faults": 0})
    db.session.commit()
    found = dict(OF_PROMETHEUS)
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    for metric in vars(metrics).values():  # a counter with labels has no series before the first count
        if isinstance(metric, MetricWrapperBase):
            for family in metric.describe():
                for suffix in {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}[family.type]:
                    bound = {"le"} if suffix == "_bucket" else set()
                    found[family.name + suffix] = set(metric._labelnames) | bound
    return found


def selectors(query: str) -> Iterator[Any]:
    """Every series that a query asks for. Raises ValueError where it is not PromQL."""
    found: list[Any] = []

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        return True

    promql_parser.walk(promql_parser.parse(query), pre_visit=note)
    return iter(found)


def test_every_query_asks_for_what_there_is(known: dict[str, set[str]]) -> None:
    for name, query in QUERIES:
        asked = list(selectors(query))
        assert asked, name
        for selector in asked:
            assert selector.name in known, f"{name}: no metric {selector.name}"
            for matcher in selector.matchers.matchers:
                assert matcher.name in known[selector.name], f"{selector.name} has no label {matcher.name}"


def test_every_sign_of_life_is_on_the_dashboard_or_has_an_alert(known: dict[str, set[str]]) -> None:
    asked = {selector.name for _, query in QUERIES for selector in selectors(query)}
    signs = {name for name in known if name.startswith("quietus_") and not name.endswith(("_total", "_sum", "_count",
             "_bucket", "_created"))}  # fmt: skip
    assert signs
    assert signs <= asked


def test_every_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")
        assert len(rule["annotations"]["action"]) > 20


def test_the_queries_are_really_read() -> None:
    for wrong in ("sum(", "rate(quietus_requests_total)", "max by quietus_reports"):
        with pytest.raises(ValueError):
            list(selectors(wrong))
