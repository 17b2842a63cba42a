"""A backup is whole or not there; a restore is whole or has changed nothing; who was erased stays erased."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask_migrate import upgrade

from quietus.accounts import tokens
from quietus.accounts.administration import activate, deactivate
from quietus.analysis.service import delete_analysis
from quietus.backups.making import TABLES, keep_newest
from quietus.backups.manifest import digest_of, path_of
from quietus.core import clock
from quietus.core.extensions import db
from quietus.core.health import migration_head
from quietus.demo_data import fill
from quietus.privacy import erasing
from quietus.video.service import delete_session
from tests.backups.conftest import Desk
from tests.factories import TEST_SETTINGS, make_user, principal
from tests.privacy.conftest import film, write
from tests.stack.processes import all_gone, descendants

PROJECT = Path(__file__).resolve().parents[2]
RIGHTS = """
SELECT relname::text, relkind::text, relacl::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
UNION ALL SELECT proname, 'function', proacl::text || coalesce(array_to_string(proconfig, ','), '') || prosecdef::text
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT tgname, 'trigger', tgenabled::text || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT indexname, 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT relname, 'options', array_to_string(reloptions, ',') FROM pg_class WHERE reloptions IS NOT NULL
    AND relnamespace = 'public'::regnamespace
UNION ALL SELECT attrelid::regclass || '.' || attname, 'statistics', attstattarget::text FROM pg_attribute
    WHERE attstattarget >= 0 AND attrelid::regclass::text IN ('analysis_records', 'users')
ORDER BY 1, 2
"""
UNCHANGED = tuple(table for table in TABLES if table != "audit_logs")


def saved(desk: Desk, folder: Path) -> Path:
    result = desk.run("backup", str(folder))
    assert result.exit_code == 0, result.output
    return Path(result.output.split()[0])


def people(desk: Desk) -> dict[str, Any]:
    """alice and bob with two texts and a session each, an admin, and a token of alice's."""
    made: dict[str, Any] = {}
    with desk.app.app_context():
        make_user("root@example.org", ("ADMIN",))
        for name in ("alice", "bob"):
            user = make_user(f"{name}@example.org")
            made[name], made[f"{name} who"] = user.id, principal(user)
            made[f"{name} texts"] = write(principal(user), f"{name} saw the sea.", f"{name} slept well.")
            made[f"{name} sessions"] = film(user.id)
        issued = tokens.issue(made["alice"], name="form", scopes=["me"], days=30, actor=made["alice"])
        made["token"] = {"Authorization": f"Bearer {issued.token}"}
    desk.leave()
    return made


def whoami(desk: Desk, made: dict[str, Any]) -> int:
    status = desk.app.test_client().get("/api/v1/auth/me", headers=made["token"]).status_code
    desk.leave()
    return status


def test_every_row_and_every_right_comes_back(desk: Desk, new_desk: Callable[..., Desk], folder: Path) -> None:
    fill(desk.url, events=2_000, end=clock.now() - timedelta(days=3))
    before, (last,) = desk.digests(*TABLES), desk.rows("SELECT max(id) FROM audit_logs")[0]
    file = saved(desk, folder)
    assert file.stat().st_mode & 0o777 == path_of(file).stat().st_mode & 0o777 == 0o600
    assert {path.name for path in folder.iterdir()} == {file.name, path_of(file).name}
    assert json.loads(path_of(file).read_text())["rows"] == {name: found[0][0] for name, found in before.items()}

    other = new_desk()
    result = other.run("restore", str(file))
    assert result.exit_code == 0, result.output
    assert "ledger: 400 accepted, 0 unaccounted for" in result.output
    assert "audit: 0 faults in" in result.output
    assert {**before, **other.digests(*UNCHANGED)} == before
    assert other.digests(f"(SELECT * FROM audit_logs WHERE id <= {last})") == {
        f"(SELECT * FROM audit_logs WHERE id <= {last})": before["audit_logs"]
    }
    assert other.rows(RIGHTS) == desk.rows(RIGHTS)
    with other.app.app_context():
        assert other.rows("SELECT version_num FROM alembic_version") == [(migration_head(),)]
        # the application's role works, and still cannot change what happened
        write(principal(make_user("new@example.org")), "The first text after the restore.")
        with pytest.raises(Exception, match=r"permission denied|append-only"):
            db.session.execute(db.text("UPDATE audit_logs SET action = 'x:y'"))
        db.session.rollback()


def test_a_desk_with_rows_is_refused_and_left_as_it_is(desk: Desk, folder: Path) -> None:
    people(desk)
    file = saved(desk, folder)
    before = desk.digests(*TABLES)
    result = desk.run("restore", str(file))
    assert result.exit_code == 2
    assert "holds a desk with rows. Nothing was changed." in result.output
    assert desk.digests(*TABLES) == before


def test_with_force_the_old_tables_are_kept_and_what_was_erased_stays_erased(desk: Desk, folder: Path) -> None:
    made = people(desk)
    file = saved(desk, folder)
    with desk.app.app_context():
        erasing.erase_person(made["alice"], actor=None)
        delete_analysis(made["bob texts"][0], actor=made["bob who"])
        delete_session(made["bob sessions"][0], actor=made["bob who"])
    desk.leave()
    old = desk.digests(*TABLES)
    result = desk.run("restore", str(file), "--force")
    assert result.exit_code == 0, result.output
    assert "erased again: 1 people, 1 texts, 1 sessions" in result.output
    assert "ledger: 4 accepted, 0 unaccounted for" in result.output
    assert desk.rows("SELECT id FROM analysis_records") == [(made["bob texts"][1],)]
    assert desk.rows("SELECT count(*) FROM video_sessions") == [(0,)]
    assert desk.rows("SELECT email FROM users ORDER BY 1") == [("bob@example.org",), ("root@example.org",)]
    aside = desk.digests(*(f"before_restore.{table}" for table in TABLES))
    assert [aside[f"before_restore.{table}"] for table in TABLES] == [old[table] for table in TABLES]
    again = desk.run("restore", str(file), "--force")
    assert again.exit_code == 2
    assert "The schema before_restore of an earlier restore is still there" in again.output


def test_the_ids_of_the_erased_can_be_kept_apart(desk: Desk, new_desk: Callable[..., Desk], folder: Path) -> None:
    made = people(desk)
    file = saved(desk, folder)
    with desk.app.app_context():
        erasing.erase_person(made["alice"], actor=None)
    told = folder / "erased.txt"
    told.write_text(desk.run("subject", "erased").output)
    assert str(made["alice"]) in told.read_text()

    warned = new_desk()
    assert "is back. Erase them again" in warned.run("restore", str(file)).output
    assert (made["alice"],) in warned.rows("SELECT id FROM users")
    other = new_desk()
    result = other.run("restore", str(file), "--erased", str(told))
    assert result.exit_code == 0, result.output
    assert "erased again: 1 people" in result.output
    assert (made["alice"],) not in other.rows("SELECT id FROM users")
    assert other.run("restore", str(file), "--erased", str(path_of(file))).exit_code == 1


@pytest.mark.parametrize(("options", "status"), [([], 401), (["--keep-sign-ins"], 200)])
def test_tokens_end_unless_they_are_kept(
    desk: Desk, new_desk: Callable[..., Desk], folder: Path, options: list[str], status: int
) -> None:
    made = people(desk)
    file = saved(desk, folder)
    assert whoami(desk, made) == 200
    other = new_desk()
    assert other.run("restore", str(file), *options).exit_code == 0
    assert whoami(other, made) == status


def test_a_token_of_the_lost_days_is_dead_too(desk: Desk, folder: Path) -> None:
    """Its generation is an audit id that the restored trail has not reached."""
    made = people(desk)
    file = saved(desk, folder)
    with desk.app.app_context():
        for _ in range(20):
            deactivate(made["alice"], actor=None)
            activate(made["alice"], actor=None)
        late = tokens.issue(made["alice"], name="late", scopes=["me"], days=30, actor=made["alice"])
    made["token"] = {"Authorization": f"Bearer {late.token}"}
    assert whoami(desk, made) == 200
    assert desk.run("restore", str(file), "--force").exit_code == 0
    assert whoami(desk, made) == 401


def damaged(file: Path) -> str:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return "is damaged"


def shortened(file: Path) -> str:
    """Cut, with a list of contents to match: only the load itself can tell."""
    file.write_bytes(file.read_bytes()[:-400])
    rewrite(file, bytes=file.stat().st_size, sha256=digest_of(file))
    return "could not be loaded. Nothing was changed"


def miscounted(file: Path) -> str:
    facts = json.loads(path_of(file).read_text())
    rewrite(file, rows={**facts["rows"], "analysis_records": 5})
    return "analysis_records holds 4 rows instead of 5"


def of_the_future(file: Path) -> str:
    rewrite(file, migration="0099_of_tomorrow")
    return "made by a newer one"


def of_a_newer_server(file: Path) -> str:
    rewrite(file, server=99)
    return "the backup is of 99"


def orphaned(file: Path) -> str:
    path_of(file).unlink()
    return "is missing"


def rewrite(file: Path, **changes: object) -> None:
    path_of(file).write_text(json.dumps(json.loads(path_of(file).read_text()) | changes))


@pytest.mark.parametrize("harm", [damaged, shortened, miscounted, of_the_future, of_a_newer_server, orphaned])
def test_what_is_not_whole_is_refused_and_changes_nothing(desk: Desk, folder: Path, harm: Callable[..., str]) -> None:
    people(desk)
    file = saved(desk, folder)
    before = desk.digests(*TABLES)
    words = harm(file)
    result = desk.run("restore", str(file), "--force")
    assert result.exit_code == 2
    assert words in result.output
    assert desk.digests(*TABLES) == before
    assert desk.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'before_restore'") == [(0,)]


def test_a_desk_that_is_in_use_is_refused(desk: Desk, new_desk: Callable[..., Desk], folder: Path) -> None:
    people(desk)
    file = saved(desk, folder)
    other = new_desk()
    application = other.app.extensions["settings"].database_url.get_secret_value().replace("+psycopg", "", 1)
    for url in (application, other.url):  # of another role one sees little in pg_stat_activity
        with psycopg.connect(url):
            result = other.run("restore", str(file))
        assert result.exit_code == 2
        assert "1 other connections use this database: stop the desk" in result.output
    assert other.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_an_older_backup_is_brought_up_to_date(new_desk: Callable[..., Desk], folder: Path) -> None:
    old, new = new_desk(), new_desk()
    with old.app.app_context():
        upgrade(revision="0002_roles_append_only_audit")
    old.leave()
    file = saved(old, folder)
    assert new.run("restore", str(file)).exit_code == 0
    with new.app.app_context():
        head = migration_head()
        upgrade()
    assert new.rows("SELECT version_num FROM alembic_version") == [(head,)]
    fresh = new_desk()
    with fresh.app.app_context():
        upgrade()
    assert new.rows(RIGHTS) == fresh.rows(RIGHTS)


def test_a_folder_that_is_missing_is_made_and_never_mistaken_for_a_file(desk: Desk, folder: Path) -> None:
    assert desk.run("backup", str(folder / "nightly"), "--keep", "2").exit_code == 0
    assert (folder / "nightly").stat().st_mode & 0o777 == 0o700
    (dump,) = (folder / "nightly").glob("*.dump")
    refused = desk.run("backup", str(dump), "--keep", "2")
    assert (refused.exit_code, "is no folder" in refused.output) == (2, True)


def test_nothing_is_overwritten_and_a_folder_keeps_its_newest(desk: Desk, folder: Path) -> None:
    file = saved(desk, folder)
    again = desk.run("backup", str(file))
    assert again.exit_code == 2
    assert "is there already. Nothing was overwritten." in again.output
    assert desk.run("backup", str(folder / "nowhere" / "x.dump")).exit_code == 2
    for day in range(1, 4):
        for place in (folder / f"quietus-2020010{day}T000000Z.dump",):
            place.write_text("old")
            path_of(place).write_text("{}")
    (folder / "quietus-20190101T000000Z.dump").write_text("not one that was finished")
    (folder / "notes.txt").write_text("somebody's")
    assert [gone.name for gone in keep_newest(folder, 2)] == [
        "quietus-20200101T000000Z.dump",
        "quietus-20200102T000000Z.dump",
    ]
    assert len(list(folder.glob("*.dump"))) == 3
    assert (folder / "notes.txt").exists()


def test_an_empty_database_is_no_desk(new_desk: Callable[..., Desk], folder: Path) -> None:
    result = new_desk().run("backup", str(folder))
    assert result.exit_code == 2
    assert "holds no desk yet" in result.output
    assert list(folder.iterdir()) == []


def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(desk: Desk, folder: Path) -> None:
    settings = desk.app.extensions["settings"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUIETUS_")} | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "QUIETUS_MIGRATION_DATABASE_URL": settings.migration_database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "QUIETUS_SECRET_KEY": TEST_SETTINGS["secret_key"],
        # nothing is there: with servers of one's own, no command needs a state folder
        "QUIETUS_STATE": str(folder / "nowhere"),
    }
    with psycopg.connect(desk.url) as holder:
        holder.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")  # pg_dump waits here
        with subprocess.Popen(
            [sys.executable, "-m", "quietus", "backup", str(folder)], cwd=PROJECT, env=environment
        ) as process:
            try:
                until(lambda: len(dumping(desk)) == 2 or process.poll() is not None)
                below = descendants(process.pid)
            finally:
                process.kill()
        assert below
        assert all_gone(below), "pg_dump goes with it"
        assert all(path.name.startswith(".") for path in folder.iterdir())
    assert list(folder.glob("*.dump")) == []
    file = saved(desk, folder)
    assert {path.name for path in folder.iterdir()} == {file.name, path_of(file).name}, "and the next run tidies up"


def dumping(desk: Desk) -> list[Any]:
    return desk.rows(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'quietus backup' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    )


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_backup_is_on_record(desk: Desk, folder: Path) -> None:
    file = saved(desk, folder)
    (row,) = desk.rows("SELECT action, resource_id, metadata ->> 'bytes' FROM audit_logs")
    assert row == ("backup:made", digest_of(file), str(file.stat().st_size))
