"""Who reads an item now: one person at a time, for some minutes, renewed while the item is open."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from flask_babel import gettext

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.errors import Conflict, NotFound
from quietus.core.extensions import db
from quietus.core.pages import rfc3339
from quietus.review import queue
from quietus.review.standing import Standing, locked
from quietus.review.vocabulary import Kind

# a page that is loaded twice in a row need not renew twice
FRESH: Final = timedelta(minutes=1)


def claim(kind: Kind, item_id: UUID, *, reader: Principal) -> None:
    """Open an item, or go on having it open. Raises NotFound, or Conflict when it is not free for this reader."""
    with locked(kind, item_id, reader=reader.id) as item:
        refuse_unless_free(item, reader)
        take(item, reader)
        db.session.commit()


def claim_next(*, reader: Principal) -> tuple[Kind, UUID] | None:
    """Open the first item that nobody else has open; None when there is none. Two who ask at once get two items."""
    free = queue.first_free(reader=reader)
    # whoever holds a row's lock is opening it, or storing windows of it, at this moment: rather the next one. When
    # all were held, each is waited for: a lock is no claim
    for skip_locked in (True, False):
        for waiting in free:
            try:
                with locked(waiting.kind, waiting.id, reader=reader.id, skip_locked=skip_locked) as item:
                    refuse_unless_free(item, reader)
                    take(item, reader)
                    db.session.commit()
            except (NotFound, Conflict):
                continue
            return waiting.kind, waiting.id
    return None


def renew(kind: Kind, item_id: UUID, *, reader: Principal) -> datetime:
    """Keep an open item for longer; until when. Raises NotFound, or Conflict when it is not open with this reader."""
    with locked(kind, item_id, reader=reader.id) as item:
        refuse_unless_held(item, reader)
        until = keep(item, reader)
        db.session.commit()
    return until


def release(kind: Kind, item_id: UUID, *, reader: Principal) -> None:
    """Give an item back unread. Raises NotFound, or Conflict when this reader does not have it open."""
    with locked(kind, item_id, reader=reader.id) as item:
        refuse_unless_held(item, reader)
        audit.record(
            Action.REVIEW_RELEASED,
            actor=reader.id,
            resource_type=kind.resource,
            resource_id=item_id,
            metadata={"until": rfc3339(clock.now()), **item.carried()},
        )
        db.session.commit()


def take(item: Standing, reader: Principal) -> datetime:
    """Add the claim to the current transaction; until when it holds."""
    until = clock.now() + timedelta(minutes=settings().claim_minutes)
    audit.record(
        Action.REVIEW_CLAIMED,
        actor=reader.id,
        resource_type=item.kind.resource,
        resource_id=item.id,
        metadata={"until": rfc3339(until), **item.carried()},
    )
    return until


def keep(item: Standing, reader: Principal) -> datetime:
    """Renew the claim, unless that was only just done; until when it holds."""
    renewed = item.claimed_until - timedelta(minutes=settings().claim_minutes)
    return item.claimed_until if clock.now() - renewed < FRESH else take(item, reader)


def refuse_unless_free(item: Standing, reader: Principal) -> None:
    if item.settled:
        raise Conflict("already_decided", gettext("This item has been decided."))
    if item.first_reader == str(reader.id):
        raise Conflict("other_reader_needed", gettext("You asked for a second reader; somebody else reads this one."))
    if item.holder not in (None, reader.id):
        until = f"{item.claimed_until:%H:%M}"
        raise Conflict("claimed", gettext("Somebody else has this open until %(time)s UTC.", time=until))


def refuse_unless_held(item: Standing, reader: Principal) -> None:
    """Raises Conflict unless this reader has the item open at this moment."""
    refuse_unless_free(item, reader)
    if item.holder == reader.id:
        return
    if item.newest and item.newest.action == Action.REVIEW_CLAIMED and item.newest.user_id == reader.id:
        words = gettext("You had this open for too long without a sign of you. Open it again.")
        raise Conflict("claim_expired", words)
    raise Conflict("not_claimed", gettext("You do not have this item open. Open it first."))
