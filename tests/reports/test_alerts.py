"""Alerts: each change of level is one audit row and one notice, and bad rules never start."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from quietus.core.config import ConfigurationError
from quietus.reports import alerts
from quietus.reports.alert_rules import Rule, read_rules
from tests.reports.conftest import BEGAN, Caller

Texts = Callable[..., list[UUID]]
SHARE: dict[str, Any] = {
    "name": "high-share",
    "figure": "text_distribution",
    "column": "share",
    "where": {"predicted_label": "HIGH"},
    "warn": 0.2,
    "critical": 0.5,
    "window_minutes": 1440,
}


def rule(**changes: Any) -> Rule:
    (found,) = read_rules(json.dumps([SHARE | changes]))
    return found


@pytest.fixture
def states(rows: Any) -> Callable[[], list[str]]:
    def read() -> list[str]:
        found = rows("SELECT metadata->>'state' AS state FROM audit_logs WHERE action = 'alert:changed' ORDER BY id")
        return [row["state"] for row in found]

    return read


def test_it_goes_from_warn_to_critical_to_resolved(app: Flask, states: Callable[[], list[str]]) -> None:
    watched = rule()
    changed = [alerts.settle(watched, value, BEGAN) for value in (0.1, 0.2, 0.3, 0.5, 0.9, 0.3, 0.1, 0.0)]
    assert changed == [False, True, False, True, False, True, True, False]
    assert states() == ["warn", "critical", "warn", "resolved"]


def test_a_level_counts_once_it_has_lasted(app: Flask, states: Callable[[], list[str]]) -> None:
    watched = rule(grace_minutes=10)

    def at(minute: int, value: float) -> bool:
        return alerts.settle(watched, value, BEGAN + timedelta(minutes=minute))

    assert [at(0, 0.3), at(9, 0.3), at(10, 0.0), at(11, 0.3), at(20, 0.3), at(21, 0.3)] == [False] * 5 + [True]
    assert states() == ["warn"]


def test_each_address_is_told_once_of_each_change(make_app: Callable[..., Flask], app: Flask) -> None:
    told = make_app(alert_urls=["json://127.0.0.1:1/secret", "json://127.0.0.1:2/secret"])
    with told.app_context():
        assert alerts.settle(rule(), 0.3, BEGAN)
    assert app.extensions["broker"].llen("maintenance") == 2


def test_the_notice_is_a_link_and_a_state(app: Flask, make_app: Any, rows: Any, monkeypatch: Any) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(alerts.notices, "notify", lambda urls, **words: sent.append({"urls": urls, **words}) or True)
    with make_app(alert_urls=["json://127.0.0.1:1/secret"]).app_context():
        alerts.settle(rule(), 0.3, BEGAN)
        (row,) = rows("SELECT id FROM audit_logs WHERE action = 'alert:changed'")
        assert alerts.tell(row["id"], 0)
        assert alerts.tell(row["id"], 5), "an address that was taken out of the settings is not tried for ever"
    (notice,) = sent
    assert notice["title"] == "high-share: warn"
    assert notice["body"].endswith("/dashboard/text_distribution")
    assert notice["urls"] == ["json://127.0.0.1:1/secret"]


def test_it_measures_its_window(bob: Caller, texts: Texts) -> None:
    texts(30)  # every third is HIGH
    noon = datetime.fromisoformat("2026-11-02T12:00:00+00:00")  # four since BEGAN: LOW, MODERATE, HIGH, LOW
    assert alerts.measure(rule(), noon) == 0.25
    assert alerts.measure(rule(column="counted", where={}), noon) == 4
    assert alerts.measure(rule(column="counted", where={}, window_minutes=60), noon) == 1
    assert alerts.measure(rule(column="counted", where={}, aggregate="max"), noon) == 2
    assert alerts.measure(rule(where={"predicted_label": "NONE"}, aggregate="last"), noon) is None


def test_small_numbers_can_alarm(app: Flask, states: Callable[[], list[str]]) -> None:
    silence = rule(below=True, warn=5, critical=0, column="counted")
    assert [silence.level(value) for value in (6, 5, 0)] == ["ok", "warn", "critical"]


def test_every_rule_is_looked_at_even_when_one_cannot_be_counted(
    bob: Caller, texts: Texts, states: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from quietus.core.errors import Unavailable

    counted = alerts.measure

    def measure(watched: Rule, now: datetime) -> float | None:
        if watched.name == "broken":
            raise Unavailable
        return counted(watched, now)

    monkeypatch.setattr(alerts, "measure", measure)
    alerts.evaluate([rule(name="broken"), rule(below=True, warn=0.0, critical=None)])
    assert states() == ["warn"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("no json", "Invalid JSON"),
        ("{}", "valid array"),
        ([SHARE | {"figure": "weather"}], "no figure weather"),
        ([SHARE | {"column": "temperature"}], "no column temperature"),
        ([SHARE | {"where": {"moon": "full"}}], "no column moon"),
        ([SHARE | {"critical": 0.1}], "further out"),
        ([SHARE | {"warn": None, "critical": None}], "needs warn"),
        ([SHARE | {"warn": "NaN"}], "finite"),
        ([SHARE | {"window_minutes": 0}], "greater than or equal"),
        ([SHARE | {"figure": "person_file", "column": "at", "where": {}}], "one person"),
        ([SHARE | {"params": {"tz": "Mars"}}], "tz"),
        ([SHARE | {"colour": "red"}], "Extra inputs"),
        ([SHARE, SHARE], "twice"),
    ],
)
def test_bad_rules_do_not_start(make_app: Callable[..., Flask], wrong: Any, words: str) -> None:
    text = wrong if isinstance(wrong, str) else json.dumps(wrong)
    with pytest.raises(ConfigurationError, match=words) as refusal:
        make_app(alert_rules=text)
    assert "\n" not in str(refusal.value)
