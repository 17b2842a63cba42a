"""Which language an answer speaks, and how words, days and numbers are said in it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final, cast
from urllib.parse import urlencode

from babel import negotiate_locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from flask import Flask, Response, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale, gettext, lazy_gettext, refresh

from quietus.core.config import settings
from quietus.core.extensions import wants_json

SOURCE: Final = "en"  # the language that the code is written in
NAMES: Final[Mapping[str, str]] = MappingProxyType({SOURCE: "English", "de": "Deutsch"})
DAYS: Final = {SOURCE: "d MMMM y", "de": "d. MMMM y"}
PARAMETER: Final = "language"
COOKIE: Final = "quietus-language"
COOKIE_SECONDS: Final = 365 * 24 * 3600


def language() -> str:
    """The code of the language that is spoken now: of the request, or in tasks and commands of the settings."""
    return str(get_locale() or SOURCE)


def later(text: str, **numbers: int) -> str:
    """As gettext, for what is written down before there is a request; said anew in each one's language.

    Numbers only: where such a text meets a template it is not escaped.
    """
    return cast(str, lazy_gettext(text, **numbers))


def translated(text: str) -> str:
    """A text of a data file in the language of the request; one that nobody translated stays as it is."""
    return str(gettext(text)) if text else text


def day(value: date) -> str:
    return format_date(value, DAYS[language()], locale=language())


def moment(value: datetime) -> str:
    """A time for people, always with its zone; the machine-readable one stands beside it in <time>."""
    value = value.astimezone(UTC)
    return f"{day(value)}, {format_time(value, 'HH:mm', tzinfo=UTC, locale=language())} UTC"


def number(value: float, places: int = 0) -> str:
    """1,234.5 or 1.234,5, with exactly this many decimal places."""
    return format_decimal(value, f"#,##0.{'0' * places}" if places else "#,##0", locale=language())


def _cookie() -> str:
    return f"__Host-{COOKIE}" if settings().https else COOKIE


def _select() -> str:
    if not has_request_context():
        return settings().language
    if chosen := _wanted() or _remembered():
        return chosen
    if wants_json():  # programs do not choose what their HTTP library sends: what they are told stays the same
        return SOURCE
    # not werkzeug's best_match: "en-GB, de;q=0.5" would be German
    asked = [tag for tag, quality in request.accept_languages if quality]
    return negotiate_locale(asked, list(NAMES), sep="-") or settings().language


def _remembered() -> str | None:
    found = request.cookies.get(_cookie())
    return found if found in NAMES else None


def _wanted() -> str | None:
    """The language that somebody chose just now, by the switch at the foot of a page."""
    found = request.args.get(PARAMETER) if request.method in ("GET", "HEAD") and not wants_json() else None
    return found if found in NAMES and request.endpoint != "static" else None


def switch(code: str) -> str:
    """The link to this page in another language; where it answered a form that has no page of its own, to the start."""
    methods = request.url_rule.methods if request.url_rule else None
    if methods and "GET" not in methods:
        return url_for("home.index", language=code)
    # relative: the path of a page that is not there is a stranger's, and may look like another site's
    return f"?{urlencode([*_other_arguments(), (PARAMETER, code)])}"


def _other_arguments() -> list[tuple[str, str]]:
    return [pair for pair in request.args.items(multi=True) if pair[0] != PARAMETER] if request.method == "GET" else []


def _without_the_choice() -> ResponseReturnValue | None:
    """Lead to the same page under its own address; the answer remembers what was chosen."""
    refresh()  # an application context may serve several requests in a row (a command, a test)
    if not request.endpoint or not _wanted():
        return None
    page = url_for(request.endpoint, **(request.view_args or {}))
    rest = urlencode(_other_arguments())
    return redirect(f"{page}?{rest}" if rest else page, code=303)


def _tell(response: Response) -> Response:
    if request.endpoint == "static":
        return response
    response.vary.update(["Cookie"] if wants_json() else ["Cookie", "Accept-Language"])
    if response.mimetype in ("text/html", "application/problem+json"):
        response.content_language.add(language())
    if wanted := _wanted():
        response.set_cookie(
            _cookie(), wanted, max_age=COOKIE_SECONDS, secure=settings().https, httponly=True, samesite="Lax"
        )
    return response


def init_app(app: Flask) -> None:
    Babel(app, default_locale=SOURCE, locale_selector=_select)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters.update(day=day, moment=moment, number=number, translated=translated)
    app.context_processor(lambda: {"language": language(), "languages": NAMES, "language_switch": switch})
    app.before_request(_without_the_choice)
    app.after_request(_tell)
