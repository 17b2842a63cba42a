"""Who asked for which report: rows of the audit log, which outlive every result."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import aliased

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.errors import NotFound
from quietus.core.extensions import db
from quietus.core.languages import SOURCE, language
from quietus.core.pages import rfc3339

RESOURCE: Final = "report"
FAMILY: Final = UUID("0f7d1a52-6c1e-4a0b-9a58-3f6f2f0c7b11")
# a result lives for seven days; a day more, for clocks that differ
RESULT_LIFE: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Request:
    """One asking: `asked` are the parameters as given, `raw` the same with the period fixed to times.

    `content` is the same for all who ask the same; `scopes` are those of the token that asked, None without one.
    `language` is the one that was spoken then.
    """

    id: UUID
    name: str
    asked: dict[str, str]
    raw: dict[str, str]
    watermark: datetime
    content: str
    scopes: frozenset[str] | None
    language: str
    asked_by: UUID | None
    asked_at: datetime


def content_of(name: str, raw: Mapping[str, str]) -> str:
    """The same for the same question, whenever it is asked."""
    return hashlib.sha256(json.dumps([name, sorted(raw.items())]).encode()).hexdigest()[:32]


def record(name: str, asked: dict[str, str], raw: dict[str, str], watermark: datetime, asker: Principal) -> UUID:
    """Add the request to the current transaction. Its id follows from who asks for what, up to when."""
    told = rfc3339(watermark)
    report_id = uuid5(FAMILY, json.dumps([str(asker.id), name, sorted(raw.items()), told]))
    metadata = {
        "name": name,
        "asked": asked,
        "params": raw,
        "watermark": told,
        "content": content_of(name, asked),
        "scopes": None if asker.scopes is None else sorted(asker.scopes),
        "language": language(),
    }
    audit.record(
        Action.REPORT_REQUESTED,
        actor=on_record(asker),
        resource_type=RESOURCE,
        resource_id=report_id,
        metadata=metadata,
    )
    return report_id


def on_record(asker: Principal) -> UUID | None:
    """Who the audit log names: nobody, when the desk itself asks from the command line."""
    return None if asker.id.int == 0 else asker.id


def _asked() -> Select[Any]:
    """Every request that was not deleted since, with whether it was cancelled."""

    def since(action: Action) -> Any:
        later = aliased(AuditLog)
        return exists().where(
            later.resource_type == RESOURCE,
            later.resource_id == AuditLog.resource_id,
            later.action == action.value,
        )

    return (
        select(AuditLog, since(Action.REPORT_CANCELLED))
        .where(AuditLog.action == Action.REPORT_REQUESTED.value, ~since(Action.REPORT_DELETED))
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
    )


def _read(row: AuditLog) -> Request:
    facts = row.details or {}
    return Request(
        id=UUID(row.resource_id),
        name=facts["name"],
        asked=facts["asked"],
        raw=facts["params"],
        watermark=datetime.fromisoformat(facts["watermark"]),
        content=facts["content"],
        scopes=None if facts["scopes"] is None else frozenset(facts["scopes"]),
        language=facts.get("language", SOURCE),
        asked_by=row.user_id,
        asked_at=row.created_at,
    )


def find(report_id: UUID, *, asker_id: UUID | None = None) -> tuple[Request, bool]:
    """A request and whether it was cancelled; with `asker_id` only if it is theirs. Raises NotFound."""
    query = _asked().where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == str(report_id)).limit(1)
    if asker_id:
        query = query.where(AuditLog.user_id == asker_id)
    found = db.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return _read(found[0]), found[1]


def of_person(asker_id: UUID, *, limit: int, content: str | None = None) -> Sequence[tuple[Request, bool]]:
    """A person's requests, newest first; with `content` only those that ask the same."""
    query = _asked().where(AuditLog.user_id == asker_id).limit(limit)
    if content:
        query = query.where(
            AuditLog.details["content"].astext == content, AuditLog.created_at > clock.now() - RESULT_LIFE
        )
    return [(_read(row), cancelled) for row, cancelled in db.session.execute(query)]


def newest(*, since: datetime, limit: int) -> Sequence[tuple[Request, bool]]:
    """Everybody's requests, newest first."""
    query = _asked().where(AuditLog.created_at > since).limit(limit)
    return [(_read(row), cancelled) for row, cancelled in db.session.execute(query)]


def concerning(person_id: UUID) -> Sequence[UUID]:
    """The reports that this person asked for, or that are about them, as long as a result may still be kept."""
    query = select(AuditLog.resource_id).where(
        AuditLog.action == Action.REPORT_REQUESTED.value,
        AuditLog.created_at > clock.now() - RESULT_LIFE,
        or_(
            AuditLog.user_id == person_id,
            AuditLog.details["params"]["subject_id"].astext == str(person_id),
            AuditLog.details["params"]["reader_id"].astext == str(person_id),
        ),
    )
    return [UUID(found) for found in db.session.scalars(query) if found]
