"""Made-up accounts: people who submit, and a few clinicians who review."""

from typing import Any

import numpy as np
import psycopg

from quietus.demo_data.copying import copy_rows, ids, times

# reserved for examples: no mail can ever arrive there
DOMAIN = "demo.example.org"
# no password has this hash
NO_PASSWORD = "!"  # noqa: S105 - the opposite of one  # nosec B105
REVIEWERS = 6
KINDS = {"USER": "person", "CLINICIAN": "reviewer"}


def add_people(
    connection: "psycopg.Connection[Any]", rng: np.random.Generator, count: int, since: np.datetime64
) -> tuple[list[str], list[str]]:
    """`count` people and REVIEWERS clinicians, none of whom can sign in; the ids of both."""
    people, reviewers = (
        np.sort(since - rng.integers(0, 90 * 86_400_000, each).astype("timedelta64[ms]")) for each in (count, REVIEWERS)
    )
    people_ids, reviewer_ids = ids(rng, people), ids(rng, reviewers)
    _add(connection, "USER", people_ids, times(people))
    _add(connection, "CLINICIAN", reviewer_ids, times(reviewers))
    return people_ids, reviewer_ids


def _add(connection: "psycopg.Connection[Any]", role: str, keys: list[str], when: list[str]) -> None:
    kind = KINDS[role]
    emails = [f"{kind}-{number:06d}@{DOMAIN}" for number in range(len(keys))]
    names = [f"Demo {kind.title()} {number:06d}" for number in range(len(keys))]
    columns = ("id", "email", "password_hash", "full_name", "created_at", "updated_at")
    copy_rows(connection, "users", columns, (keys, emails, [NO_PASSWORD] * len(keys), names, when, when))
    connection.execute(
        "INSERT INTO user_roles (user_id, role_id) SELECT k, r.id FROM unnest(%s::uuid[]) AS k, roles AS r "
        "WHERE r.name = %s",
        (keys, role),
    )
