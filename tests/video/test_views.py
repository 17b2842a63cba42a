"""The pages of live sessions: who sees them, what they show without JavaScript, and who may use a camera."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from quietus.video.notice import notice, notice_in
from quietus.video.timeline import timeline
from tests.video.conftest import Person, event

SIGNALS = {"presence": 0.98, "eye_closure": 0.1, "head_pitch": -2.5, "movement": 0.3, "frames": 25, "strain": 0.4}


def press(person: Person, path: str, **fields: str) -> TestResponse:
    """Send a page's form."""
    return person.client.post(path, data={"csrf_token": person.headers["X-CSRFToken"], **fields})


def page_of(session: str) -> str:
    return session.replace("/api/v1/video", "")


@pytest.fixture
def session(alice: Person) -> str:
    """The address of the page of a session of alice with two windows."""
    found = alice.session()
    sent = alice.send(found, event(signals=SIGNALS), event(risk_level="UNKNOWN", confidence=0, signals={"presence": 0}))
    assert sent.status_code == 200, sent.text
    return page_of(found)


def test_the_live_page_shows_the_notice_and_its_version_before_anything(alice: Person) -> None:
    page = alice.get("/live").text
    assert notice().version in page
    assert all(section.heading in page for section in notice().sections)
    assert "<noscript>" in page


def test_in_german_the_notice_is_a_translation_of_the_very_version_that_is_agreed_to(alice: Person) -> None:
    german = notice_in("de")
    assert (german.language, german.version) == ("de", notice().version), "translate notice.md anew, name its version"
    shape = [[len(section.paragraphs) for section in each.sections] for each in (german, notice())]
    assert shape[0] == shape[1]
    page = alice.client.get("/live", headers={"Accept-Language": "de"}).text
    assert german.title in page
    assert page.index("words/de.js") < page.index("live/live.mjs"), "modules look their sentences up when they load"
    assert f'data-notice="{notice().version}"' in page
    assert page.count(f'<h3 class="mt-4">{notice().sections[0].heading}</h3>') == 1, "the English text binds"


def test_without_a_translation_of_this_version_the_notice_is_english(tmp_path: Path) -> None:
    assert notice_in("fr") is notice()
    (tmp_path / "notice.de.md").write_text("0123456789abcdef\n\n# Bevor\n\n## Was\nViel.\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quietus.video.notice.FOLDER", tmp_path)
        assert notice_in.__wrapped__("de") is notice()


def test_only_the_live_page_and_its_worker_may_use_camera_and_wasm(alice: Person) -> None:
    pages = ("/live", "/sessions", "/static/live/worker.mjs", "/static/live/live.mjs")
    answers = [alice.get(path) for path in pages]
    live, other, worker, module = (answer.headers for answer in answers)
    for answer in answers:
        answer.close()
    assert live["Permissions-Policy"].startswith("camera=(self), microphone=()")
    assert other["Permissions-Policy"].startswith("camera=(), microphone=()")
    for headers, allowed in ((live, True), (worker, True), (other, False), (module, False)):
        policy = headers["Content-Security-Policy"]
        assert ("'wasm-unsafe-eval'" in policy) is allowed
        assert ("worker-src 'self'" in policy) is allowed
        assert "'unsafe-eval'" not in policy


def test_who_holds_no_sessions_finds_no_live_page(person: Callable[..., Person]) -> None:
    bob = person("bob@example.org", "CLINICIAN")
    assert bob.get("/live").status_code == 403
    assert 'href="/live"' not in bob.get("/sessions").text


def test_where_sessions_are_refused_the_page_says_so_and_asks_for_nothing(
    make_app: Callable[..., Flask], app: Flask
) -> None:
    alice = Person(make_app(context="workplace"), "alice@example.org", ("USER",))
    page = alice.get("/live").text
    assert "Live sessions are off here" in page
    assert "live.mjs" not in page


def test_the_list_shows_own_sessions_only(alice: Person, carol: Person, session: str) -> None:
    assert session in alice.get("/sessions").text
    assert session not in carol.get("/sessions").text
    assert "Nothing here yet" in carol.get("/sessions").text


def test_a_session_page_is_a_table_of_its_windows(alice: Person, session: str) -> None:
    page = alice.get(session).text
    assert page.count("data-level=") == 2
    assert "Nobody visible" in page
    assert "Eyes closed (share)" in page
    assert ">-2.5<" in page
    assert "strain" in page, "an agent's own signals are shown too"
    assert "Data quality" in page


def test_a_session_page_in_german_keeps_its_numbers_for_the_chart(alice: Person, session: str) -> None:
    page = alice.client.get(session, headers={"Accept-Language": "de"}).text
    assert 'data-name="head_pitch" data-value="-2.5">-2,5<' in page
    assert "Augen geschlossen (Anteil)" in page
    assert "1 Zeitfenster" in page
    assert "Sitzung vom <time" in page


@pytest.mark.parametrize("rest", ["", ".csv", ".jsonl", "/end", "/delete"])
def test_another_persons_session_does_not_exist(carol: Person, session: str, rest: str) -> None:
    path = session + rest
    answer = press(carol, path) if rest in ("/end", "/delete") else carol.get(path)
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/sessions", "/sessions/{id}", "/live"])
def test_a_guest_is_asked_to_sign_in(app: Flask, path: str) -> None:
    assert "/auth/sign-in" in app.test_client().get(path.format(id=uuid4())).location


@pytest.mark.parametrize("cursor", ["x", "%00", "WyIyMDI2IiwgIngiXQ", "%F0%9F%8C%8A"])
def test_a_damaged_link_to_older_rows_leads_to_the_newest(alice: Person, session: str, cursor: str) -> None:
    for page in ("/sessions", session):
        assert alice.get(f"{page}?cursor={cursor}").location == page


def test_long_sessions_and_lists_are_paged(alice: Person) -> None:
    long = alice.session()
    alice.send(long, *(event() for _ in range(130)))
    first = alice.get(page_of(long)).text
    assert first.count("data-level=") == 120
    rest = alice.get(first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")).text
    assert rest.count("data-level=") == 10


def test_ending_on_the_page_ends_once_and_twice_is_fine(alice: Person, session: str) -> None:
    assert "End this session" in alice.get(session).text
    for _ in range(2):
        assert press(alice, f"{session}/end").location == session
    page = alice.get(session).text
    assert "End this session" not in page
    assert "Ended" in page


def test_deleting_takes_the_session_and_its_windows(
    alice: Person, session: str, rows: Callable[..., list[object]]
) -> None:
    assert press(alice, f"{session}/delete").location == "/sessions"
    assert not rows("SELECT 1 FROM video_sessions")
    assert not rows("SELECT 1 FROM video_analysis_events")
    assert press(alice, f"{session}/delete").status_code == 404, "the second click finds nothing"


def test_a_form_that_another_site_made_is_refused(alice: Person, session: str) -> None:
    for path in (f"{session}/delete", f"{session}/end", "/sessions/withdraw"):
        assert alice.client.post(path, data={}).status_code == 403


def test_the_export_holds_every_column_of_every_window(alice: Person, session: str) -> None:
    lines = alice.get(f"{session}.jsonl").text.splitlines()
    assert [json.loads(line)["risk_level"] for line in lines] == ["LOW", "UNKNOWN"]
    assert json.loads(lines[0])["signals"] == SIGNALS
    answer = alice.get(f"{session}.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert len(answer.text.splitlines()) == 3
    assert alice.client.head(f"{session}.csv").status_code == 200


def test_withdrawing_ends_what_runs_and_is_offered_only_while_a_consent_stands(
    alice: Person, session: str, rows: Callable[..., list[object]]
) -> None:
    assert "Withdraw my consent" in alice.get("/sessions").text
    assert press(alice, "/sessions/withdraw").location == "/sessions"
    assert "Withdraw my consent" not in alice.get("/sessions").text
    assert not rows("SELECT 1 FROM video_sessions WHERE status = 'ACTIVE'")
    assert press(alice, "/sessions/withdraw").status_code == 303


def test_signals_are_shown_as_text_whatever_they_hold(alice: Person) -> None:
    odd = alice.session(stream_session_id="odd")
    alice.send(odd, event(signals={"face": "<script>alert(1)</script>", "big": 1e12, "no": False}))
    page = alice.get(page_of(odd)).text
    assert "<script>alert" not in page
    assert page.count("data-level=") == 1


def test_columns_are_the_known_measures_first_then_an_agents_numbers() -> None:
    class Window:
        risk_level = "LOW"
        signals = {"zeal": 1, "movement": 2, "frames": 3, "presence": 1, "seen": True, "light": "dim"}  # noqa: RUF012

    assert timeline([Window()]).names == ["presence", "movement", "zeal"]  # type: ignore[list-item]
