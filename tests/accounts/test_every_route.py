"""Every route of the product, by everybody: nobody and each role, with ids of their own and of others.

The table below is the promise; a route that is not in it fails the test. For a new route add one line:
who may call it, and whose things it shows.
"""

import io
import zipfile
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from quietus.accounts.permissions import ROLES
from quietus.core.extensions import db
from tests.factories import make_user, principal, sign_in
from tests.privacy.conftest import film, write

PHRASE: Final = "heliotrope umbrella"

PEOPLE: Final = frozenset({"USER", "CLINICIAN", "ANALYST", "AUDITOR", "ADMIN"})
ALL: Final = PEOPLE | {"SERVICE"}
FIGURES: Final = frozenset({"CLINICIAN", "ANALYST", "AUDITOR", "ADMIN"})
AUDIT: Final = frozenset({"AUDITOR", "ADMIN"})
READERS: Final = frozenset({"CLINICIAN", "ADMIN"})
ADMIN: Final = frozenset({"ADMIN"})
CLINICIAN: Final = frozenset({"CLINICIAN"})
SERVICE: Final = frozenset({"SERVICE"})
SUBMITTERS: Final = PEOPLE | SERVICE
EVENT_POSTERS: Final = frozenset({"USER", "SERVICE"})
HOLDERS: Final = frozenset({"USER", "SERVICE"})

# whose things a route shows or changes
OPEN: Final = "nobody's: anybody may call it"
OWN: Final = "the caller's own, and nothing of anybody else"
ROW: Final = "one row by its id: another person's is 404"
DESK: Final = "the desk's, or another person's by right of the role"


@dataclass(frozen=True)
class Route:
    """Who may call it, whose things it is about; `but` are roles to whom another's row is not closed."""

    roles: frozenset[str]
    about: str
    json: Any = None
    form: dict[str, str] = field(default_factory=dict)
    but: frozenset[str] = frozenset()


NOBODYS = Route(ALL, OPEN)
EVENT = {
    "id": str(uuid4()), "event_at": "2026-01-01T00:00:00Z", "risk_level": "LOW", "confidence": 0.5,
    "signals": {"presence": 1.0}, "model_version": "m", "latency_ms": 1,
}  # fmt: skip
OUTCOME = {"predicted_label": "LOW", "confidence": 0.5, "model_version": "m", "ai_processing_ms": 1}

TABLE: Final[dict[str, Route]] = {
    # open to everybody
    "GET static": NOBODYS,
    "GET health.healthz": NOBODYS,
    "GET health.readyz": NOBODYS,
    "GET health.metrics": NOBODYS,
    "GET home.index": NOBODYS,
    "GET home.help_now": NOBODYS,
    "GET api_docs.page": NOBODYS,
    "GET api-docs.openapi_json": NOBODYS,
    "GET accounts.sign_in": NOBODYS,
    "POST accounts.sign_in": NOBODYS,
    "GET accounts.register": NOBODYS,
    "POST accounts.register": NOBODYS,
    "GET accounts.forgot": NOBODYS,
    "POST accounts.forgot": NOBODYS,
    "GET accounts.reset": NOBODYS,
    "POST accounts.reset": NOBODYS,
    "POST accounts.sign_out": NOBODYS,
    "GET outside.oidc_start": NOBODYS,
    "GET outside.oidc_back": NOBODYS,
    "POST outside.proxy": NOBODYS,
    "GET outside.let_in": NOBODYS,
    "POST outside.let_in": NOBODYS,
    "GET auth.csrf": NOBODYS,
    "POST auth.register": NOBODYS,
    "POST auth.login": NOBODYS,
    "POST auth.logout": NOBODYS,
    # one's account
    "GET accounts.account": Route(ALL, OWN),
    "POST accounts.change_password": Route(ALL, OWN),
    "POST accounts.issue_token": Route(ALL, OWN),
    "POST accounts.revoke_token": Route(ALL, ROW),
    "POST accounts.sign_out_everywhere": Route(ALL, OWN),
    "GET auth.me": Route(ALL, OWN),
    "POST auth.change_password": Route(ALL, OWN),
    "POST auth.issue_token": Route(ALL, OWN),
    "GET auth.list_tokens": Route(ALL, OWN),
    "DELETE auth.revoke_token": Route(ALL, ROW),
    # texts
    "GET analysis.check_in": Route(PEOPLE, OWN),
    "POST analysis.submit": Route(PEOPLE, OWN),
    "GET analysis.result": Route(PEOPLE, ROW),
    "GET analysis.state": Route(PEOPLE, ROW),
    "GET analysis.words": Route(PEOPLE, ROW),
    "POST analysis.delete": Route(PEOPLE, ROW),
    "POST analysis.retry": Route(PEOPLE, ROW, but=ADMIN),
    "GET analysis.history": Route(PEOPLE, OWN),
    "GET analysis.export_csv": Route(PEOPLE, OWN),
    "GET analysis.export_json": Route(PEOPLE, OWN),
    "POST analyses.submit": Route(SUBMITTERS, OWN),
    "POST analyses.submit_batch": Route(SUBMITTERS, OWN),
    "GET analyses.list_analyses": Route(SUBMITTERS, OWN),
    "GET analyses.show": Route(SUBMITTERS, ROW),
    "GET analyses.explanation": Route(SUBMITTERS, ROW),
    "DELETE analyses.delete": Route(PEOPLE, ROW),
    "POST analyses.retry": Route(PEOPLE, ROW, but=ADMIN),
    "POST analyses.post_outcome": Route(SERVICE, DESK, json=OUTCOME),
    # video sessions
    "GET video.show_notice": Route(ALL, OPEN),
    "GET video.list_consents": Route(PEOPLE, OWN),
    "POST video.give_consent": Route(frozenset({"USER"}), OWN),
    "DELETE video.withdraw_consent": Route(PEOPLE, OWN),
    "POST video.start_session": Route(HOLDERS, OWN),
    "GET video.list_sessions": Route(PEOPLE, OWN),
    "GET video.show_session": Route(PEOPLE | SERVICE, ROW),
    "POST video.end_session": Route(PEOPLE | SERVICE, ROW),
    "DELETE video.delete_session": Route(PEOPLE, ROW),
    "GET video.list_events": Route(PEOPLE, ROW),
    "GET video.export_events": Route(PEOPLE, ROW),
    "POST video.store_events": Route(EVENT_POSTERS, ROW, json={"events": [EVENT]}),
    "POST video.import_events": Route(EVENT_POSTERS, ROW),
    "GET video.show_import": Route(PEOPLE | SERVICE, ROW),
    "GET sessions.live": Route(frozenset({"USER"}), OWN),
    "GET sessions.index": Route(PEOPLE, OWN),
    "GET sessions.show": Route(PEOPLE, ROW),
    "GET sessions.state": Route(PEOPLE, ROW),
    "GET sessions.export": Route(PEOPLE, ROW),
    "POST sessions.end": Route(PEOPLE, ROW),
    "POST sessions.delete": Route(PEOPLE, ROW),
    "POST sessions.withdraw": Route(PEOPLE, OWN),
    # the review queue: what waits for a reader, whoever it is about
    "GET review.index": Route(CLINICIAN, DESK),
    "GET review.waiting": Route(CLINICIAN, DESK),
    "GET review.item": Route(CLINICIAN, DESK),
    "GET review.earlier": Route(CLINICIAN, DESK),
    "POST review.open_next": Route(CLINICIAN, DESK),
    "POST review.open_item": Route(CLINICIAN, DESK),
    "POST review.renew": Route(CLINICIAN, DESK),
    "POST review.release": Route(CLINICIAN, DESK),
    "POST review.decide": Route(CLINICIAN, DESK),
    "POST review.undo": Route(CLINICIAN, DESK),
    "GET reviews.list_queue": Route(CLINICIAN, DESK),
    "POST reviews.claim": Route(CLINICIAN, DESK),
    "POST reviews.release": Route(CLINICIAN, DESK),
    "POST reviews.decide": Route(CLINICIAN, DESK),
    "POST reviews.undo": Route(CLINICIAN, DESK),
    # my data
    "GET privacy.me": Route(PEOPLE, OWN),
    "POST privacy.export": Route(PEOPLE, OWN),
    "POST privacy.erase": Route(PEOPLE, OWN),
    "POST privacy.keep": Route(PEOPLE, OWN),
    "GET privacy.access_log": Route(PEOPLE, OWN),
    "POST privacy.withdraw": Route(PEOPLE, OWN),
    "POST me.export": Route(PEOPLE, OWN),
    "POST me.erase": Route(PEOPLE, OWN),
    "DELETE me.keep": Route(PEOPLE, OWN),
    "GET me.access_log": Route(PEOPLE, OWN),
    "GET me.list_consents": Route(PEOPLE, OWN),
    "POST me.withdraw": Route(PEOPLE, OWN),
    # reading with a reason
    "GET finding.form": Route(READERS, DESK),
    "POST finding.find": Route(READERS, DESK),
    "POST finding.read": Route(READERS, DESK),
    # figures and reports: no text and no names
    "GET figures.catalogue": Route(FIGURES, OWN),
    "GET figures.show": Route(FIGURES, OWN),
    "GET analytics.dashboard": Route(FIGURES, OWN),
    "GET analytics.with_slash": Route(FIGURES, OWN),
    "GET analytics.figure": Route(FIGURES, OWN),
    "GET analytics.export_csv": Route(FIGURES, OWN),
    "GET report-jobs.catalogue": Route(FIGURES, OWN),
    "GET report-jobs.mine": Route(FIGURES, OWN),
    "POST report-jobs.order": Route(FIGURES, OWN),
    "GET report-jobs.show": Route(FIGURES, ROW),
    "GET report-jobs.download": Route(FIGURES, ROW),
    "DELETE report-jobs.delete": Route(FIGURES, ROW),
    "GET reports.index": Route(FIGURES, OWN),
    "GET reports.new": Route(FIGURES, OWN),
    "POST reports.order": Route(FIGURES, OWN),
    "GET reports.show": Route(FIGURES, ROW),
    "GET reports.state": Route(FIGURES, ROW),
    "GET reports.download": Route(FIGURES, ROW),
    "POST reports.again": Route(FIGURES, ROW),
    "POST reports.delete": Route(FIGURES, ROW),
    "GET reports.summaries": Route(FIGURES, OWN),
    "GET reports.summary": Route(FIGURES, OWN),
    "POST reports.mute": Route(FIGURES, OWN),
    "POST reports.send_summary": Route(FIGURES, OWN),
    # the audit
    "GET audit.search": Route(AUDIT, DESK),
    "GET audit.export_csv": Route(AUDIT, DESK),
    "GET audit.check": Route(AUDIT, DESK),
    "GET audits.search": Route(AUDIT, DESK),
    "GET audits.check": Route(AUDIT, DESK),
    # running the desk
    "GET admin.state": Route(ADMIN, DESK),
    "GET start.index": Route(ADMIN, DESK),
    "GET start.show": Route(ADMIN, DESK),
    "POST start.close": Route(ADMIN, DESK),
    "POST start.helplines_checked": Route(ADMIN, DESK),
    "GET admin.failed": Route(ADMIN, DESK),
    "POST admin.retry": Route(ADMIN, DESK),
    "GET webhooks.index": Route(ADMIN, DESK),
    "POST webhooks.test": Route(ADMIN, DESK),
    "POST webhooks.again": Route(ADMIN, DESK),
    "GET webhook-calls.list_endpoints": Route(ADMIN, DESK),
    "GET webhook-calls.list_deliveries": Route(ADMIN, DESK),
    "POST webhook-calls.test": Route(ADMIN, DESK),
    "POST webhook-calls.again": Route(ADMIN, DESK),
    "GET users.list_users": Route(ADMIN, DESK),
    "GET users.show_user": Route(ADMIN, DESK),
    "PATCH users.change_user": Route(ADMIN, DESK, json={"is_active": True}),
    "GET users_admin.search": Route(ADMIN, DESK),
    "GET users_admin.show": Route(ADMIN, DESK),
    "POST users_admin.set_roles": Route(ADMIN, DESK, form={"roles": "USER"}),
    "POST users_admin.deactivate": Route(ADMIN, DESK),
    "POST users_admin.activate": Route(ADMIN, DESK),
    "POST users_admin.propose": Route(ADMIN, DESK),
    "POST users_admin.confirm": Route(ADMIN, DESK),
    "POST users_admin.cancel": Route(ADMIN, DESK),
}
# what ends the caller's own session comes last
LAST: Final = ("POST accounts.sign_out_everywhere",)


def calls(app: Flask) -> list[tuple[str, str, str]]:
    """(name in the table, method, rule with its arguments) of every route."""
    found = [
        (f"{method} {rule.endpoint}", method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda each: (each[0] in LAST, each[0]))


class Somebody:
    """An account with one thing of every kind; `ids` says which, by the names that the addresses use."""

    def __init__(self, app: Flask, email: str, *roles: str) -> None:
        self.user = make_user(email, roles)
        self.client: FlaskClient = app.test_client()
        self.headers = sign_in(self.client, email)
        self.ids = {
            "analysis_id": str(write(principal(self.user), f"My {PHRASE} stood by the door of {email}.")[0]),
            "session_id": str(film(self.user.id)[0]),
            "token_id": self._made("/api/v1/auth/tokens", "token_id", {"name": "own", "scopes": ["me"], "days": 1}),
            "user_id": str(self.user.id),
            "job_id": str(uuid4()),
        }
        self.ids["item_id"] = self.ids["analysis_id"]
        if not {"ANALYST", "CLINICIAN", "AUDITOR", "ADMIN"}.isdisjoint(roles):
            order = {"name": "overview", "params": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}}
            self.ids["report_id"] = self._made("/api/v1/reports", "id", order)

    def _made(self, path: str, name: str, body: dict[str, Any]) -> str:
        answer = self.client.post(path, json=body, headers=self.headers)
        assert answer.status_code in (200, 201, 202), answer.text
        return str(answer.json[name])  # type: ignore[index]

    def call(self, app: Flask, method: str, endpoint: str, ids: dict[str, str], route: Route) -> Any:
        path = address(app, endpoint, ids)
        sent: dict[str, Any] = {"headers": self.headers}
        if route.json is not None:
            sent["json"] = route.json
        elif method != "GET" and path.startswith("/api/v1"):
            sent["json"] = {}
        elif route.form:
            sent["data"] = route.form
        if endpoint == "video.import_events":
            sent = {"headers": self.headers, "data": b"{}\n", "content_type": "application/x-ndjson"}
        return self.client.open(path, method=method, **sent)


# arguments that name no row
PLAIN: Final = {
    "filename": "app.css", "token": "made-up", "name": "overview", "kind": "csv", "format_name": "csv",
    "period_id": "daily:2026-01-01", "wanted": "off", "about": str(uuid4()),
}  # fmt: skip


def address(app: Flask, endpoint: str, ids: dict[str, str]) -> str:
    (rule,) = {rule.rule: rule for rule in app.url_map.iter_rules(endpoint)}.values()
    plain = PLAIN | ({"kind": "analysis"} if "item_id" in rule.arguments else {})
    unknown = rule.arguments - PLAIN.keys() - ids.keys()
    assert not unknown, f"{endpoint}: say in this test what stands for {unknown}"
    path: str = app.url_map.bind("localhost").build(endpoint, {**plain, **ids}, append_unknown=False)
    return path + ("?format=csv" if endpoint == "report-jobs.download" else "")


def shown(answer: Any) -> str:
    if answer.mimetype == "application/zip":
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
        return "\n".join(archive.read(name).decode() for name in archive.namelist())
    text: str = answer.get_data(as_text=True)
    return text


@pytest.fixture
def alice(app: Flask) -> Somebody:
    """Whose things all the others must not see; an analyst too, so that she has a report."""
    return Somebody(app, "alice@example.org", "USER", "ANALYST")


def test_every_route_is_in_the_table(shared_app: Flask) -> None:
    assert {name for name, _, _ in calls(shared_app)} == set(TABLE)


def test_nobody_is_asked_to_sign_in(app: Flask, alice: Somebody) -> None:
    for name, method, endpoint in calls(app):
        client, path = app.test_client(), address(app, endpoint, alice.ids)
        answer = client.open(path, method=method)
        if TABLE[name] is NOBODYS:
            assert answer.status_code < 500, name
            assert answer.status_code != 401, name
            assert PHRASE not in shown(answer), name
            answer.close()
        elif path.startswith("/api/v1"):
            assert answer.status_code == 401, name
        else:
            assert (answer.status_code, "/auth/sign-in" in answer.headers["Location"]) == (303, True), name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_the_table_says_and_sees_nothing_of_others(app: Flask, alice: Somebody, role: str) -> None:
    stranger = Somebody(app, "carol@example.org", role) if role != "SERVICE" else Program(app)
    private = ["alice@example.org", "Alice Example", "of alice@", *(v for v in alice.ids.values())]
    for name, method, endpoint in calls(app):
        route = TABLE[name]
        if route.about == OPEN:
            continue
        ids = {**alice.ids, "user_id": str(alice.user.id)}
        answer = stranger.call(app, method, endpoint, ids, route)
        said = f"{role} {name}: {answer.status_code}"
        if role not in route.roles:
            assert answer.status_code == 403, said
        else:
            assert answer.status_code < 500, said
            assert answer.status_code not in (401, 403), said
        if route.about == ROW and role in route.roles - route.but:
            assert answer.status_code == 404, said
        if route.about != DESK or role not in route.roles:
            asked_for = address(app, endpoint, ids)
            leaked = [trace for trace in private if trace in shown(answer) and trace not in asked_for]
            assert not leaked, f"{said} shows {leaked}"


class Program(Somebody):
    """A SERVICE: it has no texts or sessions of its own."""

    def __init__(self, app: Flask) -> None:
        self.user = make_user("form@example.org", ("SERVICE",))
        self.client = app.test_client()
        self.headers = sign_in(self.client, "form@example.org")
        self.ids = {}


def test_ones_own_rows_are_there(app: Flask, alice: Somebody) -> None:
    """Else every 404 above could be one that everybody gets."""
    db.session.execute(text("UPDATE analysis_records SET predicted_label = 'LOW', model_version = 'test-1'"))
    db.session.commit()
    for name, method, endpoint in calls(app):
        route = TABLE[name]
        if method == "GET" and route.about in (OWN, ROW) and endpoint not in ("video.show_import", "reports.summary"):
            answer = alice.call(app, method, endpoint, alice.ids, route)
            # 409, 303: another version gave the outcome; no worker has built the report yet
            fine = (200, 303, 409) if route.about == ROW else (200, 301)
            assert answer.status_code in fine, f"{name} {answer.status_code}"
