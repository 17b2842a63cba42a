"""Made-up cursors, tokens and cells: whatever is mangled is refused, whatever is written comes back as it was."""

import base64
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quietus.accounts import signed, tokens
from quietus.core.errors import Invalid
from quietus.core.exports import FORMULA_STARTS, csv_lines
from quietus.core.paging import read_cursor, read_numbered_cursor, write_cursor

few = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
moments = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
# PostgreSQL holds no NUL and no half of a character, so no cell does
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@few
@given(moments, st.uuids(), st.integers(0, 2**63 - 1))
def test_a_cursor_reads_back_as_it_was_written(moment: datetime, row_id: Any, number: int) -> None:
    assert read_cursor(write_cursor(moment, row_id)) == (moment, row_id)
    assert read_numbered_cursor(write_cursor(moment, number)) == (moment, number)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@few
@given(st.one_of(st.text(), json_values.map(lambda v: base64.urlsafe_b64encode(json.dumps(v).encode()).decode())))
def test_what_is_no_cursor_is_refused_and_breaks_nothing(text: str) -> None:
    for read in (read_cursor, read_numbered_cursor):
        try:
            moment, _ = read(text)
        except Invalid:
            continue
        assert moment.tzinfo is not None


@pytest.mark.parametrize("path", ["/api/v1/analyses", "/api/v1/video/sessions", "/api/v1/me/access-log"])
def test_a_cursor_at_the_edge_of_time_is_no_error_of_the_database(app: Flask, path: str) -> None:
    from tests.accounts.conftest import Browser
    from tests.factories import make_user

    make_user()
    alice = Browser(app)
    alice.sign_in()
    for moment in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00", "0001-01-01T00:00:00+23:59"):
        row = "7" if path.endswith("log") else str(uuid4())
        cursor = base64.urlsafe_b64encode(json.dumps([moment, row]).encode()).decode().rstrip("=")
        assert alice.get(f"{path}?cursor={cursor}").status_code in (200, 422), moment


def claims() -> Any:
    scopes = st.frozensets(st.sampled_from(["me", "analyses", "audit"]), min_size=1)
    return st.builds(tokens.Claim, st.uuids(), st.uuids(), scopes, st.integers(0, 2**40), st.integers(0, 2**62))


@few
@given(claims())
def test_a_token_says_what_was_put_into_it(app: Flask, claim: tokens.Claim) -> None:
    assert tokens._read(tokens._write(claim)) == claim


@few
@given(claims(), st.data())
def test_a_token_with_any_part_changed_is_nothing(app: Flask, claim: tokens.Claim, data: Any) -> None:
    whole = tokens._write(claim)
    place = data.draw(st.integers(0, len(whole) - 1))
    letter = data.draw(st.sampled_from("ABab01-_.$ é"))
    changed = {whole[:place], whole[place + 1 :], whole[:place] + letter + whole[place + 1 :], whole + letter}
    for text in changed - {whole}:
        found = tokens._read(text)
        # the last letter of base64 may hold bits that nobody reads: then it is the same token, never another
        assert found is None or found == claim


@few
@given(claims())
def test_another_key_or_purpose_makes_nothing_of_it(app: Flask, claim: tokens.Claim) -> None:
    facts = [claim.id.hex, claim.user_id.hex, sorted(claim.scopes), claim.expires_at, claim.generation]
    assert tokens._read(tokens.PREFIX + signed.write("password-reset", facts)) is None
    own = app.config["SECRET_KEY"]
    app.config["SECRET_KEY"] = "another-desks-key-0123456789-abcdefghijk"
    try:
        foreign = tokens._write(claim)
    finally:
        app.config["SECRET_KEY"] = own
    assert tokens._read(foreign) is None


@few
@given(st.lists(st.lists(texts, min_size=2, max_size=2), max_size=5))
def test_a_csv_reads_back_as_it_was_and_no_cell_of_it_runs(rows: list[list[str]]) -> None:
    whole = "".join(csv_lines(["one", "two"], rows))
    header, *found = list(csv.reader(io.StringIO(whole, newline="")))
    assert header == ["one", "two"]
    assert len(found) == len(rows)
    for given_row, read_row in zip(rows, found, strict=True):
        for sent, read in zip(given_row, read_row, strict=True):
            assert read == (f"'{sent}" if sent.startswith(FORMULA_STARTS) else sent)
            assert not read.startswith(FORMULA_STARTS)


def test_a_csv_keeps_numbers_as_numbers() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1)
    assert "".join(csv_lines(["n"], [[-1.5], [moment]])).splitlines() == ["n", "-1.5", str(moment)]
