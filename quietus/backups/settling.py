"""After a load: this program's migrations, what was erased meanwhile, sign-ins that must not live again, and proof."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import redis
from flask_migrate import upgrade
from sqlalchemy import select

from quietus.accounts.models import User
from quietus.admin.ledger import Ledger, ledger
from quietus.audit import service as audit
from quietus.audit.sealing import DayStillOpen, seal_closed_days
from quietus.audit.tags import Action
from quietus.audit.verifying import Verification, verify
from quietus.backups.manifest import Manifest
from quietus.backups.programs import connect
from quietus.core.errors import Conflict, Unavailable
from quietus.core.extensions import db
from quietus.privacy import erasing

SQL: Final = Path(__file__).with_name("sql")


@dataclass(slots=True)
class Settled:
    """What was done after a load; `left` could not be erased again."""

    people: int = 0
    texts: int = 0
    sessions: int = 0
    left: list[UUID] = field(default_factory=list)


def settle(manifest: Manifest, *, set_aside: bool, erased: Iterable[UUID], keep_sign_ins: bool) -> Settled:
    """Bring a loaded backup to today. Each step may be done again without harm."""
    upgrade()
    if not keep_sign_ins:
        _run("end_sign_ins")
    _tidy()
    settled = _erase_again(set(erased), set_aside=set_aside)
    audit.record(
        Action.BACKUP_RESTORED,
        actor=None,
        resource_type="backup",
        resource_id=manifest.sha256,
        metadata={"made_at": manifest.made_at, "migration": manifest.migration, "people_erased_again": settled.people},
    )
    db.session.commit()
    return settled


def prove() -> tuple[Verification, Ledger]:
    """What the audit trail's check and the ledger say of the database as it now is."""
    try:
        seal_closed_days()  # the day of the backup may be over and not sealed
    except DayStillOpen:
        db.session.rollback()
    return verify(actor=None), ledger()


def _erase_again(erased: set[UUID], *, set_aside: bool) -> Settled:
    """First whole people, then the single texts and sessions that others deleted."""
    settled = Settled()
    if set_aside:
        erased |= {UUID(user_id) for (user_id,) in _run("erased_people")}
    back = db.session.scalars(select(User.id).where(User.id.in_(erased))).all()
    db.session.rollback()
    for user_id in back:
        try:
            erasing.erase_person(user_id, actor=None)
            settled.people += 1
        except (Conflict, Unavailable, redis.RedisError):
            db.session.rollback()
            settled.left.append(user_id)
    if set_aside:
        ((settled.texts, settled.sessions),) = _run("erase_again")
    return settled


def _run(name: str) -> list[Any]:
    """The rows it answers; as the owner, in a transaction of its own."""
    with connect() as connection:
        done = connection.execute(SQL.joinpath(f"{name}.sql").read_text())
        return done.fetchall() if done.description else []


def _tidy() -> None:
    """Fresh statistics and visibility maps: without them every figure is slow until autovacuum has come by."""
    with connect() as connection:
        connection.autocommit = True
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM (ANALYZE)")
