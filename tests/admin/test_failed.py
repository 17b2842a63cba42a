"""Admins see which texts could not be read and why, without the words, and have them read again."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.extensions import db
from tests.privacy.conftest import Caller, write

WORDS = "A heliotrope umbrella stood by the door."


@pytest.fixture
def failed(alice: Caller) -> str:
    (record_id,) = write(alice.who, WORDS)
    db.session.execute(text("UPDATE analysis_records SET predicted_label = 'FAILED'"))
    audit.record(
        Action.ANALYSIS_FAILED,
        actor=None,
        resource_type="analysis",
        resource_id=record_id,
        metadata={"reason": "no_words"},
    )
    db.session.commit()
    return str(record_id)


def test_the_reason_is_shown_and_neither_words_nor_writer(root: Caller, alice: Caller, failed: str) -> None:
    page = root.get("/admin/failed").text
    assert failed in page
    assert "no words that the program knows" in page
    for private in (WORDS, "alice@example.org", str(alice.user.id)):
        assert private not in page


def test_it_is_read_again_once(root: Caller, failed: str, rows: Any) -> None:
    assert "being read again" in root.client.get(root.form(f"/admin/failed/{failed}/retry").headers["Location"]).text
    assert "not waiting" in root.client.get(root.form(f"/admin/failed/{failed}/retry").headers["Location"]).text
    assert rows("SELECT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]
    assert "Every text that was sent could be read" in root.get("/admin/failed").text
    assert root.form(f"/admin/failed/{uuid4()}/retry").status_code == 404


def test_a_damaged_link_shows_the_newest(root: Caller) -> None:
    assert root.get("/admin/failed?cursor=x").headers["Location"] == "/admin/failed"
