"""Every accepted text gets exactly one outcome, whatever the model or a neighbour does."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from flask import Flask
from sqlalchemy import text

from quietus.analysis import recording, service
from quietus.analysis.accepting import Submission
from quietus.analysis.accepting import accept as accept_text
from quietus.analysis.model_in_use import model_in_use
from quietus.analysis.recording import record_pending
from quietus.core import clock
from quietus.core.extensions import db
from quietus.textmodel import ModelUnavailable, Outcome, Refusal
from tests.factories import make_user, principal

CALM = "The tea was good and the train came on time."
POISON = "This one takes the model down."


class Reader:
    """A model with a fault on demand: the faults are what is tested, the shipped model has none to offer."""

    version = "reader-1"

    def __init__(self, fault: Callable[[str], None] = lambda text: None) -> None:
        self.fault = fault
        self.seen: list[list[str]] = []

    def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
        self.seen.append(list(texts))
        for item in texts:
            self.fault(item)
        return [Outcome("LOW", 0.75, {"LOW": 0.75, "MODERATE": 0.2, "HIGH": 0.05}, (), ()) for _ in texts]


def fail_on_poison(item: str) -> None:
    if item == POISON:
        raise MemoryError


@pytest.fixture
def accept(app: Flask) -> Callable[..., list[Any]]:
    actor = principal(make_user())

    def submit(*texts: str) -> list[Any]:
        return [accept_text(Submission(item), actor=actor).record.id for item in texts]

    return submit


def make_old(rows_of: str = "true", minutes: int = 10) -> None:
    """Let PENDING rows have waited for so long."""
    moment = clock.now() - timedelta(minutes=minutes)
    db.session.execute(
        text(f"UPDATE analysis_records SET analyzed_at = :at, submitted_at = :at WHERE {rows_of}"),
        {"at": moment},
    )
    db.session.commit()


def test_it_records_each_waiting_text_once_with_an_audit_row(accept, rows) -> None:  # type: ignore[no-untyped-def]
    accept(CALM, CALM, CALM)
    run = record_pending(Reader())
    assert (run.recorded, run.failed, run.left) == (3, 0, False)
    found = rows(
        "SELECT predicted_label, confidence, model_version, analyzed_at >= submitted_at AS later FROM analysis_records"
    )
    assert {(r["predicted_label"], str(r["confidence"]), r["model_version"], r["later"]) for r in found} == {
        ("LOW", "0.7500", "reader-1", True)
    }
    assert rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'analysis:recorded'")[0]["n"] == 3
    assert record_pending(Reader()).recorded == 0


def test_it_records_with_the_shipped_model(accept, rows) -> None:  # type: ignore[no-untyped-def]
    accept(CALM, "I want to die and I have decided to end it tonight.")
    model = model_in_use()
    assert model is not None
    record_pending(model)
    found = rows("SELECT input_text, predicted_label, model_version FROM analysis_records")
    assert {r["model_version"] for r in found} == {model.version}
    assert {r["predicted_label"] for r in found if r["input_text"] != CALM} == {"HIGH"}


def test_a_refused_text_is_failed_with_the_reason_and_not_lost(accept, rows) -> None:  # type: ignore[no-untyped-def]
    class Refuses(Reader):
        def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
            return [Refusal("no_words") for _ in texts]

    (analysis_id,) = accept("12345 67890")
    record_pending(Refuses())
    found = rows("SELECT input_text, predicted_label, confidence FROM analysis_records")
    assert found == [{"input_text": "12345 67890", "predicted_label": "FAILED", "confidence": 0}]
    (row,) = rows("SELECT resource_id, metadata FROM audit_logs WHERE action = 'analysis:failed'")
    assert row == {
        "resource_id": str(analysis_id),
        "metadata": {"reason": "no_words", "model_version": "reader-1"},
    }


def test_a_model_that_is_away_leaves_every_text_waiting(accept, rows) -> None:  # type: ignore[no-untyped-def]
    def away(_: str) -> None:
        raise ModelUnavailable

    accept(CALM, CALM)
    for _ in range(5):
        make_old()
        with pytest.raises(ModelUnavailable):
            record_pending(Reader(away))
    assert rows("SELECT DISTINCT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]
    assert record_pending(Reader()).recorded == 2


def test_a_text_that_breaks_the_model_does_not_hold_up_the_others(accept, rows) -> None:  # type: ignore[no-untyped-def]
    accept(CALM, POISON, CALM)
    run = record_pending(Reader(fail_on_poison))
    assert run.recorded == 2
    assert rows("SELECT input_text FROM analysis_records WHERE predicted_label = 'PENDING'") == [{"input_text": POISON}]


def test_it_gives_up_on_a_text_after_the_third_lone_attempt(accept, rows) -> None:  # type: ignore[no-untyped-def]
    accept(POISON)
    for _ in range(3):
        assert record_pending(Reader(fail_on_poison)).failed == 0
    assert record_pending(Reader(fail_on_poison)).failed == 1
    assert rows("SELECT metadata->>'attempt' AS n FROM audit_logs WHERE action = 'analysis:attempted' ORDER BY id") == [
        {"n": "1"}, {"n": "2"}, {"n": "3"}
    ]  # fmt: skip
    assert rows("SELECT metadata->>'reason' AS r FROM audit_logs WHERE action = 'analysis:failed'") == [
        {"r": "model_error"}
    ]


def test_a_model_that_breaks_over_every_text_fails_none_of_them(accept, rows) -> None:  # type: ignore[no-untyped-def]
    def broken(_: str) -> None:
        raise OSError("the weights are gone")

    accept(CALM, CALM)
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            record_pending(Reader(broken))
    assert rows("SELECT DISTINCT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]
    assert record_pending(Reader()).recorded == 2


def test_a_task_out_of_time_is_not_taken_for_a_fault_of_the_text(accept, rows) -> None:  # type: ignore[no-untyped-def]
    def slow(_: str) -> None:
        raise SoftTimeLimitExceeded

    accept(CALM)
    with pytest.raises(SoftTimeLimitExceeded):
        record_pending(Reader(slow))
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'analysis:attempted'")


def test_a_retry_starts_the_count_anew(accept, rows) -> None:  # type: ignore[no-untyped-def]
    (analysis_id,) = accept(POISON)
    for _ in range(4):
        record_pending(Reader(fail_on_poison))
    owner = rows("SELECT id, email, full_name FROM users")[0]
    from quietus.accounts.models import User

    service.retry_analysis(analysis_id, actor=principal(db.session.get(User, owner["id"])))
    assert record_pending(Reader()).recorded == 1


def test_an_old_text_is_read_alone_and_the_attempt_is_on_record_first(accept, rows) -> None:  # type: ignore[no-untyped-def]
    accept(CALM, CALM)
    make_old()
    accept(CALM, CALM)
    reader = Reader(lambda _: None)
    record_pending(reader)
    assert sorted(len(batch) for batch in reader.seen) == [1, 1, 2]
    assert rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'analysis:attempted'")[0]["n"] == 2


def test_after_a_crash_texts_are_read_one_at_a_time(accept, rows) -> None:  # type: ignore[no-untyped-def]
    accept(CALM, CALM, CALM)
    reader = Reader()
    record_pending(reader, after_crash=True)
    assert [len(batch) for batch in reader.seen] == [1, 1, 1]


def test_a_model_that_answers_too_few_is_not_believed(accept, rows) -> None:  # type: ignore[no-untyped-def]
    class Short(Reader):
        def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
            return super().predict(texts)[1:]

    accept(CALM, CALM)
    with pytest.raises(ModelUnavailable):
        record_pending(Short())
    assert rows("SELECT DISTINCT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]


def test_an_unknown_label_is_never_stored(accept, rows) -> None:  # type: ignore[no-untyped-def]
    class Odd(Reader):
        def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
            return [Outcome("SAFE", 0.9, {}, (), ()) for _ in texts]

    accept(CALM)
    with pytest.raises(ModelUnavailable):
        record_pending(Odd())
    assert rows("SELECT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]


def test_it_stops_in_time_and_says_that_work_is_left(accept, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    accept(CALM)
    monkeypatch.setattr(recording, "RUN_SECONDS", 0.0)
    assert record_pending(Reader()).left


def test_many_workers_at_once_record_each_text_once(app: Flask, accept, rows) -> None:  # type: ignore[no-untyped-def]
    actor_rows = 120
    accept(*[f"{CALM} {n}" for n in range(actor_rows)])
    readers = [Reader() for _ in range(4)]

    def work(reader: Reader) -> None:
        with app.app_context():
            record_pending(reader)

    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = [item for reader in readers for batch in reader.seen for item in batch]
    assert sorted(read) == sorted({*read})
    assert len(read) == actor_rows
    assert rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'analysis:recorded'")[0]["n"] == actor_rows
