"""Every formula against numbers worked out by hand."""

import json
import math
from typing import Any
from uuid import uuid4

import pytest

from tests.analytics.conftest import Ask, Rows, at, table

DAY = {"from_": "2026-03-02", "to": "2026-03-02"}
NOON = "2026-03-02 12:00"


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-6)


def test_shares_have_wilsons_interval(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for number in range(10):
        put.text(alice, NOON, "HIGH" if number < 2 else "LOW")
    high = table(ask("text_distribution", **DAY))[2]
    # Wilson 1927 for 2 of 10 at z = 1.959964: .0567 to .5098, as in every table of it
    assert (high["share"], high["share_from"], high["share_to"]) == (0.2, near(0.056682), near(0.509838))


def test_nobody_seen_enters_no_share_of_windows(put: Rows, ask: Ask) -> None:
    session = put.session(put.person(), NOON)
    for level in ("LOW", "LOW", "HIGH", "HIGH", "UNKNOWN"):
        put.window(session, NOON, level)
    found = {row["risk_level"]: (row["counted"], row["share"]) for row in table(ask("video_distribution", **DAY))}
    assert found == {"LOW": (2, 0.5), "MODERATE": (0, 0.0), "HIGH": (2, 0.5), "UNKNOWN": (1, None)}
    (step,) = table(ask("video_trend", **DAY, granularity="day"))
    assert (step["counted"], step["unknown"], step["high_share"]) == (4, 1, 0.5)


def test_percentiles_lie_between_neighbours(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for ms in (10, 20, 30, 40, 100):
        put.text(alice, NOON, ai_processing_ms=ms, submitted_at=at("2026-03-02 11:59:58.5"))
    model, whole, window = table(ask("latency", **DAY))
    # of five values, 90 of 100 lies at place .9 * 4 = 3.6: 40 + .6 * (100 - 40); the median is the third
    assert (model["p50_ms"], model["p90_ms"], model["longest_ms"]) == (30, near(76), 100)
    assert (whole["counted"], whole["p50_ms"]) == (5, near(1500))
    assert (window["counted"], window["p50_ms"]) == (0, None)


def test_psi_of_labels_confidence_and_length(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for number in range(10):  # the day before: 9 LOW, 1 HIGH; the day itself: 5 and 5, all else alike
        put.text(alice, "2026-03-01 12:00", "HIGH" if number < 1 else "LOW")
        put.text(alice, NOON, "HIGH" if number < 5 else "LOW")
    (row,) = table(ask("text_drift", **DAY))
    # two bins, each with half a text more: p = 5.5/11 both, q = 9.5/11 and 1.5/11
    by_hand = (5.5 / 11 - 9.5 / 11) * math.log(5.5 / 9.5) + (5.5 / 11 - 1.5 / 11) * math.log(5.5 / 1.5)
    assert (row["counted"], row["counted_before"], row["psi_labels"]) == (10, 10, near(by_hand))
    assert (row["psi_confidence"], row["psi_length"]) == (near(0), near(0))


def test_drift_is_unknown_for_a_version_without_a_before(put: Rows, ask: Ask) -> None:
    put.text(put.person(), NOON)
    (row,) = table(ask("text_drift", **DAY))
    assert (row["counted_before"], row["psi_labels"]) == (0, None)


def test_confidence_falls_into_twentieths_and_one_into_the_last(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for confidence in (0.0, 0.0499, 0.05, 0.95, 1.0):
        put.text(alice, NOON, confidence=confidence)
    lows = [row["low"] for row in table(ask("text_confidence", **DAY))]
    assert (lows[0], lows[1], lows[19], sum(lows)) == (2, 1, 2, 5)


def test_the_heat_map_counts_local_hours(put: Rows, ask: Ask) -> None:
    put.text(put.person(), "2026-03-02 23:30", "HIGH")  # Monday in UTC, Tuesday 00:30 in Berlin
    answer = table(ask("text_heat_map", from_="2026-03-01", to="2026-03-04", tz="Europe/Berlin"))
    assert [(row["weekday"], row["hour"], row["high"]) for row in answer if row["counted"]] == [(2, 0, 1)]
    assert len(answer) == 7 * 24


@pytest.mark.parametrize("name", ["text_heat_map", "video_heat_map"])
def test_the_heat_map_keeps_to_hours_where_clocks_change_by_half_an_hour(put: Rows, ask: Ask, name: str) -> None:
    """Lord Howe, Sunday 4 April 2021: 11 hours ahead until 15:00 the day before, 10.5 from then on."""
    alice = put.person()
    for moment in ("2021-04-03 13:10", "2021-04-03 20:45", "2021-04-03 21:15"):  # 00:10, 07:15, 07:45 there
        put.text(alice, moment, "HIGH")
        put.window(put.session(alice, moment), moment, "HIGH")
    answer = table(ask(name, from_="2021-04-04", to="2021-04-04", tz="Australia/Lord_Howe"))
    assert {(row["weekday"], row["hour"]): row["high"] for row in answer if row["counted"]} == {(7, 0): 1, (7, 7): 2}


def test_sessions(put: Rows, ask: Ask) -> None:
    alice = put.person()
    first = put.session(alice, NOON, minutes=10)
    put.session(alice, NOON, minutes=20, status="ABANDONED")
    put.session(alice, NOON, status="ACTIVE")
    for _ in range(30):
        put.window(first, NOON, "LOW")
    (row,) = table(ask("sessions", **DAY))
    assert (row["counted"], row["active"], row["ended"], row["abandoned"]) == (3, 1, 1, 1)
    assert (row["abandoned_share"], row["median_minutes"]) == (0.5, near(15))
    assert (row["windows"], row["windows_a_minute"]) == (30, near(1.0))  # 30 windows in 30 minutes that are over


def test_signals_differ_by_cohens_d(put: Rows, ask: Ask) -> None:
    session = put.session(put.person(), NOON)
    for level, movement, alone in (("HIGH", 0.8, True), ("HIGH", 0.6, True), ("LOW", 0.2, False), ("LOW", 0.4, True)):
        put.window(session, NOON, level, signals=json.dumps({"movement": movement, "alone": alone, "light": "dim"}))
    found = {row["signal"]: row for row in table(ask("signals", **DAY))}
    assert set(found) == {"movement", "alone"}, "a word has no mean"
    # means .7 and .3, both variances .02: d = .4 / sqrt(.02)
    assert found["movement"]["difference"] == near(0.4 / math.sqrt(0.02))
    assert (found["alone"]["mean_high"], found["alone"]["mean_other"]) == (1.0, 0.5)


def test_brier_ece_false_alarms_and_misses(put: Rows, ask: Ask) -> None:
    for predicted, confidence, human in (
        ("HIGH", 0.9, "HIGH"),
        ("HIGH", 0.8, "LOW"),  # a false alarm
        ("LOW", 0.9, "LOW"),
        ("LOW", 0.6, "HIGH"),  # a miss
    ):
        put.decision(uuid4(), human, predicted_label=predicted, confidence=confidence)
    (row,) = table(ask("model_quality", **DAY))
    assert (row["basis"], row["counted"], row["agreed_share"]) == ("all_reviewed", 4, 0.5)
    assert row["brier"] == near((0.1**2 + 0.8**2 + 0.1**2 + 0.6**2) / 4)
    # bins .9: two, both right, mean .9; .8: one wrong; .6: one wrong
    assert row["ece"] == near((2 * abs(1 - 0.9) + 0.8 + 0.6) / 4)
    assert (row["false_alarms"], row["not_high"], row["false_alarm_rate"]) == (1, 2, 0.5)
    assert (row["misses"], row["high"], row["miss_rate"]) == (1, 2, 0.5)
    bins = [(row["confidence_from"], row["counted"], row["agreed_share"]) for row in table(ask("calibration", **DAY))]
    assert bins == [(0.6, 1, 0.0), (0.8, 1, 0.0), (0.9, 2, 1.0)]


def test_the_random_sample_is_counted_apart(put: Rows, ask: Ask) -> None:
    put.decision(uuid4(), "HIGH", predicted_label="LOW", reason="SAMPLE")
    put.decision(uuid4(), "HIGH", predicted_label="HIGH")
    rates = {row["basis"]: row["miss_rate"] for row in table(ask("model_quality", **DAY))}
    assert rates == {"all_reviewed": 0.5, "random_sample": 1.0}


def test_an_undone_decision_does_not_count_and_the_newest_does(put: Rows, ask: Ask) -> None:
    undone, changed = uuid4(), uuid4()
    put.undo(undone, put.decision(undone, "HIGH"))
    put.decision(changed, "HIGH", moment="2026-03-02 10:00")
    put.decision(changed, "LOW", moment="2026-03-02 11:00")
    (row,) = table(ask("model_quality", **DAY))
    assert (row["counted"], row["high"], row["not_high"]) == (1, 0, 1)


def test_a_second_reading_is_the_human_answer(put: Rows, ask: Ask) -> None:
    item = uuid4()
    put.decision(item, "LOW", reading=2, moment="2026-03-02 10:00")
    put.decision(item, "HIGH", moment="2026-03-02 11:00")
    (row,) = table(ask("model_quality", **DAY))
    assert (row["counted"], row["not_high"]) == (1, 1)


def test_kappa(put: Rows, ask: Ask) -> None:
    # Cohen 1960's form: 20 both HIGH, 5 HIGH then LOW, 10 LOW then HIGH, 15 both LOW; po .7, pe .5, kappa .4
    for first, second, times in (("HIGH", "HIGH", 20), ("HIGH", "LOW", 5), ("LOW", "HIGH", 10), ("LOW", "LOW", 15)):
        for _ in range(times):
            item = uuid4()
            put.decision(item, first)
            put.decision(item, second, reading=2)
    texts, sessions = table(ask("reviewer_agreement", **DAY))
    assert (texts["counted"], texts["agreed"], sessions["counted"]) == (50, 35, 0)
    assert (texts["observed"], texts["expected"], texts["kappa"]) == (near(0.7), near(0.5), near(0.4))
    error = math.sqrt(0.7 * 0.3 / (50 * 0.5**2))
    assert texts["kappa_from"] == near(0.4 - 1.959964 * error)
    assert sessions["kappa"] is None
    labels = {
        row["first_label"]: (row["second_low"], row["second_high"]) for row in table(ask("reviewer_labels", **DAY))
    }
    assert labels == {"LOW": (15, 10), "MODERATE": (0, 0), "HIGH": (5, 20)}


def test_the_ledger_accounts_for_every_accepted_text(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for label in ("LOW", "HIGH", "FAILED", "PENDING"):
        put.audit("analysis:accepted", put.text(alice, NOON, label))
    erased, lost = uuid4(), uuid4()
    for item in (erased, lost):
        put.audit("analysis:accepted", item)
    put.audit("analysis:erased", erased, moment="2026-03-09 12:00")
    (row,) = table(ask("intake_ledger", **DAY))
    assert row == {"accepted": 6, "recorded": 2, "failed": 1, "pending": 1, "erased": 1, "unaccounted": 1}


def test_an_alert_is_in_the_state_it_last_changed_to(put: Rows, ask: Ask) -> None:
    for moment, state, value in (("03-01", "warn", 0.2), ("03-02", "critical", 0.4), ("03-03", "resolved", 0.1)):
        told = {"state": state, "value": value}
        put.audit("alert:changed", "high_share", resource_type="alert", metadata=told, moment=f"2026-{moment} 08:00")
    (row,) = table(ask("alert_states", **DAY))
    assert (row["rule"], row["state"], row["value"], row["changes"]) == ("high_share", "critical", 0.4, 1)
    assert row["since"] == at("2026-03-02 08:00")


def test_the_access_review_leaves_out_reading_one_s_own(put: Rows, ask: Ask) -> None:
    bob, alice, carol = put.person("CLINICIAN"), put.person(), put.person()
    for subject in (alice, alice, carol, bob):
        put.audit("analysis:viewed", uuid4(), metadata={"subject_id": str(subject)}, actor=bob)
    put.audit("analysis:accepted", uuid4(), actor=bob)
    (row,) = table(ask("access_review", **DAY))
    assert (row["reader_id"], row["action"], row["readings"], row["subjects"]) == (bob, "analysis:viewed", 3, 2)
    assert ask("access_review", **DAY, subject_id=str(carol)).rows[0][3] == 1
    assert ask("access_review", **DAY, reader_id=str(alice)).rows == []


def test_one_person_s_file_lists_texts_and_sessions_without_text(put: Rows, ask: Ask) -> None:
    alice, carol = put.person(), put.person()
    text = put.text(alice, "2026-03-02 10:00", "HIGH")
    put.decision(text, "MODERATE")
    session = put.session(alice, "2026-03-02 11:00")
    for level in ("HIGH", "LOW", "UNKNOWN"):
        put.window(session, "2026-03-02 11:00", level)
    put.text(carol, NOON)
    newest, oldest = table(ask("person_file", **DAY, subject_id=str(alice)))
    assert (newest["kind"], newest["windows"], newest["windows_high"]) == ("session", 2, 1)
    assert (oldest["id"], oldest["predicted_label"], oldest["human_label"]) == (text, "HIGH", "MODERATE")
    assert "The tea" not in str(oldest)


def test_the_overview_compares_with_the_period_before(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for moment, label in ((NOON, "HIGH"), (NOON, "LOW"), ("2026-03-01 12:00", "LOW"), (NOON, "PENDING")):
        put.text(alice, moment, label)
    put.session(alice, NOON)
    found = {row["measure"]: (row["value"], row["before"]) for row in table(ask("overview", **DAY))}
    assert (found["texts"], found["texts_high"], found["texts_waiting"]) == ((2, 1), (1, 0), (1, 0))
    assert (found["texts_high_share"], found["sessions"]) == ((0.5, 0), (1, 0))


def test_sources_platforms_and_versions(put: Rows, ask: Ask) -> None:
    alice = put.person()
    put.text(alice, NOON, "HIGH", source="IMPORT", model_version="m2", ai_processing_ms=9)
    put.text(alice, NOON, "LOW", confidence=0.5)
    found = {row["source"]: (row["counted"], row["high"]) for row in table(ask("text_sources", **DAY))}
    assert found == {"WEB_FORM": (0, 0), "API": (1, 0), "IMPORT": (1, 1), "TRANSCRIPT": (0, 0)}
    versions = {row["model_version"]: row for row in table(ask("text_models", **DAY))}
    assert (versions["m2"]["median_ms"], versions["m1"]["mean_confidence"]) == (9, 0.5)
    put.window(put.session(alice, NOON, client_platform="IOS"), NOON, "HIGH")
    (row,) = table(ask("video_sources", **DAY))
    assert (row["client_platform"], row["session_type"], row["high"]) == ("IOS", "CHECK_IN", 1)
    for platform, count in (("IOS", 1), ("WEB", 0)):
        answer = table(ask("video_distribution", **DAY, client_platform=platform))
        assert sum(row["counted"] for row in answer) == count
