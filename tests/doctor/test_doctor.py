"""doctor says what is wrong and what to do, while things are down, in bounded time and without a secret."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from quietus.core import clock
from quietus.core.config import Settings
from quietus.core.health import HEARTBEAT_KEY, note_heartbeat
from quietus.doctor import database_checks, settings_checks, work_checks
from quietus.doctor.findings import Check, Desk, Finding, run
from tests.conftest import EXTERNAL, run_sql
from tests.factories import make_user, principal
from tests.privacy.conftest import write

SECRET = "hunter2-hunter2-hunter2"


@pytest.fixture
def look(app: Flask) -> Callable[..., dict[str, Finding]]:
    """One check on the test's desk, with some settings changed; what it found, by name."""

    def at(check: Any, on: Flask | None = None, **changes: object) -> dict[str, Finding]:
        where = on or app
        settings = Settings(**{**where.extensions["settings"].model_dump(), **changes})
        found = run([Check("the check", check, seconds=30)], Desk(settings, where))
        return {finding.check: finding for finding in found}

    return at


def test_a_desk_that_is_well_has_nothing_to_do(app: Flask, look: Callable[..., dict[str, Finding]]) -> None:
    make_user()
    note_heartbeat()
    checks = (database_checks.reached, database_checks.schema, work_checks.broker, work_checks.beat,
              work_checks.texts, work_checks.model, work_checks.seals, work_checks.ledger)  # fmt: skip
    for check in checks:
        for finding in look(check).values():
            assert finding.level == "ok", finding
    (trail,) = look(database_checks.trail).values()
    assert trail.level == ("warn" if EXTERNAL else "ok")


def test_what_is_down_is_said_and_the_rest_is_looked_at(
    make_app: Callable[..., Flask], look: Callable[..., dict[str, Finding]]
) -> None:
    lonely = make_app(database_url=f"postgresql+psycopg://a:{SECRET}@127.0.0.1:9/x",
                      redis_url=f"redis://:{SECRET}@127.0.0.1:9/0")  # fmt: skip
    desk = Desk(lonely.extensions["settings"], lonely)
    began = time.monotonic()
    found = list(run((
        Check("database", database_checks.reached),
        Check("ledger", work_checks.ledger, needs=("database",)),
        Check("broker", work_checks.broker),
        Check("workers", work_checks.workers, needs=("broker",)),
        Check("mail", settings_checks.mail),
    ), desk))  # fmt: skip
    assert time.monotonic() - began < 20
    assert [(each.check, each.level) for each in found] == [
        ("database", "fail"), ("ledger", "warn"), ("broker", "fail"), ("workers", "warn"), ("mail", "warn"),
    ]  # fmt: skip
    assert found[1].found == "not looked at: database does not work."
    assert SECRET not in "".join(map(str, found))


def test_a_check_that_hangs_or_breaks_is_a_finding(app: Flask) -> None:
    def hangs(desk: Desk) -> Iterator[Finding]:
        yield Finding("slow", "ok", "began.")
        threading.Event().wait(20)

    def breaks(desk: Desk) -> Iterator[Finding]:
        raise ValueError(SECRET)
        yield

    found = list(run([Check("slow", hangs, seconds=0.3), Check("odd", breaks)], Desk(app.extensions["settings"], app)))
    assert [(each.check, each.level) for each in found] == [("slow", "ok"), ("slow", "fail"), ("odd", "fail")]
    assert SECRET not in "".join(map(str, found))


def test_triggers_that_were_switched_off_are_noticed(
    test_settings: Settings, look: Callable[..., dict[str, Finding]]
) -> None:
    owner = test_settings.migration_database_url.get_secret_value()
    run_sql(owner, "ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_append_only")
    try:
        assert look(database_checks.trail)["trail"].level == "fail"
    finally:
        run_sql(owner, "ALTER TABLE audit_logs ENABLE TRIGGER audit_logs_append_only")


@pytest.mark.parametrize(
    ("harm", "mend", "words"),
    [
        ("CREATE TABLE shadow (id int)", "DROP TABLE shadow", "not as the migrations made them"),
        ("DROP INDEX ix_video_analysis_events_event_at",
         "CREATE INDEX ix_video_analysis_events_event_at ON video_analysis_events (event_at)", "1 things"),
        ("UPDATE alembic_version SET version_num = '0001_seed_schema'",
         "UPDATE alembic_version SET version_num = '0003_subjects'", "wanted"),
    ],
)  # fmt: skip
def test_a_schema_that_was_changed_by_hand_is_noticed(
    test_settings: Settings, look: Callable[..., dict[str, Finding]], harm: str, mend: str, words: str
) -> None:
    owner = test_settings.migration_database_url.get_secret_value()
    run_sql(owner, harm)
    try:
        found = look(database_checks.schema)["schema"]
    finally:
        run_sql(owner, mend)
    assert (found.level, words in found.found) == ("fail", True), found
    assert look(database_checks.schema)["schema"].level == "ok"


def test_clocks_that_differ_are_noticed(
    look: Callable[..., dict[str, Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=5))
    assert look(database_checks.reached)["clock"].level == "fail"


def test_what_waits_and_who_is_quiet_is_noticed(
    app: Flask, test_settings: Settings, look: Callable[..., dict[str, Finding]]
) -> None:
    write(principal(make_user()), "Nobody has read this yet.")
    owner = test_settings.migration_database_url.get_secret_value()
    run_sql(owner, "UPDATE analysis_records SET analyzed_at = now() - interval '10 minutes'")
    assert look(work_checks.texts)["texts"].level == "fail"
    assert look(work_checks.texts, model="external")["texts"].level == "ok"
    run_sql(owner, "DELETE FROM analysis_records")
    assert "1 of 1 texts are unaccounted for" in look(work_checks.ledger)["ledger"].found
    assert look(work_checks.beat)["beat"].found == "was never heard of."
    app.extensions["broker"].set(HEARTBEAT_KEY, str(clock.now().timestamp() - 1000))
    assert look(work_checks.beat)["beat"].level == "fail"
    assert "analysis, events, reports, maintenance, mail" in look(work_checks.workers)["workers"].found


def test_a_broker_that_may_forget_is_noticed(app: Flask, look: Callable[..., dict[str, Finding]]) -> None:
    if EXTERNAL:
        pytest.skip("somebody's own server is not reconfigured")
    broker = app.extensions["broker"]
    for setting, harm, mend, level in (
        ("maxmemory-policy", "allkeys-lru", "noeviction", "fail"),
        ("appendonly", "no", "yes", "warn"),
    ):
        broker.config_set(setting, harm)
        try:
            assert look(work_checks.broker)["broker"].level == level
        finally:
            broker.config_set(setting, mend)


@contextmanager
def mail_server(answer: bytes) -> Iterator[int]:
    """Greets, then says ANSWER to everything."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listening.accept()
        with line, line.makefile("rb") as lines:
            line.sendall(b"220 here\r\n")
            for said in lines:
                line.sendall(b"221 bye\r\n" if said.upper().startswith(b"QUIT") else answer)

    threading.Thread(target=serve, daemon=True).start()
    with listening:
        yield listening.getsockname()[1]


def test_mail_is_tried_without_sending_one(look: Callable[..., dict[str, Finding]]) -> None:
    with mail_server(b"250 fine\r\n") as port:
        told = {"mail_backend": "smtp", "mail_server": "127.0.0.1", "mail_port": port}
        assert look(settings_checks.mail, **told)["mail"].level == "ok"
    assert look(settings_checks.mail, **told)["mail"].level == "fail"
    with mail_server(b"250-here\r\n250 AUTH PLAIN\r\n") as port:
        found = look(settings_checks.mail, mail_backend="smtp", mail_server="127.0.0.1", mail_port=port,
                     mail_username="u", mail_password=SECRET)  # fmt: skip
    assert found["mail"].level == "fail"
    assert SECRET not in str(found["mail"])


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"public_url": "http://desk.example.org", "env": "production"}, "fail"),
        ({"public_url": "https://desk.example.org"}, "warn"),
        ({"public_url": "https://desk.example.org", "trusted_proxies": 1}, "ok"),
        ({"public_url": "http://127.0.0.1:1"}, "ok"),
    ],
)
def test_an_address_without_https_is_noticed(
    look: Callable[..., dict[str, Finding]], changes: dict[str, Any], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_checks, "PATIENCE", 0.2)
    assert look(settings_checks.address, **changes)["address"].level == level


def test_a_key_that_others_can_read_is_noticed(look: Callable[..., dict[str, Finding]], tmp_path: Any) -> None:
    key = tmp_path / "secret_key"
    key.write_text("only-for-tests-0123456789-abcdefghijklmnop")
    key.chmod(0o644)
    found = look(settings_checks.secret_key, state=tmp_path)["secret key"]
    assert (found.level, found.advice) == ("fail", f"chmod 600 {key}")
    key.chmod(0o600)
    assert look(settings_checks.secret_key, state=tmp_path)["secret key"].level == "ok"
    key.write_text("another-key-0123456789-abcdefghijklmnopqr")
    assert look(settings_checks.secret_key, state=tmp_path)["secret key"].level == "warn"
    assert look(settings_checks.disk, state=tmp_path)["disk"].level in ("ok", "warn")


def test_the_command_prints_lines_or_json_and_ends_with_1_when_something_is_to_be_done(app: Flask) -> None:
    runner = app.test_cli_runner()
    lines = runner.invoke(args=["quietus", "doctor"])
    assert lines.exit_code == 1
    assert "fail workers    nobody works on" in lines.output
    told = json.loads(runner.invoke(args=["quietus", "doctor", "--json"]).output)
    assert told["status"] == "fail"
    assert {finding["check"] for finding in told["findings"]} >= {"settings", "database", "broker", "model", "ledger"}
    assert app.extensions["settings"].secret_key.get_secret_value() not in lines.output
