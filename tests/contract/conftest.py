"""A desk behind a real gunicorn with a worker, one account of each role with things of its own, and their keys."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask

from quietus.accounts.permissions import ROLES, SCOPES
from quietus.core.config import Settings
from tests.conftest import empty
from tests.factories import make_user, principal, sign_in
from tests.privacy.conftest import film, write
from tests.served import PROJECT, Served, environment_of, serve

# the limits have tests of their own; here they would end the run before it began
WIDE = {
    "QUIETUS_REGISTER_LIMIT": "1000000 per hour",
    **{f"QUIETUS_SIGN_IN_{which}LIMIT": "1000000 per hour" for which in ("", "ADDRESS_", "ACCOUNT_", "GLOBAL_")},
}
QUEUES = "analysis,events,reports,maintenance,mail"


@dataclass
class Desk:
    """A running desk, and for each name (NOBODY, a role, SERVICE by token) the headers that make one so."""

    served: Served
    headers: dict[str, dict[str, str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def desk(test_settings: Settings, shared_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    empty(test_settings, shared_app)
    folder = tmp_path_factory.mktemp("contract")
    worker = [sys.executable, "-m", "celery", "--quiet", "--app", "celery_worker", "worker", "--concurrency", "1"]
    with (
        serve(test_settings, folder / "web.log", **WIDE) as served,
        (folder / "worker.log").open("wb") as log,
        subprocess.Popen(
            [*worker, "--without-gossip", "--without-mingle", "--queues", QUEUES],
            env=environment_of(test_settings), cwd=PROJECT, stdout=log, stderr=log,
        ) as running,
    ):  # fmt: skip
        try:
            yield Desk(served, _keys(shared_app))
        finally:
            running.kill()


def _keys(app: Flask) -> dict[str, dict[str, str]]:
    """One account of each role. The only ADMIN can neither be demoted nor shut: the run cannot saw off its branch."""
    nobody = app.test_client()
    token = nobody.get("/api/v1/auth/csrf").json["csrf_token"]  # type: ignore[index]
    found = {"NOBODY": _cookie(nobody, {"X-CSRFToken": token})}
    for role in ROLES:
        email = f"{role.lower()}@example.org"
        with app.app_context():
            user = make_user(email, (role,))
            if role != "SERVICE":
                write(principal(user), "The tea was good and the train came on time.")
            if role == "USER":
                film(user.id)
        client = app.test_client()
        headers = sign_in(client, email)
        found[role] = _cookie(client, headers)
        if role == "SERVICE":
            order = {"name": "contract", "scopes": list(SCOPES), "days": 1}
            made = client.post("/api/v1/auth/tokens", json=order, headers=headers).json
            found["TOKEN"] = {"Authorization": f"Bearer {made['token']}"}  # type: ignore[index]
    return found


def _cookie(client: object, headers: dict[str, str]) -> dict[str, str]:
    cookie = client.get_cookie("quietus_session")  # type: ignore[attr-defined]
    return headers | {"Cookie": f"quietus_session={cookie.value}"}
