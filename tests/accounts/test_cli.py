"""Accounts and tokens from the command line."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from quietus.accounts.cli import token, user
from tests.accounts.conftest import Browser, bearer
from tests.factories import PASSWORD, make_user

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda group, *args, stdin="": runner.invoke(group, list(args), input=stdin)


def test_it_makes_an_account_with_the_password_of_stdin(run: Run, browser: Callable[[], Browser]) -> None:
    done = run(
        user, "create", "--email", "Bob@example.org", "--role", "CLINICIAN", "--name", "Bob", stdin=PASSWORD + "\n"
    )
    assert done.exit_code == 0, done.output
    assert done.output.split()[1:] == ["bob@example.org", "CLINICIAN"]
    assert PASSWORD not in done.output
    bob = browser()
    assert bob.sign_in("bob@example.org").status_code == 200
    assert bob.get("/api/v1/auth/me").json["roles"] == ["CLINICIAN"]


def test_it_refuses_in_one_sentence(run: Run) -> None:
    make_user()
    for args, stdin, said in (
        (("--email", "alice@example.org"), PASSWORD, "already an account"),
        (("--email", "bob@example.org"), "short", "at least 15"),
        (("--email", "bob"), PASSWORD, "not an e-mail address"),
    ):
        done = run(user, "create", *args, stdin=stdin)
        assert done.exit_code == 1
        assert said in done.output
        assert "Traceback" not in done.output
    assert run(user, "create", "--email", "b@c.org", "--role", "KING", stdin=PASSWORD).exit_code == 2


def test_it_changes_roles_and_shuts_and_lists(run: Run, browser: Callable[[], Browser]) -> None:
    make_user()
    make_user("dora@example.org", roles=("ADMIN",))
    assert run(user, "role", "alice@example.org", "USER", "ANALYST").output == "alice@example.org ANALYST USER\n"
    assert run(user, "deactivate", "alice@example.org").exit_code == 0
    lines = run(user, "list").output.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "alice@example.org deactivated ANALYST USER",
        "dora@example.org active ADMIN",
    ]
    assert browser().sign_in().status_code == 401
    assert run(user, "activate", "alice@example.org").exit_code == 0
    assert browser().sign_in().status_code == 200
    last = run(user, "deactivate", "dora@example.org")
    assert last.exit_code == 1
    assert "last admin" in last.output
    assert run(user, "role", "nobody@example.org", "USER").exit_code == 1


def test_it_issues_a_token(run: Run, app: Flask, rows: Callable[..., list[dict[str, Any]]]) -> None:
    make_user("robot@example.org", roles=("SERVICE",))
    done = run(
        token, "issue", "--email", "robot@example.org", "--scopes", "me, analyses", "--days", "30", "--name", "agent"
    )
    assert done.exit_code == 0, done.output
    me = app.test_client().get("/api/v1/auth/me", headers=bearer(done.output.strip())).json
    assert me["permissions"] == ["see_account", "submit_for", "post_outcome"]
    assert rows("SELECT user_id FROM audit_logs WHERE action = 'token:issued'") == [{"user_id": None}]
    refused = run(token, "issue", "--email", "robot@example.org", "--scopes", "all", "--days", "9999")
    assert refused.exit_code == 1
    assert "Choose at least one" in refused.output
