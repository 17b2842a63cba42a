"""Asking for reports: who may, what stays private, and that nothing that goes wrong leaves one hanging."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from quietus.core.errors import Conflict, Invalid, NotFound, Unavailable
from quietus.core.extensions import db
from quietus.reports import running, service, states
from quietus.reports.document import Digest, Table, from_stored
from tests.reports.conftest import PERIOD, Caller

Texts = Callable[..., list[UUID]]
FIGURE = "text_distribution"
ROWS = "analyses_rows"


def built(caller: Caller, name: str = FIGURE, **params: str) -> service.Job:
    """A report as a worker would have built it."""
    job = service.request_report(name, PERIOD | params, actor=caller.principal)
    running.run(job.id, 1)
    return service.get_job(job.id, for_user=caller.principal)


def taken(caller: Caller, job: service.Job, kind: str = "csv") -> bytes:
    return b"".join(service.download(job.id, kind, for_user=caller.principal).pieces)


def lines(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_report_is_built_and_taken(bob: Caller, texts: Texts, rows: Any) -> None:
    texts()
    job = built(bob)
    assert (job.status, job.state.row_count) == ("READY", 3)
    assert [line["counted"] for line in lines(taken(bob, job))] == ["4", "4", "4"]
    acts = rows("SELECT action, resource_id FROM audit_logs WHERE resource_type = 'report' ORDER BY id")
    assert [act["action"] for act in acts] == ["report:requested", "report:downloaded"]
    assert {act["resource_id"] for act in acts} == {str(job.id)}


def test_two_clicks_are_one_report(bob: Caller) -> None:
    first, second = (service.request_report(FIGURE, PERIOD, actor=bob.principal) for _ in range(2))
    assert first.id == second.id


def test_the_same_question_after_it_was_answered_is_another_report(bob: Caller) -> None:
    first = built(bob)
    assert service.request_report(FIGURE, PERIOD, actor=bob.principal).id != first.id


def test_two_people_who_ask_the_same_get_a_report_each(bob: Caller, carol: Caller) -> None:
    mine = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    assert service.request_report(FIGURE, PERIOD, actor=carol.principal).id != mine.id


def test_it_hides_another_persons_report(bob: Caller, carol: Caller) -> None:
    job = built(bob)
    for act in (
        lambda: service.get_job(job.id, for_user=carol.principal),
        lambda: service.download(job.id, "csv", for_user=carol.principal),
        lambda: service.delete_report(job.id, actor=carol.principal),
        lambda: service.run_again(job.id, actor=carol.principal),
    ):
        with pytest.raises(NotFound):
            act()
    assert service.my_jobs(for_user=carol.principal) == []


def test_rows_that_come_later_are_not_in_it(bob: Caller, texts: Texts) -> None:
    texts(6)
    first = built(bob, ROWS)
    before = taken(bob, first)
    db.session.execute(text("UPDATE analysis_records SET analyzed_at = now() + interval '1 second'"))
    db.session.commit()
    later = service.request_report(ROWS, {"from": "2026-11-01"}, actor=bob.principal)
    running.run(later.id, 1)
    assert len(lines(before)) == 6
    assert service.get_job(later.id, for_user=bob.principal).state.row_count == 0, "they are past its watermark"


def test_the_digest_can_be_computed_from_the_json(bob: Caller, texts: Texts) -> None:
    texts()
    for name in (FIGURE, ROWS, "overview_report"):
        job = built(bob, name)
        told = json.loads(taken(bob, job, "json"))
        digest = Digest()
        for kept in told["tables"]:
            table = Table(kept["name"], "", "", "", [], kept["rows"], 0)
            digest._take([table.name, *kept["columns"]])
            for row in kept["rows"]:
                digest._take(row)
        assert str(digest) == told["digest"] == job.state.digest, name


def test_a_row_export_keeps_no_rows(bob: Caller, texts: Texts) -> None:
    texts(9)
    job = built(bob, ROWS)
    kept = states.kept(job.id)
    assert kept is not None
    assert from_stored(kept["document"]).tables[0].rows == []
    found = lines(taken(bob, job))
    assert len(found) == job.state.row_count == 9
    assert set(found[0]).isdisjoint({"input_text", "user_id", "request_id", "email"})


def test_an_analyst_gets_no_rows_of_a_handful_of_people(ann: Caller, bob: Caller, texts: Texts) -> None:
    texts(8, people=4)
    job = built(ann, ROWS)
    assert job.status == "FAILED"
    assert "Fewer than 5 people" in job.state.reason
    assert built(bob, ROWS).status == "READY", "a clinician may read these texts anyway"


def test_a_lost_result_says_so_and_can_be_asked_for_again(bob: Caller, texts: Texts, app: Any) -> None:
    texts()
    job = built(bob)
    app.extensions["broker"].flushdb()
    assert service.get_job(job.id, for_user=bob.principal).status == "EXPIRED"
    with pytest.raises(Conflict, match="not_ready"):
        service.download(job.id, "pdf", for_user=bob.principal)
    again = service.run_again(job.id, actor=bob.principal)
    running.run(again.id, 1)
    assert len(lines(taken(bob, again))) == 3


def test_a_lost_message_is_sent_again_and_the_old_one_does_nothing(bob: Caller, app: Any) -> None:
    job = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    app.extensions["broker"].delete(states._pulse_key(job.id))
    seen = [service.get_job(job.id, for_user=bob.principal).state.attempt for _ in range(3)]
    assert seen == [2, 2, 2]
    assert app.extensions["broker"].llen("reports") == 2
    running.run(job.id, 1)
    assert service.get_job(job.id, for_user=bob.principal).status == "QUEUED"
    running.run(job.id, 2)
    assert service.get_job(job.id, for_user=bob.principal).status == "READY"


def test_a_report_that_is_lost_every_time_is_said_to_have_failed(bob: Caller, app: Any) -> None:
    job = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    for _ in range(3):
        app.extensions["broker"].delete(states._pulse_key(job.id))
        job = service.get_job(job.id, for_user=bob.principal)
    assert (job.status, job.state.reason) == ("FAILED", service.LOST)


def test_a_report_that_takes_its_worker_down_each_time_ends_as_failed(bob: Caller) -> None:
    job = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    states.write(job.id, states.State("RUNNING", starts=3))
    running.run(job.id, 1)
    assert service.get_job(job.id, for_user=bob.principal).status == "FAILED"


def test_a_cancelled_report_is_not_built(bob: Caller) -> None:
    job = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    service.delete_report(job.id, actor=bob.principal)
    running.run(job.id, 1)
    assert service.get_job(job.id, for_user=bob.principal).status == "CANCELLED"
    assert states.kept(job.id) is None


def test_cancelling_stops_a_report_on_its_way(bob: Caller, texts: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    texts(6)
    job = service.request_report(ROWS, PERIOD, actor=bob.principal)
    monkeypatch.setattr("quietus.reports.building.EVERY", 2)
    heard: list[int] = []
    write = states.write

    def cancel_midway(report_id: UUID, state: states.State) -> None:
        write(report_id, state)
        if state.unit == "rows":
            heard.append(state.done)
            if state.done == 2:
                service.delete_report(report_id, actor=bob.principal)

    monkeypatch.setattr(states, "write", cancel_midway)
    running.run(job.id, 1)
    assert heard == [0, 2]
    assert service.get_job(job.id, for_user=bob.principal).status == "CANCELLED"
    assert states.read(job.id) is None


def test_a_deleted_report_is_gone(bob: Caller, texts: Texts) -> None:
    texts()
    job = built(bob)
    service.delete_report(job.id, actor=bob.principal)
    with pytest.raises(NotFound):
        service.get_job(job.id, for_user=bob.principal)
    assert states.kept(job.id) is None
    assert service.my_jobs(for_user=bob.principal) == []


def test_a_right_that_was_lost_takes_the_report_along(bob: Caller, texts: Texts) -> None:
    texts()
    job = built(bob)
    analyst = bob.principal.__class__(
        bob.user.id, bob.user.email, bob.user.full_name, frozenset({"ANALYST"}), bob.principal.credential
    )
    with pytest.raises(NotFound):
        service.download(job.id, "csv", for_user=analyst)


def test_a_right_lost_before_it_was_built_is_said(bob: Caller) -> None:
    job = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    db.session.execute(text("DELETE FROM user_roles WHERE user_id = :id"), {"id": bob.user.id})
    db.session.commit()
    running.run(job.id, 1)
    assert service.get_job(job.id, for_user=bob.principal).state.reason == running.NO_LONGER_ALLOWED


def test_nothing_can_be_asked_that_makes_no_sense(bob: Caller) -> None:
    for params in ({"from": "yesterday"}, {"tz": "Mars/Olympus"}, {"colour": "red"}, {"from": "2031-01-01"}):
        with pytest.raises(Invalid):
            service.request_report(FIGURE, params, actor=bob.principal)
    with pytest.raises(NotFound):
        service.request_report("secrets", {}, actor=bob.principal)
    with pytest.raises(NotFound):
        service.get_job(uuid4(), for_user=bob.principal)


def test_with_the_broker_away_nothing_is_started(make_app: Callable[..., Any], bob: Caller, rows: Any) -> None:
    lonely = make_app(redis_url="redis://127.0.0.1:1/0")
    with lonely.app_context(), pytest.raises(Unavailable):
        service.request_report(FIGURE, PERIOD, actor=bob.principal)
    assert rows("SELECT 1 FROM audit_logs WHERE action = 'report:requested'") == []


def test_a_person_is_forgotten(bob: Caller, carol: Caller, texts: Texts) -> None:
    texts()
    mine, others = built(bob), built(carol)
    assert service.forget_person(bob.user.id) == 1
    assert service.get_job(mine.id, for_user=bob.principal).status == "EXPIRED"
    assert service.get_job(others.id, for_user=carol.principal).status == "READY"
    assert service.forget_person(bob.user.id) == 0


def test_what_others_asked_about_a_person_is_forgotten_too(bob: Caller, texts: Texts) -> None:
    (subject, *_) = texts()
    about = built(bob, "person_file", subject_id=str(subject))
    other = built(bob)
    assert service.forget_person(subject) == 1
    assert service.get_job(about.id, for_user=bob.principal).status == "EXPIRED"
    assert service.get_job(other.id, for_user=bob.principal).status == "READY"


def test_a_report_of_somebody_erased_meanwhile_leaves_nothing(bob: Caller, texts: Texts) -> None:
    texts()
    job = service.request_report(FIGURE, PERIOD, actor=bob.principal)
    db.session.execute(text("DELETE FROM users WHERE id = :id"), {"id": bob.user.id})
    db.session.commit()
    running.run(job.id, 1)
    assert states.read(job.id) is None
    assert states.kept(job.id) is None
