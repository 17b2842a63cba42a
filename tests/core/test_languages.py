"""The desk speaks English and German: whoever comes chooses, and nothing is left in one language only."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from jinja2 import Environment, nodes

from quietus.accounts.service import mail_reset_link
from quietus.core.languages import COOKIE, day, language, moment, number
from tests import translations
from tests.factories import make_user, sign_in
from tests.translations import LANGUAGES, PRODUCT

GERMAN: Final = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.4"}
HEADING: Final = "Fass in Worte, wie es dir geht."


def cookie(client: FlaskClient, name: str = COOKIE) -> str | None:
    found = client.get_cookie(name)
    return found.value if found else None


@pytest.mark.parametrize(
    ("header", "spoken"),
    [
        ({}, "en"),
        (GERMAN, "de"),
        ({"Accept-Language": "fr-FR,fr;q=0.9"}, "en"),
        ({"Accept-Language": "en-GB,de;q=0.5"}, "en"),
        ({"Accept-Language": "*"}, "en"),
        ({"Accept-Language": "\x7f;;q=x"}, "en"),
    ],
)
def test_a_page_speaks_what_the_browser_asks_for(client: FlaskClient, header: dict[str, str], spoken: str) -> None:
    answer = client.get("/", headers=header)
    assert f'<html lang="{spoken}">' in answer.text
    assert (HEADING in answer.text) == (spoken == "de")
    assert answer.headers["Content-Language"] == spoken
    assert {"Cookie", "Accept-Language"} <= set(answer.vary)


def test_the_switch_leads_back_to_the_same_page_and_is_remembered(client: FlaskClient) -> None:
    client.post("/auth/sign-in")
    page = client.get("/auth/sign-in?next=/history%3Ffrom%3D1").text
    there = re.search(r'href="([^"]*)" lang="de" hreflang="de"', page)
    assert there
    answer = client.get("/auth/sign-in" + there[1].replace("&amp;", "&"))
    assert (answer.status_code, answer.location) == (303, "/auth/sign-in?next=%2Fhistory%3Ffrom%3D1")
    assert cookie(client) == "de"
    german = client.get(answer.location).text
    assert re.search(r'lang="de" hreflang="de" aria-current="true">Deutsch<', german)
    assert "E-Mail-Adresse" in german
    client.get("/?language=en", headers=GERMAN)
    assert '<html lang="en">' in client.get("/", headers=GERMAN).text


@pytest.mark.parametrize("path", ["//evil.example/", "/nothing", "/\\evil.example"])
def test_the_switch_never_leads_to_another_site(client: FlaskClient, path: str) -> None:
    answer = client.get("/?language=de", environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.location) == (404, None)
    assert '<html lang="de">' in answer.text
    assert cookie(client) == "de"
    assert 'href="?language=en"' in answer.text
    led = client.get("/?language=de&_external=1&_scheme=javascript")
    assert led.location == "/?_external=1&_scheme=javascript"


def test_a_page_that_answers_a_form_only_switches_at_the_start(client: FlaskClient) -> None:
    make_user()
    client_headers = sign_in(client)
    page = client.post("/auth/password", data={"current_password": ""}, headers=client_headers)
    assert page.status_code == 422
    assert 'href="/?language=de"' in page.text


@pytest.mark.parametrize("wanted", ["fr", "", "de-DE", "../de", "en\r\nX: y"])
def test_an_unknown_language_is_no_language(client: FlaskClient, wanted: str) -> None:
    answer = client.get("/", query_string={"language": wanted})
    assert answer.status_code == 200
    assert cookie(client) is None
    client.set_cookie(COOKIE, "xx")
    assert '<html lang="de">' in client.get("/", headers=GERMAN).text


def test_programs_are_answered_in_english_whatever_their_library_sends(client: FlaskClient) -> None:
    answer = client.get("/api/v1/analyses?language=de", headers=GERMAN)
    assert answer.json["detail"] == "Please sign in."  # type: ignore[index]
    assert answer.headers["Content-Language"] == "en"
    assert "Accept-Language" not in answer.vary
    client.set_cookie(COOKIE, "de")
    assert client.get("/api/v1/analyses").json["detail"] == "Bitte melde dich an."  # type: ignore[index]


def test_what_the_code_says_is_said_in_the_readers_language(client: FlaskClient) -> None:
    client.set_cookie(COOKIE, "de")
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/auth/register").text)[0]
    page = client.post("/auth/register", data={"csrf_token": token, "email": "nothing", "full_name": "Ada"}).text
    assert "Passwort: Bitte fülle das aus." in page
    data = {"csrf_token": token, "email": "nothing", "full_name": "Ada", "password": "short"}
    page = client.post("/auth/register", data=data).text
    assert "Das ist keine E-Mail-Adresse." in page
    assert "Nimm mindestens 15 Zeichen." in page
    assert "Problem: Ein Konto anlegen" in page


def test_readers_of_german_find_their_own_numbers_first(client: FlaskClient) -> None:
    page = client.get("/help", headers=GERMAN).text
    strip = page.split('<ul class="strip-lines">')[1].split("</ul>")[0]
    assert "Österreich" in strip
    assert 'href="tel:142"' in strip
    assert "Südkorea" in page
    assert "Rund um die Uhr" in page


def test_one_context_may_serve_several_requests(app: Flask, client: FlaskClient) -> None:
    assert '<html lang="de">' in client.get("/", headers=GERMAN).text
    assert '<html lang="en">' in client.get("/").text


def test_mails_and_commands_speak_the_settings_language(
    make_app: Callable[..., Flask], clean: None, capsys: pytest.CaptureFixture[str]
) -> None:
    german = make_app(language="de")
    assert HEADING in german.test_client().get("/").text
    assert "Put into words" in german.test_client().get("/", headers={"Accept-Language": "en"}).text
    with german.app_context():
        assert language() == "de"
        mail_reset_link(make_user().id)
    sent = capsys.readouterr().out
    assert "Subject: Ein neues Passwort setzen\n" in sent
    assert "öffne innerhalb von 30 Minuten diese Adresse:\n\nhttp://" in sent


def test_with_https_the_choice_is_kept_as_strictly_as_the_sign_in(make_app: Callable[..., Flask]) -> None:
    client = make_app(public_url="https://desk.example.org").test_client()
    answer = client.get("/?language=de", base_url="https://desk.example.org")
    parts = answer.headers["Set-Cookie"].split("; ")
    assert {f"__Host-{COOKIE}=de", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(parts)
    assert '<html lang="de">' in client.get("/", base_url="https://desk.example.org").text


def test_dates_and_numbers(app: Flask) -> None:
    time = datetime(2026, 3, 5, 7, 4, tzinfo=UTC)
    with force_locale("en"):
        assert (moment(time), number(12345.67, 1)) == ("5 March 2026, 07:04 UTC", "12,345.7")
    with force_locale("de"):
        assert (day(time), moment(time)) == ("5. März 2026", "5. März 2026, 07:04 UTC")
        assert (number(12345), number(0.5, 2)) == ("12.345", "0,50")


# --- the catalogue -----------------------------------------------------------------------------------------------

PLACEHOLDER: Final = re.compile(r"%\(\w+\)[a-z]|%%")
TAG: Final = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def source() -> Catalog:
    return translations.source()


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return translations.read(request.param)


def test_every_sentence_of_the_source_is_there_and_no_other(source: Catalog, catalogue: Catalog) -> None:
    assert {each.id for each in catalogue} == {each.id for each in source}, "run: make translations"


def test_every_sentence_is_translated_with_its_values_and_its_marks(catalogue: Catalog) -> None:
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        ids = (message.id,) if isinstance(message.id, str) else message.id
        texts = (message.string,) if isinstance(message.id, str) else message.string
        assert len(texts) == len(ids)
        for said, text in zip(ids, texts, strict=True):
            assert text.strip(), f"not translated: {said}"
            assert not text.startswith(said + " "), said
            for part in (PLACEHOLDER, TAG):
                assert sorted(part.findall(text)) == sorted(part.findall(said)), text


def test_the_compiled_files_are_those_of_the_catalogue(catalogue: Catalog) -> None:
    code = str(catalogue.locale)
    assert translations.po_file(code).with_suffix(".mo").read_bytes() == translations.compiled(catalogue), (
        "run: make translations"
    )
    assert translations.script_file(code).read_text() == translations.for_scripts(catalogue), "run: make translations"


# --- the templates -----------------------------------------------------------------------------------------------

TEMPLATES: Final = PRODUCT / "templates"
# folders whose pages are not yet in two languages; a folder is taken out when its pages are
NOT_YET: Final[set[str]] = set()
READ_ALOUD: Final = {"title", "aria-label", "placeholder", "alt", "data-label", "data-announce", "data-title"}
SAME_EVERYWHERE: Final = {"Quietus AI", "UTC"}
WORDS: Final = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}")
A_SENTENCE: Final = re.compile(r"[A-Z][a-z]+([ :,.?!’'-].*)?", re.DOTALL)
TRANSLATES: Final = {"_", "gettext", "ngettext", "pgettext", "npgettext"}


class Text(HTMLParser):
    """What a person reads or hears of a page, as far as it stands in the template itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet += tag in ("code", "kbd", "style")
        self.found += [value or "" for name, value in attrs if name in READ_ALOUD]

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in ("code", "kbd", "style")

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.found.append(data)


def plain_text(environment: Environment, source: str) -> Iterator[str]:
    """The template's own text, without what stands in {{ … }}, {% … %} or between trans and endtrans."""
    kept, inside = "", False
    tokens = list(environment.lexer.tokeniter(source, None))
    for (_, kind, value), (_, _, following) in zip(tokens, [*tokens[1:], (0, "", "")], strict=True):
        if kind == "name" and value in ("trans", "endtrans"):
            inside = value == "trans"
        elif kind == "data" and not inside:
            kept += value
        elif kind == "variable_begin" and following:
            kept += "·"
    text = Text()
    text.feed(kept)
    yield from text.found


def literals(environment: Environment, source: str) -> Iterator[str]:
    """Strings in expressions that nothing translates."""
    tree = environment.parse(source)
    translated = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in TRANSLATES
        for constant in call.find_all(nodes.Const)
    }
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and id(constant) not in translated and A_SENTENCE.fullmatch(constant.value):
            yield constant.value


FILES: Final = sorted(file for file in TEMPLATES.rglob("*.*") if file.relative_to(TEMPLATES).parts[0] not in NOT_YET)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_every_word_of_a_template_can_be_translated(shared_app: Flask, file: Path) -> None:
    source = file.read_text()
    environment: Any = shared_app.jinja_env
    said = [*plain_text(environment, source), *literals(environment, source)]
    left = {text.strip() for text in said if WORDS.search(re.sub("|".join(SAME_EVERYWHERE), "", text))}
    assert left == set()


def test_what_is_listed_as_not_yet_translated_exists() -> None:
    assert {folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()} >= NOT_YET


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: file.name)
def test_shared_parts_are_imported_with_the_context(file: Path) -> None:
    """Else Jinja builds them once, in the language of whoever came first."""
    for imported in re.findall(r"{%-? (?:import|from) [^%]*%}", file.read_text()):
        assert "with context" in imported, imported
