"""The ledger is even whatever happens to texts, and names those that are lost or came from nowhere."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from quietus.analysis import accepting, service
from quietus.core.extensions import db
from tests.factories import make_user, principal


@pytest.fixture
def alice(app: Flask) -> Any:
    return principal(make_user())


def ledger(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["quietus", "ledger"])


def accept(alice: Any, count: int = 4) -> list[Any]:
    submissions = [accepting.Submission(f"The tea was good, cup {n}.") for n in range(count)]
    return [answer.record for answer in accepting.accept_batch(submissions, actor=alice)]  # type: ignore[union-attr]


def change(sql: str, **values: object) -> None:
    db.session.execute(text(sql), values)
    db.session.commit()


def test_it_is_even_on_an_empty_desk(app: Flask) -> None:
    said = ledger(app)
    assert said.exit_code == 0
    assert said.output == "accepted 0 = recorded 0 + failed 0 + pending 0 + erased 0\nunaccounted 0\n"


def test_it_counts_every_fate(app: Flask, alice: Any) -> None:
    first, second, third, _ = accept(alice)
    change("UPDATE analysis_records SET predicted_label = 'LOW' WHERE id = :id", id=first.id)
    change("UPDATE analysis_records SET predicted_label = 'FAILED' WHERE id = :id", id=second.id)
    service.delete_analysis(third.id, actor=alice)
    said = ledger(app)
    assert said.output.startswith("accepted 4 = recorded 1 + failed 1 + pending 1 + erased 1\nunaccounted 0\n")
    assert said.exit_code == 0


def test_a_lost_text_is_named(app: Flask, alice: Any) -> None:
    lost = accept(alice)[2]
    change("DELETE FROM analysis_records WHERE id = :id", id=lost.id)
    said = ledger(app)
    assert said.exit_code == 1
    assert said.output.endswith(f"unaccounted 1\n{lost.request_id}\n")


def test_one_lost_and_one_from_nowhere_do_not_cancel_out(app: Flask, alice: Any) -> None:
    lost = accept(alice)[0]
    change("UPDATE analysis_records SET id = :new WHERE id = :id", new=uuid4(), id=lost.id)
    assert "unaccounted 2\n" in ledger(app).output


def test_erased_and_still_there_is_uneven(app: Flask, alice: Any, rows: Callable[..., Any]) -> None:
    record = accept(alice, 1)[0]
    change(
        "INSERT INTO audit_logs (action, resource_type, resource_id) VALUES ('analysis:erased', 'analysis', :id)",
        id=str(record.id),
    )
    assert ledger(app).exit_code == 1
