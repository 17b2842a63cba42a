"""A person's data as one zip of JSON and CSV, read page by page while it is sent."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import Select, Table, select, tuple_

from quietus.accounts import standing
from quietus.analysis.models import AnalysisRecord
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.errors import NotFound
from quietus.core.exports import csv_lines
from quietus.core.extensions import db
from quietus.core.languages import later
from quietus.core.pages import rfc3339
from quietus.privacy import reading
from quietus.privacy.statements import statement
from quietus.privacy.zipping import Member, zip_stream
from quietus.video import consents
from quietus.video.models import VideoAnalysisEvent, VideoSession

PAGE: Final = 1_000
MY_DATA: Final = statement("my_data")

Rows = Iterator[Mapping[str, Any]]

README: Final = later("""\
Your data from Quietus AI, as it stood on %(day)s.

account.json                the account itself; its password is kept only in a form that nobody can read back
analysis_records            the texts that you sent, or that were sent for you, each with its outcome
video_sessions              your camera sessions
video_analysis_events       the windows of those sessions: numbers that your browser worked out, never a picture
consents                    what you agreed to, and when you took it back
access_log                  who read your words: when, and in which role
acts                        what you yourself did here, without what it told of others

Each list comes as .json and as .csv with the same columns. Times are UTC. `predicted_label` is the review priority
of one text or window, never a judgement of you; LOW does not mean safe.
""")


@dataclass(frozen=True, slots=True)
class MyData:
    """How much the desk holds about a person."""

    texts: int
    sessions: int
    events: int
    acts: int
    since: datetime


def my_data(user_id: UUID) -> MyData:
    return MyData(**db.session.execute(MY_DATA, {"user_id": user_id}).mappings().one())


def export(user_id: UUID, *, actor: UUID | None) -> Iterator[bytes]:
    """The zip of a person's data, made while it is read; that it was asked for is audited before. Raises NotFound.

    Each page has a transaction of its own: a reader that is slow, or gone, holds no connection.
    """
    account = standing.by_id(user_id)
    if account is None:
        raise NotFound
    counts = my_data(user_id)
    audit.record(
        Action.SUBJECT_EXPORTED,
        actor=actor,
        resource_type="user",
        resource_id=user_id,
        metadata={
            "subject_id": str(user_id),
            "texts": counts.texts,
            "sessions": counts.sessions,
            "events": counts.events,
        },
    )
    db.session.commit()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy
    about = asdict(account) | {"since": counts.since}
    for internal in ("password_hash", "generation", "ended"):
        about.pop(internal)
    readme = str(README) % {"day": f"{clock.now():%Y-%m-%d}"}  # now, while the reader's language is known
    return zip_stream(_members(user_id, readme, about, app.app_context), clock.now())


Context = Callable[[], AbstractContextManager[object]]


def _members(user_id: UUID, readme: str, account: dict[str, Any], context: Context) -> Iterator[Member]:
    yield "README.txt", [readme]
    yield "account.json", [json.dumps(_plain(account), ensure_ascii=False, indent=1)]
    tables: dict[str, tuple[list[str], Callable[[], Rows]]] = {
        "analysis_records": (_columns(AnalysisRecord), lambda: _texts(user_id, context)),
        "video_sessions": (_columns(VideoSession), lambda: _sessions(user_id, context)),
        "video_analysis_events": (_columns(VideoAnalysisEvent), lambda: _events(user_id, context)),
        "consents": (["kind", "version", "given_at", "withdrawn_at"], lambda: _consents(user_id, context)),
        "access_log": (list(reading.Reading.__slots__), lambda: _readings(user_id, context)),
        "acts": (["id", "action", "resource_type", "created_at"], lambda: _acts(user_id, context)),
    }
    for name, (columns, rows) in tables.items():
        yield f"{name}.json", _as_json(rows())
        yield f"{name}.csv", _as_csv(columns, rows())


def _columns(model: Any) -> list[str]:
    return [column.name for column in model.__table__.columns]


def _as_json(rows: Rows) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield ("," if number else "") + "\n" + json.dumps(_plain(row), ensure_ascii=False)
    yield "\n]\n"


def _as_csv(columns: list[str], rows: Rows) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets take UTF-8 for something else without it
    yield from csv_lines(columns, ([_cell(row[name]) for name in columns] for row in map(_plain, rows)))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, UUID) else value


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _paged(query: Select[Any], keys: tuple[Any, ...], context: Context) -> Rows:
    """The rows of a query by ascending keys, each page in an application context and transaction of its own."""
    query = query.order_by(*keys).limit(PAGE)
    after: tuple[Any, ...] | None = None
    while True:
        with context():
            page = query.where(tuple_(*keys) > tuple_(*after)) if after else query
            found = [dict(row) for row in db.session.execute(page).mappings()]
        yield from found
        if len(found) < PAGE:
            return
        after = tuple(found[-1][key.name] for key in keys)


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _texts(user_id: UUID, context: Context) -> Rows:
    table = _table(AnalysisRecord)
    pending: set[UUID] = set()
    rows = _paged(select(table).where(table.c.user_id == user_id), (table.c.analyzed_at, table.c.id), context)
    for row in rows:
        # a text that is recorded meanwhile moves to the end, where it would be met again
        if row["id"] in pending:
            continue
        if row["predicted_label"] == "PENDING":
            pending.add(row["id"])
        yield row


def _sessions(user_id: UUID, context: Context) -> Rows:
    table = _table(VideoSession)
    return _paged(select(table).where(table.c.user_id == user_id), (table.c.started_at, table.c.id), context)


def _events(user_id: UUID, context: Context) -> Rows:
    table = _table(VideoAnalysisEvent)
    for session in _sessions(user_id, context):
        of_session = select(table).where(table.c.session_id == session["id"])
        yield from _paged(of_session, (table.c.event_at, table.c.id), context)


def _consents(user_id: UUID, context: Context) -> Rows:
    with context():
        found = consents.listed(user_id)
    return (asdict(consent) for consent in found)


def _readings(user_id: UUID, context: Context) -> Rows:
    with context():  # readings are few
        found = [asdict(one) for page in reading.pages(user_id, PAGE) for one in page]
    return iter(found)


def _acts(user_id: UUID, context: Context) -> Rows:
    table = _table(AuditLog)
    # without the ids: what a clinician or an admin did was done to others
    own = select(table.c.id, table.c.action, table.c.resource_type, table.c.created_at).where(
        table.c.user_id == user_id
    )
    return _paged(own, (table.c.created_at, table.c.id), context)
