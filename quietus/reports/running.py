"""The worker's side of a report: build it once for each message, say how far it is, and always come to an end."""

from dataclasses import replace
from typing import Final
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from flask_babel import force_locale

from quietus.accounts import identity, standing
from quietus.accounts.identity import Principal
from quietus.accounts.permissions import READERS_OF_FIGURES
from quietus.core import logs
from quietus.core.errors import NotFound, Problem
from quietus.core.extensions import db
from quietus.core.languages import later
from quietus.reports import building, requests, states
from quietus.reports.document import Document, to_stored
from quietus.reports.requests import Request
from quietus.reports.service import ATTEMPTS, LOST
from quietus.reports.states import LIVE, State

log = structlog.get_logger(__name__)

TOO_LONG: Final = later("It took too long. A shorter period or fewer filters may help.")
NO_LONGER_ALLOWED: Final = later("Your account no longer has the right to see this.")
BROKEN: Final = later("Something went wrong on our side. You can ask for it again.")


class Cancelled(Exception):
    """The person who asked does not want it any more."""


def run(report_id: UUID, attempt: int) -> None:
    """Build a report unless another message took over, it was cancelled, or its state is lost."""
    try:
        request, cancelled = requests.find(report_id)
    except NotFound:
        return
    with force_locale(request.language):
        _run(request, attempt, cancelled=cancelled)


def _run(request: Request, attempt: int, *, cancelled: bool) -> None:
    report_id, state = request.id, states.read(request.id)
    if cancelled or state is None or state.status not in LIVE or state.attempt != attempt:
        return
    if state.starts >= ATTEMPTS:  # each time it took the worker down with it
        states.write(report_id, replace(state, status="FAILED", reason=str(LOST)))
        return
    state = replace(state, status="RUNNING", starts=state.starts + 1)
    states.write(report_id, state)
    with states.beating(report_id):
        states.write(report_id, _outcome(request, state))
    _forget_if_cancelled(report_id)


def _outcome(request: Request, state: State) -> State:
    """The state in which the building ended; its result is kept by then."""
    try:
        asker = _asker(request)
        document = _built(request, state, asker)
        states.keep(
            request.id, {"document": to_stored(document), "roles": sorted(asker.role_names & READERS_OF_FIGURES)}
        )
        reached = states.read(request.id) or state
        return replace(reached, status="READY", row_count=document.row_count, digest=document.digest)
    except Cancelled:
        return replace(state, status="CANCELLED")
    except SoftTimeLimitExceeded:
        reason = TOO_LONG
    except NotFound:
        reason = NO_LONGER_ALLOWED
    except Problem as problem:
        reason = problem.detail
    except Exception as error:  # whatever it was, the report must not wait for ever
        log.error("report.failed", error=type(error).__name__, where=logs.place(error))
        reason = BROKEN
    db.session.rollback()
    return replace(state, status="FAILED", reason=str(reason))


def _asker(request: Request) -> Principal:
    """The person with the rights they have now. Raises NotFound when they may build no reports any more."""
    account = standing.by_id(request.asked_by) if request.asked_by else None
    if account is None or not account.is_active:
        raise NotFound
    asker = identity.of(account, request.id, request.scopes)
    if not asker.can("build_reports"):
        raise NotFound
    return asker


def _built(request: Request, state: State, asker: Principal) -> Document:
    def progress(done: int, steps: int, unit: str) -> None:
        if _is_cancelled(request.id):
            raise Cancelled
        states.write(request.id, replace(state, done=done, steps=steps, unit=unit))

    return building.build(request.name, request.raw, request.watermark, asker=asker, progress=progress)


def _is_cancelled(report_id: UUID) -> bool:
    """Also when it was deleted, or the person who asked was erased."""
    try:
        request, cancelled = requests.find(report_id)
    except NotFound:
        return True
    finally:
        db.session.rollback()
    return cancelled or request.asked_by is None


def _forget_if_cancelled(report_id: UUID) -> None:
    """A cancelling that came between the last look and the last write leaves nothing behind."""
    if _is_cancelled(report_id):
        states.forget([report_id])
