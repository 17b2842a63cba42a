"""What to do next on a new desk: each step is read from how things are, so that none has to be ticked off by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app

from quietus.accounts import administration
from quietus.accounts.permissions import ADMIN, CLINICIAN
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import Settings, settings
from quietus.core.extensions import db
from quietus.home.service import load_helplines

State = Literal["done", "todo", "optional"]

DAY: Final = 86_400
BACKUP_DAYS: Final = 2
HERE_ONLY: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `way` names which of its sentences fits, where a step has several."""

    name: str
    state: State
    way: str = ""


def first_steps() -> list[Step]:
    """Every step, in the order in which they are best taken. It reads settings and a few indexed rows."""
    chosen = settings()
    return [*_people(), *_care(chosen), *_running(chosen), *_as_you_like(chosen)]


def are_open() -> bool:
    """Whether there is still something to do, and no admin has closed the list."""
    return audit.newest(Action.FIRST_STEPS_CLOSED) is None and any(step.state == "todo" for step in first_steps())


def close(*, actor: UUID) -> None:
    """The list no longer stands in the way; the State page still leads to it."""
    audit.record(Action.FIRST_STEPS_CLOSED, actor=actor, resource_type="first_steps", resource_id=None)
    db.session.commit()


def note_helplines_checked(*, actor: UUID) -> None:
    """Somebody called the numbers; a newer list has to be checked again."""
    audit.record(
        Action.HELPLINES_CHECKED,
        actor=actor,
        resource_type="helplines",
        resource_id=_edition(settings()),
    )
    db.session.commit()


def _people() -> Iterator[Step]:
    yield _step("second_admin", administration.active_with(ADMIN, at_most=2) == 2)
    yield _step("clinician", administration.active_with(CLINICIAN, at_most=1) == 1)


def _care(chosen: Settings) -> Iterator[Step]:
    checked = audit.newest(Action.HELPLINES_CHECKED)
    yield _step("helplines", checked is not None and checked.resource_id == _edition(chosen))
    yield _step("escalation", bool(chosen.escalation))


def _running(chosen: Settings) -> Iterator[Step]:
    here = urlsplit(chosen.public_url).hostname in HERE_ONLY
    yield _step("https", chosen.https, "here" if here else "")
    yield _step("mail", chosen.mail_backend == "smtp")
    made = audit.newest(Action.BACKUP_MADE)
    fresh = made is not None and (clock.now() - made.created_at).total_seconds() < BACKUP_DAYS * DAY
    yield _step("backup", fresh, "old" if made and not fresh else "")


def _as_you_like(chosen: Settings) -> Iterator[Step]:
    yield Step("registration", "optional", chosen.registration if chosen.password_sign_in else "elsewhere")
    yield Step("webhooks", "done" if chosen.webhooks else "optional")
    yield Step("demo", "optional", "here" if current_app.config["MADE_UP"] else "")


def _step(name: str, done: bool, way: str = "") -> Step:
    return Step(name, "done" if done else "todo", way)


def _edition(chosen: Settings) -> str:
    return load_helplines(chosen.helplines_file).as_of.isoformat()
