"""A desk with one endpoint, the program behind it, and texts and sessions to tell of."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.analysis.model_in_use import model_in_use
from quietus.analysis.recording import record_pending
from quietus.core.extensions import db
from quietus.webhooks import delivering
from tests.factories import make_user, principal
from tests.privacy.conftest import write
from tests.webhooks.receiver import SECRET, Receiver

WORDS = "I packed the last box today and nobody asked me where I was going."


@pytest.fixture
def ward() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def told_desk(make_app: Callable[..., Flask], clean: None, ward: Receiver) -> Iterator[Flask]:
    """A desk whose settings name `ward`."""
    endpoint = {
        "name": "ward", "url": ward.url(), "secret": SECRET, "events": ["analysis.recorded", "video_session.ended"],
    }  # fmt: skip
    app = make_app(webhooks=[endpoint], webhook_networks=["127.0.0.0/8"], webhook_timeout_seconds=0.5)
    with app.app_context():
        delivering.note_endpoints()
        yield app
        db.session.remove()


@pytest.fixture
def alice(told_desk: Flask) -> Any:
    return principal(make_user())


def read_texts(who: Any, *texts: str) -> list[UUID]:
    """Texts that were accepted and read by the shipped model; their ids."""
    ids = write(who, *(texts or (WORDS,)))
    model = model_in_use()
    assert model is not None
    record_pending(model)
    return ids


def noted(action: str = "webhook:%") -> list[Any]:
    """The audit rows about webhooks, oldest first, without when an endpoint came."""
    query = "SELECT * FROM audit_logs WHERE action LIKE :action AND action <> 'webhook:added' ORDER BY id"
    return list(db.session.execute(text(query), {"action": action}).mappings())


def wakened(app: Flask) -> None:
    """Let an endpoint that rests after a failure be asked again at once."""
    app.extensions["broker"].delete("quietus:webhooks:rests:ward")
