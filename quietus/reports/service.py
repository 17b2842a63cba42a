"""Reports as people meet them: ask for one, see how it stands, take it home, cancel it, have it forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Flask, current_app
from flask_babel import force_locale, gettext

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock, locks
from quietus.core.celery import interrupt, send
from quietus.core.errors import Conflict, Invalid, NotFound, Unavailable
from quietus.core.extensions import db
from quietus.core.languages import later
from quietus.core.pages import rfc3339
from quietus.reports import building, requests, states
from quietus.reports.catalogue import get_report, title_of
from quietus.reports.document import Document, from_stored
from quietus.reports.render import FORMATS
from quietus.reports.requests import RESOURCE, Request
from quietus.reports.states import AWAY, LIVE, State, Status

TASK: Final = "reports.build"
ATTEMPTS: Final = 3
LOST: Final = later("The program that built it ended three times on the way. A shorter period may help.")
MINE_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Job:
    """A report that somebody asked for, and how it stands."""

    request: Request
    state: State

    @property
    def id(self) -> UUID:
        return self.request.id

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def title(self) -> str:
        return title_of(self.request.name)

    @property
    def status(self) -> Status:
        return self.state.status

    @property
    def live(self) -> bool:
        return self.state.status in LIVE


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way: its name, its kind, and its bytes piece by piece."""

    filename: str
    media_type: str
    digest: str
    row_count: int
    pieces: Iterator[bytes]


def request_report(name: str, raw: Mapping[str, str | None], *, actor: Principal) -> Job:
    """Ask for a report; one that asks the same and is still on its way is returned instead of another.

    Raises NotFound, Invalid, or Unavailable when nothing can be started.
    """
    given, params = _read(name, raw, actor)
    content, watermark = requests.content_of(name, given), _watermark()
    locks.wait_for(f"report:{actor.id}:{content}")  # of two clicks at once the second finds the first one's report
    if running := _same_on_its_way(actor, content):
        db.session.rollback()
        return running
    report_id = requests.record(name, given, _fixed(given, params, watermark), watermark, actor)
    states.queue(report_id, State("QUEUED"))
    db.session.commit()
    if not _send(report_id, 1):
        _note(Action.REPORT_CANCELLED, report_id, actor)
        raise Unavailable(AWAY)
    return get_job(report_id, for_user=actor)


def _watermark() -> datetime:
    """Now, in whole milliseconds: what has come in before this counts."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _same_on_its_way(actor: Principal, content: str) -> Job | None:
    newest = requests.of_person(actor.id, limit=1, content=content)
    job = _job(*newest[0]) if newest else None
    return job if job and job.live else None


def _fixed(given: dict[str, str], params: Mapping[str, Mapping[str, Any]], watermark: datetime) -> dict[str, str]:
    """What was given, with the period as times: built later, or again, it is the same period."""
    periods = [each for each in params.values() if "from" in each]
    if not periods:
        return given
    since, until = periods[0]["from"], min(periods[0]["to"], watermark)
    if since >= until:
        raise Invalid({"from": [gettext("There is nothing yet: this period lies in the future.")]})
    return given | {"from": rfc3339(since), "to": rfc3339(until)}


def _send(report_id: UUID, attempt: int) -> bool:
    return send(TASK, str(report_id), attempt, task_id=_task_id(report_id, attempt))


def _task_id(report_id: UUID, attempt: int) -> str:
    return f"{report_id}-{attempt}"


def _note(action: Action, report_id: UUID, actor: Principal, **metadata: str) -> None:
    audit.record(action, actor=actor.id, resource_type=RESOURCE, resource_id=report_id, metadata=metadata or None)
    db.session.commit()


def get_job(report_id: UUID, *, for_user: Principal) -> Job:
    """One's own report and how it stands; one that was lost on the way is sent again. Raises NotFound."""
    request, cancelled = requests.find(report_id, asker_id=for_user.id)
    job = _job(request, cancelled)
    return _revived(job) if job.live else job


def my_jobs(*, for_user: Principal) -> list[Job]:
    """The newest of one's own reports."""
    asked = requests.of_person(for_user.id, limit=MINE_MAX)
    known = states.read_many([request.id for request, cancelled in asked if not cancelled])
    jobs = [Job(request, _shown(known.get(request.id), cancelled)) for request, cancelled in asked]
    return [_revived(job) if job.live else job for job in jobs]


def _job(request: Request, cancelled: bool) -> Job:
    return Job(request, _shown(None if cancelled else states.read(request.id), cancelled))


def _shown(state: State | None, cancelled: bool) -> State:
    if cancelled:
        return State("CANCELLED")
    return state or State("EXPIRED")


def _revived(job: Job) -> Job:
    """A report on its way without a pulse lost its worker or its message: sent again, at most ATTEMPTS times."""
    if states.has_pulse(job.id) or not states.may_revive(job.id, job.state.attempt):
        return job
    if job.state.attempt >= ATTEMPTS:
        state = replace(job.state, status="FAILED", reason=str(LOST))
        states.write(job.id, state)
        return Job(job.request, state)
    state = replace(job.state, status="QUEUED", attempt=job.state.attempt + 1, done=0)
    states.queue(job.id, state)
    _send(job.id, state.attempt)
    return Job(job.request, state)


def run_again(report_id: UUID, *, actor: Principal) -> Job:
    """Ask the same question anew: with the rows there are now, and up to now where no end was given."""
    request, _ = requests.find(report_id, asker_id=actor.id)
    return request_report(request.name, request.asked, actor=actor)


def delete_report(report_id: UUID, *, actor: Principal) -> None:
    """Cancel a report on its way; delete the result of one that has come to its end. Raises NotFound."""
    job = get_job(report_id, for_user=actor)
    _note(Action.REPORT_CANCELLED if job.live else Action.REPORT_DELETED, report_id, actor)
    if job.live:
        interrupt(_task_id(report_id, job.state.attempt))
    states.forget([report_id])


def download(report_id: UUID, format_name: str, *, for_user: Principal) -> Download:
    """A READY report as a file. Raises NotFound, also when a right it was built with is gone, or Conflict.

    `for_user` must be the account itself, not the request's `current_user`: the file is written after the request.
    """
    if format_name not in FORMATS:
        raise Invalid({"format": [gettext("Must be one of: %(choices)s.", choices=", ".join(FORMATS))]})
    request, cancelled = requests.find(report_id, asker_id=for_user.id)
    get_report(request.name, for_user=for_user)
    job = _job(request, cancelled)
    data = states.kept(report_id) if job.status == "READY" else None
    if data is None:
        raise Conflict("not_ready", _WHY_NOT.get(job.status, _WHY_NOT["EXPIRED"]))
    if not set(data["roles"]) <= for_user.role_names:
        raise NotFound
    document = from_stored(data["document"])
    _note(Action.REPORT_DOWNLOADED, report_id, for_user, format=format_name, digest=document.digest)
    return _file(document, request.raw, request.watermark, format_name, for_user)


def _file(document: Document, raw: dict[str, str], watermark: datetime, format_name: str, asker: Principal) -> Download:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy

    def pieces() -> Iterator[bytes]:
        # a context of its own: the request's is over by the time the answer is streamed
        with (
            app.app_context(),
            force_locale(document.language),
            building.with_rows(document, raw, asker=asker) as whole,
        ):
            yield from FORMATS[format_name].write(whole)

    filename = f"{document.name}-{watermark:%Y%m%d-%H%M}.{format_name}"
    return Download(filename, FORMATS[format_name].media_type, document.digest, document.row_count, pieces())


def build_now(name: str, raw: Mapping[str, str | None], format_name: str, *, asker: Principal) -> Download:
    """A report without the background worker, for the command line; no result of it is kept.

    Raises as request_report and its figures do.
    """
    given, params = _read(name, raw, asker)
    watermark = _watermark()
    fixed = _fixed(given, params, watermark)
    report_id = requests.record(name, given, fixed, watermark, asker)
    document = building.build(name, fixed, watermark, asker=asker)
    metadata = {"format": format_name, "digest": document.digest}
    audit.record(
        Action.REPORT_DOWNLOADED,
        actor=requests.on_record(asker),
        resource_type=RESOURCE,
        resource_id=report_id,
        metadata=metadata,
    )
    db.session.commit()
    return _file(document, fixed, watermark, format_name, asker)


def _read(
    name: str, raw: Mapping[str, str | None], asker: Principal
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """What was given, and the checked parameters of each figure."""
    given = {key: value.strip() for key, value in raw.items() if value and value.strip()}
    return given, get_report(name, for_user=asker).read_params(given)


_WHY_NOT: Final = {
    "QUEUED": later("This report is not ready yet."),
    "RUNNING": later("This report is not ready yet."),
    "FAILED": later("This report could not be built. You can ask for it again."),
    "CANCELLED": later("This report was cancelled. You can ask for it again."),
    "EXPIRED": later("The result of this report is no longer kept. You can ask for it again."),
}


def forget_person(user_id: UUID) -> int:
    """Delete every stored result that the person asked for or that is about them; how many there were.

    Raises Unavailable when the result backend cannot be asked: nothing may count as forgotten then.
    """
    concerned = requests.concerning(user_id)
    for report_id, state in states.read_many(concerned).items():
        if state and state.status in LIVE:
            interrupt(_task_id(report_id, state.attempt))
    return states.forget(concerned)
