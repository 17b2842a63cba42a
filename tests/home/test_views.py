"""Home and help answer when everything behind them is away, and every page carries the numbers and the way out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.core.config import ConfigurationError
from quietus.home.service import SHIPPED, load_helplines
from tests.factories import make_user, sign_in

NOBODY_LISTENS = 1  # a port that no server of ours uses


@pytest.fixture(scope="module")
def cut_off(make_app: Callable[..., Flask]) -> Flask:
    """An app whose database and broker are away."""
    return make_app(
        database_url=f"postgresql+psycopg://quietus@127.0.0.1:{NOBODY_LISTENS}/quietus",
        redis_url=f"redis://127.0.0.1:{NOBODY_LISTENS}/0",
    )


@pytest.mark.parametrize("path", ["/", "/help"])
def test_it_answers_with_database_and_broker_down(cut_off: Flask, path: str) -> None:
    answer = cut_off.test_client().get(path)
    assert answer.status_code == 200
    assert 'href="tel:988"' in answer.text


@pytest.mark.parametrize("path", ["/", "/help"])
def test_it_answers_a_signed_in_person_with_the_database_down(client: FlaskClient, cut_off: Flask, path: str) -> None:
    make_user()
    sign_in(client)
    cookie = client.get_cookie("quietus_session")
    assert cookie
    stranded = cut_off.test_client()
    stranded.set_cookie("quietus_session", cookie.value)
    answer = stranded.get(path)
    assert answer.status_code == 200
    assert 'href="tel:988"' in answer.text


def test_the_page_for_a_database_that_is_away_has_the_numbers_too(cut_off: Flask) -> None:
    client = cut_off.test_client()
    token = client.get("/auth/sign-in").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    answer = client.post("/auth/sign-in", data={"csrf_token": token, "email": "a@example.org", "password": "x" * 20})
    assert answer.status_code == 503
    assert 'href="tel:988"' in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_help_shows_every_line_with_its_source_and_its_date(client: FlaskClient) -> None:
    page = client.get("/help").text.replace("&amp;", "&")
    lines = load_helplines()
    for place in lines.countries:
        assert place.name in page
        for line in place.lines:
            assert line.name in page
            assert str(line.source) in page
            assert all(f">{number}</a>" in page for number in (*line.numbers, *place.emergency))
    assert lines.as_of.isoformat() in page


def test_home_offers_an_account_to_a_guest_and_a_check_in_to_a_person(client: FlaskClient) -> None:
    assert 'href="/auth/register"' in client.get("/").text
    make_user()
    sign_in(client)
    page = client.get("/").text
    assert "Start a check-in" in page
    assert 'href="/auth/register"' not in page


def test_an_operators_file_replaces_the_numbers_everywhere(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    content = json.loads(SHIPPED.read_text())
    content["strip"] = [{"where": "New Zealand", "number": "1737"}]
    file = tmp_path / "helplines.json"
    file.write_text(json.dumps(content))
    client = make_app(helplines_file=file).test_client()
    for path in ("/", "/no-such-page"):
        page = client.get(path).text
        assert 'href="tel:1737"' in page
        assert 'href="tel:988"' not in page


def test_it_does_not_start_with_a_wrong_file(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"helplines\.json"):
        make_app(helplines_file=tmp_path / "helplines.json")


def test_an_unknown_address_gives_a_page_with_numbers_and_the_request_id(client: FlaskClient) -> None:
    answer = client.get("/no-such-page", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert 'href="tel:988"' in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
