"""A model of one's own reads the waiting texts and posts outcomes, once each; the shipped one explains its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from quietus.analysis.cli import backtest
from quietus.analysis.recording import record_pending
from quietus.audit import service
from quietus.audit.tags import Action
from quietus.core.extensions import db
from quietus.textmodel import load
from tests.analysis.conftest import CALM, Caller

Rows = Callable[..., list[dict[str, Any]]]
OUTCOME = {"predicted_label": "MODERATE", "confidence": 0.7, "model_version": "ours-7", "ai_processing_ms": 12}


@pytest.fixture(scope="module")
def outside_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(model="external")


@pytest.fixture
def outside(clean: None, outside_app: Flask) -> Iterator[Callable[..., Caller]]:
    """Callers of a desk whose model is elsewhere."""
    with outside_app.app_context():
        yield lambda email="alice@example.org", *roles: Caller(outside_app, email, roles or ("USER",))
        db.session.remove()


def test_it_lists_what_waits_and_takes_each_outcome_once(outside: Callable[..., Caller], rows: Rows) -> None:
    alice, reader = outside(), outside("model@example.org", "SERVICE")
    url = alice.submit().json["url"]
    (waiting,) = reader.get("/api/v1/analyses?predicted_label=PENDING").json["items"]
    assert waiting["input_text"] == CALM
    answer = reader.post(f"{url}/outcome", OUTCOME)
    assert (answer.status_code, answer.json["predicted_label"], answer.json["model_version"]) == (
        200,
        "MODERATE",
        "ours-7",
    )
    again = reader.post(f"{url}/outcome", OUTCOME | {"predicted_label": "LOW"})
    assert (again.status_code, again.json["code"]) == (409, "already_recorded")
    assert alice.get(url).json["predicted_label"] == "MODERATE"
    assert reader.get(url).status_code == 404, "once it is recorded it is no longer the model's to read"
    (row,) = rows("SELECT user_id, resource_id FROM audit_logs WHERE action = 'analysis:recorded'")
    assert row["user_id"] == reader.user.id
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'analysis:viewed'")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"predicted_label": "PENDING"}, {"predicted_label": "SAFE"}, {"confidence": 1.01}, {"confidence": -0.1},
        {"confidence": "high"}, {"model_version": ""}, {"model_version": "x" * 65}, {"model_version": "a b"},
        {"ai_processing_ms": -1}, {"ai_processing_ms": 2**31}, {"ai_processing_ms": 1.5}, {"user_id": "x"},
    ],
)  # fmt: skip
def test_an_outcome_that_cannot_be_is_refused(
    outside: Callable[..., Caller], rows: Rows, change: dict[str, Any]
) -> None:
    url = outside().submit().json["url"]
    answer = outside("model@example.org", "SERVICE").post(f"{url}/outcome", OUTCOME | change)
    assert answer.status_code == 422
    assert rows("SELECT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]


def test_nobody_but_a_service_gives_outcomes(outside: Callable[..., Caller]) -> None:
    alice = outside()
    url = alice.submit().json["url"]
    assert alice.post(f"{url}/outcome", OUTCOME).status_code == 403
    assert outside("bob@example.org", "CLINICIAN").get(url).status_code == 404


def test_a_desk_that_reads_texts_itself_takes_no_outcomes(alice: Caller, caller: Callable[..., Caller]) -> None:
    url = alice.submit().json["url"]
    reader = caller("model@example.org", "SERVICE")
    assert reader.post(f"{url}/outcome", OUTCOME).json["code"] == "not_external"
    assert reader.get("/api/v1/analyses?predicted_label=PENDING").json["items"] == []


def test_an_explanation_adds_up_to_the_score_it_explains(alice: Caller) -> None:
    url = alice.submit("I do not want to live any more and I have decided to end it tonight.").json["url"]
    assert alice.get(f"{url}/explanation").json["code"] == "no_outcome"
    record_pending(load("local"))
    record, told = alice.get(url).json, alice.get(f"{url}/explanation").json
    assert told["model_version"] == record["model_version"]
    assert told["outcome"]["label"] == record["predicted_label"]
    assert round(told["outcome"]["confidence"], 4) == record["confidence"]
    assert told["base"] + sum(word["weight"] for word in told["words"]) == pytest.approx(told["log_odds"], abs=1e-6)
    assert all(0 <= word["start"] < word["end"] <= len(record["input_text"]) for word in told["words"])
    assert alice.get(f"{url}/explanation").json == told


def test_another_versions_outcome_is_not_explained_by_this_one(
    alice: Caller, carol: Caller, recorded: Callable[..., None]
) -> None:
    accepted = alice.submit().json
    recorded("LOW")
    answer = alice.get(f"{accepted['url']}/explanation")
    assert (answer.status_code, answer.json["code"]) == (409, "version_gone")
    assert carol.get(f"{accepted['url']}/explanation").status_code == 404
    assert "Which words weighed" not in alice.get(f"/check-in/{accepted['id']}").text


def test_a_page_shows_which_words_weighed(alice: Caller, carol: Caller) -> None:
    words = "I do not want to live any more <b>& I have decided to end it tonight."
    accepted = alice.submit(words).json
    record_pending(load("local"))
    assert f"/check-in/{accepted['id']}/words" in alice.get(f"/check-in/{accepted['id']}").text
    page = alice.get(f"/check-in/{accepted['id']}/words").text
    assert 'class="weigh-up"' in page
    assert "<b>" not in page
    assert "no judgement of you" in page
    assert carol.get(f"/check-in/{accepted['id']}/words").status_code == 404


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Ich kann seit Wochen nicht schlafen und weiß nicht mehr weiter.", "the only language that the program knows"),
        ("We walked by the river and had tea.", None),
    ],
)
def test_a_result_says_when_the_program_cannot_read_the_language(alice: Caller, words: str, said: str | None) -> None:
    accepted = alice.submit(words).json
    record_pending(load("local"))
    page = alice.get(f"/check-in/{accepted['id']}").text
    assert ("So this result says little about it." in page) == bool(said)
    assert (said or "") in page


def test_the_version_in_use_shows_where_admins_and_programs_look(alice: Caller, caller: Callable[..., Caller]) -> None:
    version = load("local").version
    assert alice.get("/readyz").json["model"] == {"kind": "local", "version": version}
    alice.submit()
    page = caller("root@example.org", "ADMIN").get("/admin/state").text
    assert version in page
    assert alice.get("/admin/state").status_code == 403


def test_a_backtest_counts_what_other_weights_would_change_and_changes_nothing(
    app: Flask, alice: Caller, recorded: Callable[..., None], rows: Rows
) -> None:
    first = alice.submit("I do not want to live any more and I have decided to end it tonight.").json["id"]
    alice.submit(CALM)
    recorded("LOW")
    service.record(
        Action.REVIEW_DECIDED, actor=None, resource_type="analysis", resource_id=first, metadata={"human_label": "HIGH"}
    )
    db.session.commit()
    before = rows("SELECT * FROM analysis_records ORDER BY id")
    done = app.test_cli_runner().invoke(backtest, obj=ScriptInfo(create_app=lambda: app), catch_exceptions=False)
    said = done.output
    assert "1 of 2 texts would change" in said
    assert "LOW -> HIGH: 1" in said
    assert "humans said HIGH 1 times: recorded agreed 0, this model 1" in said
    reviewed = app.test_cli_runner().invoke(backtest, ["--reviewed"], obj=ScriptInfo(create_app=lambda: app)).output
    assert "1 of 1 texts would change" in reviewed
    assert rows("SELECT * FROM analysis_records ORDER BY id") == before
