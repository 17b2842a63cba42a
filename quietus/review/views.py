"""The pages of the queue: what waits, one item, what was decided. All of it works as forms, without JavaScript."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from babel.units import format_unit
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.core import clock
from quietus.core.access import asked_by_itself, requires
from quietus.core.config import settings
from quietus.core.errors import Conflict, Invalid
from quietus.core.languages import language
from quietus.core.pages import rfc3339
from quietus.review import claims, decisions, opened, queue
from quietus.review.forms import DecisionForm
from quietus.review.standing import standing
from quietus.review.vocabulary import Kind, Place

bp = Blueprint("review", __name__, url_prefix="/review")

# what a reader is told about an item that they have decided about themselves
DECIDED = ("already_decided", "other_reader_needed")
ITEM = "/<any(analysis, session):kind>/<uuid:item_id>"


@bp.app_template_filter("waited")
def waited(since: datetime) -> str:
    """How long something has waited, as people say it."""
    minutes = max(0, int((clock.now() - since).total_seconds() // 60))
    if minutes < 1:
        return str(gettext("less than a minute"))
    size, unit = next(each for each in ((1440, "day"), (60, "hour"), (1, "minute")) if minutes >= each[0])
    return format_unit(minutes // size, f"duration-{unit}", locale=language())


@bp.get("")
@requires("review")
def index() -> ResponseReturnValue:
    page, counts = queue.overview(reader=current_user)
    try:
        if cursor := request.args.get("cursor"):
            page = queue.list_queue(reader=current_user, cursor=cursor)
    except Invalid:  # a damaged link to a later page: show the first
        return redirect(url_for("review.index"), 303)
    groups = {place: [item for item in page.items if item.place is place] for place in Place}
    return render_template(
        "review/queue.html",
        groups=groups,
        next_cursor=page.next_cursor,
        counts=counts,
        most=queue.COUNTED,
        seen=_seen(counts),
    )


@bp.get("/waiting")
@asked_by_itself
@requires("review")
def waiting() -> ResponseReturnValue:
    """How much waits now, for the page that is open; nothing at all while it is as that page shows it."""
    _, counts = queue.overview(reader=current_user)
    if _seen(counts) == request.args.get("now"):
        return "", 204
    return render_template("review/_waiting.html", counts=counts, most=queue.COUNTED, seen=request.args.get("seen", ""))


def _seen(counts: queue.Counts) -> str:
    return f"{counts.first}-{counts.next}"


@bp.post("/next")
@requires("read_text")
def open_next() -> ResponseReturnValue:
    found = claims.claim_next(reader=current_user)
    if found is None:
        flash(gettext("Nothing is free to open at the moment."))
        return redirect(url_for("review.index"), 303)
    return _to(*found)


@bp.post(f"{ITEM}/open")
@requires("read_text")
def open_item(kind: str, item_id: UUID) -> ResponseReturnValue:
    with suppress(Conflict):  # somebody was faster: the item's page says how it stands
        claims.claim(Kind(kind), item_id, reader=current_user)
    return _to(Kind(kind), item_id)


@bp.get(ITEM)
@requires("read_text")
def item(kind: str, item_id: UUID) -> ResponseReturnValue:
    try:
        found = opened.read(Kind(kind), item_id, reader=current_user)
    except Conflict as refusal:
        return _closed(Kind(kind), item_id, refusal)
    return _open(found, DecisionForm(formdata=None))


@bp.post(f"{ITEM}/decision")
@requires("read_text")
def decide(kind: str, item_id: UUID) -> ResponseReturnValue:
    form, of = DecisionForm(), Kind(kind)
    try:
        if not form.validate():
            return _open(opened.read(of, item_id, reader=current_user), form), 422
        decisions.decide(of, item_id, form.decision(), reader=current_user)
    except Invalid as refusal:
        form.outcome.errors = (refusal.errors or {}).get("outcome", [])
        return _open(opened.read(of, item_id, reader=current_user), form), 422
    except Conflict as refusal:
        return _too_late(of, item_id, form, refusal)
    flash(gettext("Your decision is kept."))
    return _to(of, item_id)


def _too_late(kind: Kind, item_id: UUID, form: DecisionForm, refusal: Conflict) -> ResponseReturnValue:
    """Nothing was decided; what was written is given back, with the item where it is still free."""
    done = decisions.made(standing(kind, item_id, reader=current_user.id))
    if refusal.code == "already_decided" and done and done.reader_id == current_user.id:
        return _to(kind, item_id)  # a second click
    if refusal.code == "claim_expired":
        try:
            claims.claim(kind, item_id, reader=current_user)
            return _open(opened.read(kind, item_id, reader=current_user), form, late=True), 409
        except Conflict as later:
            refusal = later
    return _closed(kind, item_id, refusal, note=form.note.data), 409


@bp.post(f"{ITEM}/release")
@requires("review")
def release(kind: str, item_id: UUID) -> ResponseReturnValue:
    try:
        claims.release(Kind(kind), item_id, reader=current_user)
        flash(gettext("The item is back in the queue. Nothing was decided."))
    except Conflict:  # it was not open any more: it is back already
        pass
    return redirect(url_for("review.index"), 303)


@bp.post(f"{ITEM}/renew")
@requires("read_text")
def renew(kind: str, item_id: UUID) -> ResponseReturnValue:
    """Called by the open page every few minutes; until when the item is open."""
    return rfc3339(claims.renew(Kind(kind), item_id, reader=current_user)), {"Content-Type": "text/plain"}


@bp.post(f"{ITEM}/undo")
@requires("read_text")
def undo(kind: str, item_id: UUID) -> ResponseReturnValue:
    try:
        decisions.undo(Kind(kind), item_id, reader=current_user)
        flash(gettext("Your decision is taken back. The item is open with you again."))
    except Conflict as refusal:
        flash(refusal.detail, "warning")
    return _to(Kind(kind), item_id)


@bp.get(f"{ITEM}/earlier")
@requires("read_text")
def earlier(kind: str, item_id: UUID) -> ResponseReturnValue:
    of = Kind(kind)
    try:
        page = opened.earlier(of, item_id, reader=current_user, cursor=request.args.get("cursor"))
    except Invalid:  # a damaged link to an older page: show the newest
        return redirect(url_for("review.earlier", kind=kind, item_id=item_id), 303)
    except Conflict:  # only who has the item open may look further
        return _to(of, item_id)
    return render_template("review/earlier.html", kind=of, item_id=item_id, page=page)


def _to(kind: Kind, item_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("review.item", kind=kind.value, item_id=item_id), 303)


def _open(found: opened.Opened, form: DecisionForm, *, late: bool = False) -> str:
    if found.item.reading == 2:
        form.leave_out_a_third_reader()
    return render_template(
        "review/item.html", opened=found, form=form, late=late, claim_minutes=settings().claim_minutes
    )


def _closed(kind: Kind, item_id: UUID, refusal: Conflict, *, note: str | None = None) -> str:
    found = standing(kind, item_id, reader=current_user.id)
    done = decisions.made(found)
    mine = done if done and done.reader_id == current_user.id and refusal.code in DECIDED else None
    return render_template("review/closed.html", item=found, refusal=refusal, made=mine, note=note)
