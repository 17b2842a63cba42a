"""The JSON calls of the queue."""

from typing import Any
from uuid import UUID

from flask_login import current_user

from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.review import claims, decisions, opened, queue
from quietus.review.schemas import DecidedSchema, DecisionSchema, OpenedSchema, QueueQuerySchema, QueueSchema
from quietus.review.vocabulary import HumanLabel, Kind, Outcome, Taken

bp = ApiBlueprint("reviews", __name__, description="What waits for a reader, and what readers decide")


@bp.route("/review/queue", methods=["GET"])
@bp.arguments(QueueQuerySchema, location="query")
@bp.response(200, QueueSchema)
@bp.leads_to(200, "reviews.list_queue", cursor="next_cursor")
@bp.leads_to(200, "reviews.claim", kind="items/0/kind", item_id="items/0/id")
@bp.refuses(401, 403, 422, 503)
@requires("review")
def list_queue(query: dict[str, Any]) -> dict[str, Any]:
    """What waits for you, most urgent first, without any content."""
    page, counts = queue.overview(reader=current_user, limit=query["limit"])
    if "cursor" in query:
        page = queue.list_queue(reader=current_user, limit=query["limit"], cursor=query["cursor"])
    return {
        "items": [_waiting(item) for item in page.items],
        "next_cursor": page.next_cursor,
        "waiting": counts,
    }


def _waiting(item: queue.Waiting) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "id": item.id,
        "place": item.place,
        "since": item.since,
        "waiting_seconds": item.waiting_seconds,
        "windows": item.windows,
        "reading": item.reading,
        "state": item.state(current_user.id),
        "held_until": item.held_until,
    }


@bp.route("/review/<any(analysis, session):kind>/<uuid:item_id>/claim", methods=["POST"])
@bp.response(200, OpenedSchema)
@bp.leads_to(200, "reviews.decide", kind="kind", item_id="id")
@bp.leads_to(200, "reviews.release", kind="kind", item_id="id")
@bp.refuses(401, 403, 404, 409, 503)
@requires("read_text")
def claim(kind: str, item_id: UUID) -> dict[str, Any]:
    """Open an item, or keep it open: yours alone for some minutes. The reading is audited."""
    claims.claim(Kind(kind), item_id, reader=current_user)
    return _opened(opened.read(Kind(kind), item_id, reader=current_user))


def _opened(found: opened.Opened) -> dict[str, Any]:
    item, record = found.item, found.record
    program = {
        "predicted_label": item.given.predicted_label,
        "confidence": item.given.confidence,
        "model_version": item.given.model_version,
        "flags": found.weighed.flags if found.weighed else [],
    }
    return {
        "kind": item.kind,
        "id": item.id,
        "place": item.place,
        "reading": item.reading,
        "since": item.given.since,
        "claimed_until": found.until,
        "input_text": record.input_text if record else None,
        "source": record.source if record else None,
        "windows": found.windows,
        "program": None if item.blind else program,
        "subject": found.subject,
    }


@bp.route("/review/<any(analysis, session):kind>/<uuid:item_id>/release", methods=["POST"])
@bp.response(204)
@bp.refuses(401, 403, 404, 409, 503)
@requires("review")
def release(kind: str, item_id: UUID) -> None:
    """Give an open item back without a decision."""
    claims.release(Kind(kind), item_id, reader=current_user)


@bp.route("/review/<any(analysis, session):kind>/<uuid:item_id>/decision", methods=["POST"])
@bp.arguments(DecisionSchema)
@bp.response(200, DecidedSchema)
@bp.leads_to(200, "reviews.undo", kind="kind", item_id="id")
@bp.refuses(400, 401, 403, 404, 409, 413, 415, 422, 503)
@requires("read_text")
def decide(body: dict[str, Any], kind: str, item_id: UUID) -> dict[str, Any]:
    """Say what you found about an item that is open with you."""
    label = body["human_label"]
    decision = decisions.Decision(
        Outcome(body["outcome"]), HumanLabel(label) if label else None, Taken(body["action"]), body["note"] or ""
    )
    return _decided(decisions.decide(Kind(kind), item_id, decision, reader=current_user))


def _decided(made: decisions.Made) -> dict[str, Any]:
    facts = made.facts
    program = {name: facts[name] for name in ("predicted_label", "confidence", "model_version")}
    return {
        "kind": made.kind,
        "id": made.id,
        **{name: facts[name] for name in ("outcome", "human_label", "action", "reading")},
        "undo_until": made.undo_until,
        "reason": facts["reason"] if made.lasts else None,
        "program": program if made.lasts else None,
    }


@bp.route("/review/<any(analysis, session):kind>/<uuid:item_id>/undo", methods=["POST"])
@bp.response(204)
@bp.refuses(401, 403, 404, 409, 503)
@requires("read_text")
def undo(kind: str, item_id: UUID) -> None:
    """Take your decision back within ten minutes; the item is open with you again."""
    decisions.undo(Kind(kind), item_id, reader=current_user)
