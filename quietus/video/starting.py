"""Starts a session with its consent, or finds the one that is there; says for whom and where that is allowed."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.errors import Conflict, Forbidden, Invalid
from quietus.core.extensions import db
from quietus.video import consents
from quietus.video.models import RESOURCE, Status, VideoSession
from quietus.video.service import may_post

REFUSED_CONTEXTS: Final = ("workplace", "education")


@dataclass(frozen=True, slots=True)
class Wish:
    """A session as it is asked for; `subject_id` is the person it is about, None for the one who asks."""

    session_type: str
    client_platform: str
    stream_session_id: str | None = None
    subject_id: UUID | None = None
    consent_version: str | None = None
    consent_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A session; `replayed` when it was there before."""

    session: VideoSession
    replayed: bool


def sessions_allowed() -> bool:
    """Whether this desk may hold sessions at all: not to read feelings at work or school (D15)."""
    chosen = settings()
    return chosen.context not in REFUSED_CONTEXTS or chosen.context_basis != "none"


def start_session(wish: Wish, *, actor: Principal) -> Started:
    """Start a session with its consent and audit rows in one commit; the same stream_session_id finds it again.

    A person consents by the wish itself. An agent (SERVICE) names a `subject_id`, whose own consent must stand; it
    may then also join a session of that person which it knows by its stream_session_id.
    Raises Forbidden where sessions are refused or the subject is another's, Invalid for consent or subject, and
    Conflict for a stream_session_id that is taken or a consent that does not stand.
    """
    if not sessions_allowed():
        raise Forbidden("context_refused", gettext("Video sessions are not allowed where this desk is used."))
    subject_id = _subject(wish, actor)
    for_self = subject_id == actor.id
    if for_self:
        consents.check(wish.consent_version, accepted=wish.consent_accepted)
    consents.hold(subject_id)
    if not for_self and consents.standing(subject_id) is None:
        db.session.rollback()
        words = gettext("This person's own consent to video sessions is needed first.")
        raise Conflict("consent_missing", words)
    session = _insert(wish, subject_id)
    if session is None:
        return _find_again(wish, subject_id, actor)
    if for_self:
        consents.record_given(subject_id)
    _audit(Action.VIDEO_SESSION_STARTED, session, actor)
    db.session.commit()
    return Started(session, replayed=False)


def _subject(wish: Wish, actor: Principal) -> UUID:
    """Whose session this will be. Raises Forbidden or Invalid."""
    if actor.can("hold_session"):
        if wish.subject_id not in (None, actor.id):
            raise Forbidden("subject_not_yours", gettext("You may hold sessions of your own only."))
        return actor.id
    if wish.consent_version is not None:
        raise Invalid({"consent": ["Only the person can consent. Leave it out: the consent on record counts."]})
    if wish.subject_id is None:
        raise Invalid({"subject_id": ["Name the person whose session this is."]})
    known = db.session.scalar(select(User.id).where(User.id == wish.subject_id, User.is_active))
    if known is None:
        db.session.rollback()
        raise Invalid({"subject_id": ["There is no such person here."]})
    return wish.subject_id


def _insert(wish: Wish, subject_id: UUID) -> VideoSession | None:
    """The new session; None when its stream_session_id is there already."""
    now = clock.now()
    session: VideoSession | None = db.session.scalar(
        insert(VideoSession)
        .values(
            id=uuid4(),
            user_id=subject_id,
            stream_session_id=wish.stream_session_id or str(uuid4()),
            session_type=wish.session_type,
            client_platform=wish.client_platform,
            status=Status.ACTIVE.value,
            started_at=now,
        )
        .on_conflict_do_nothing(index_elements=["stream_session_id"])
        .returning(VideoSession)
    )
    return session


def _find_again(wish: Wish, subject_id: UUID, actor: Principal) -> Started:
    session: VideoSession | None = db.session.scalar(
        select(VideoSession).where(
            VideoSession.stream_session_id == wish.stream_session_id, VideoSession.user_id == subject_id
        )
    )
    if session is None:
        db.session.rollback()
        # says no more than that the name cannot be had: whose it is, or whether it runs, is private
        raise Conflict("stream_session_id_taken", "Choose another stream_session_id.")
    if not db.session.scalar(select(VideoSession.id).where(VideoSession.id == session.id, may_post(actor))):
        _audit(Action.VIDEO_SESSION_JOINED, session, actor)
    db.session.commit()
    return Started(session, replayed=True)


def _audit(action: Action, session: VideoSession, actor: Principal) -> None:
    metadata = {"subject_id": str(session.user_id), "session_type": session.session_type}
    audit.record(action, actor=actor.id, resource_type=RESOURCE, resource_id=session.id, metadata=metadata)
