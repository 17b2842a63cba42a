"""The database: reachable, of the right version and schema, closed to changes of the trail, and with the same clock."""

from collections.abc import Iterator
from typing import Any, Final

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from quietus.core import clock
from quietus.core.extensions import db
from quietus.core.health import migration_head
from quietus.doctor.findings import Desk, Finding

OLDEST_MAJOR: Final = 15
SKEW_WARN, SKEW_FAIL = 1.0, 60.0
SEED_TABLES: Final = frozenset(
    {"roles", "users", "user_roles", "analysis_records", "video_sessions", "video_analysis_events", "audit_logs"}
)
TRIGGERS: Final = frozenset({"audit_logs_append_only", "audit_logs_no_truncate"})


def reached(desk: Desk) -> Iterator[Finding]:
    try:
        with db.engine.connect() as connection:
            major, version, standby, encoding, zone = connection.execute(text(
                "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'), "
                "pg_is_in_recovery(), current_setting('server_encoding'), "
                "(SELECT reset_val FROM pg_settings WHERE name = 'log_timezone')"
            )).one()  # fmt: skip
            yield from _speed(connection)
            yield from _pooler(connection, desk)
    except SQLAlchemyError as error:
        yield Finding("database", "fail", f"does not answer ({type(error).__name__}).",
                      "Is `up` running, or the server of DATABASE_URL? Until then check-ins get 503.")  # fmt: skip
        return
    if major < OLDEST_MAJOR:
        yield Finding("database", "fail", f"PostgreSQL {version}.", f"Use {OLDEST_MAJOR} or newer.")
    elif standby:
        yield Finding("database", "fail", "is a standby and takes no writes.", "Point DATABASE_URL at the primary.")
    elif encoding != "UTF8":
        yield Finding("database", "fail", f"its encoding is {encoding}.", "Create it anew with ENCODING 'UTF8'.")
    else:
        note = "" if zone in ("UTC", "Etc/UTC", "GMT") else f", its log in {zone}"
        yield Finding("database", "ok", f"PostgreSQL {version}{note}.")


def _speed(connection: Connection) -> Iterator[Finding]:
    """The skew of the two clocks: the database dates audit rows, the program dates texts."""
    before = clock.now()
    there = connection.scalar(text("SELECT clock_timestamp()"))
    after = clock.now()
    skew = abs((there - (before + (after - before) / 2)).total_seconds()) if there else 0.0
    said = f"{skew:.2f} s apart from the database's."
    if skew > SKEW_FAIL:
        yield Finding("clock", "fail", said, "Set both clocks by NTP: events are refused, and seals look forged.")
    elif skew > SKEW_WARN:
        yield Finding("clock", "warn", said, "Set both clocks by NTP.")
    else:
        yield Finding("clock", "ok", said)


def _pooler(connection: Connection, desk: Desk) -> Iterator[Finding]:
    """A pooler gives each client a number of its own; behind it, our start-up options may be ignored."""
    driver: Any = connection.connection.driver_connection
    if connection.scalar(text("SELECT pg_backend_pid()")) == driver.info.backend_pid:
        return
    limit = connection.scalar(text("SELECT current_setting('statement_timeout')"))
    if limit == f"{desk.settings.statement_seconds}s":
        yield Finding("pooler", "ok", "a connection pooler is between, and passes the statement time-out on.")
    else:
        yield Finding("pooler", "warn", f"a connection pooler is between, statement time-out {limit}.",
                      f"ALTER ROLE … SET statement_timeout = '{desk.settings.statement_seconds}s'.")  # fmt: skip


def schema(desk: Desk) -> Iterator[Finding]:
    """The migration, the seven tables as the models describe them, and no index that was left half-built."""
    with db.engine.connect() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found != migration_head():
            yield Finding("schema", "fail", f"migration {found or 'none'}, wanted {migration_head()}.",
                          "Run `python -m quietus prepare`.")  # fmt: skip
            return
        tables = set(connection.scalars(text("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")))
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        drift = compare_metadata(context, db.metadata)
        broken = list(connection.scalars(text(
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid "
            "WHERE NOT indisvalid AND relnamespace = 'public'::regnamespace"
        )))  # fmt: skip
    extra, missing = tables - SEED_TABLES - {"alembic_version"}, SEED_TABLES - tables
    if drift or missing:
        yield Finding("schema", "fail", f"{len(drift) + len(missing)} things are not as the migrations made them.",
                      "Somebody changed tables by hand: compare with migrations/versions.")  # fmt: skip
    elif broken:
        yield Finding("schema", "fail", f"index {broken[0]} is not usable.", f"REINDEX INDEX {broken[0]}")
    elif extra:
        yield Finding(
            "schema", "warn", f"other tables are there: {', '.join(sorted(extra))}.", "Give them another schema."
        )
    else:
        yield Finding("schema", "ok", f"migration {found}, seven tables as they should be.")


def trail(desk: Desk) -> Iterator[Finding]:
    """Whether the role that the desk works with could change what happened."""
    with db.engine.connect() as connection:
        may = connection.scalar(text(
            "SELECT has_table_privilege('audit_logs', 'UPDATE') OR has_table_privilege('audit_logs', 'DELETE') "
            "OR has_table_privilege('audit_logs', 'TRUNCATE')"
        ))  # fmt: skip
        watching = set(connection.scalars(text(
            "SELECT tgname::text FROM pg_trigger WHERE tgrelid = 'audit_logs'::regclass AND tgenabled IN ('O', 'A')"
        )))  # fmt: skip
    if not watching >= TRIGGERS:
        yield Finding("trail", "fail", "the triggers that keep audit rows from being changed are off.",
                      "ALTER TABLE audit_logs ENABLE TRIGGER USER, then `python -m quietus audit verify`.")  # fmt: skip
    elif may:
        yield Finding("trail", "warn", "the application's role owns the tables: it could switch the triggers off.",
                      "Use two roles (docs/operating.md, Servers of your own).")  # fmt: skip
    else:
        yield Finding("trail", "ok", "the application's role can add audit rows, not change them.")
