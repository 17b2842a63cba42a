"""Makes the people and texts that tests talk about: alice owns, bob reviews, carol is the stranger."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

PASSWORD = "a quiet harbour at four in the morning"

TEST_SETTINGS: dict[str, Any] = {
    "env": "test",
    "secret_key": "only-for-tests-0123456789-abcdefghijklmnop",
    "argon2_time_cost": 1,
    "argon2_memory_kib": 8,
    "log_level": "ERROR",
}


def make_user(email: str = "alice@example.org", roles: tuple[str, ...] = ("USER",), password: str = PASSWORD) -> Any:
    """A stored account. Needs an application context."""
    from quietus.accounts import passwords
    from quietus.accounts.models import Role, User
    from quietus.core.extensions import db

    found = list(db.session.scalars(select(Role).where(Role.name.in_(roles))))
    name = email.split("@", maxsplit=1)[0].title()
    user = User(email=email, password_hash=passwords.hash_password(password), full_name=f"{name} Example", roles=found)
    db.session.add(user)
    db.session.commit()
    return user


def sign_in(client: FlaskClient, email: str = "alice@example.org", password: str = PASSWORD) -> dict[str, str]:
    """Sign in over JSON; the headers that this client's writes need from now on."""
    token = client.get("/api/v1/auth/csrf").json["csrf_token"]
    answer = client.post(
        "/api/v1/auth/login", json={"email": email, "password": password}, headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 200, answer.text
    return {"X-CSRFToken": answer.json["csrf_token"]}


def principal(user: Any, scopes: frozenset[str] | None = None) -> Any:
    """The account as a signed-in caller, for calling services directly."""
    from uuid import uuid4

    from quietus.accounts.identity import Principal

    return Principal(user.id, user.email, user.full_name, user.role_names, uuid4(), scopes)
