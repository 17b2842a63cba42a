"""Rules of the house that no linter knows: every route guarded, every task consumed, every setting documented."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from quietus.accounts.guard import OPEN_ENDPOINTS
from quietus.accounts.permissions import TABLE
from quietus.audit.tags import Action
from quietus.core.access import PUBLIC
from quietus.core.celery import QUEUES
from quietus.core.cli import settings_table
from quietus.schedule import BEAT

PROJECT = Path(__file__).resolve().parents[1]
MODULES = sorted((PROJECT / "quietus").rglob("*.py"))
PUBLIC_ROUTES = {
    "static",
    "health.healthz",
    "health.readyz",
    "health.metrics",
    "home.index",
    "home.help_now",
    "api_docs.page",
    "api-docs.openapi_json",
    "accounts.sign_in",
    "accounts.register",
    "accounts.forgot",
    "accounts.reset",
    "accounts.sign_out",
    "outside.oidc_start",
    "outside.oidc_back",
    "outside.proxy",
    "outside.let_in",
    "auth.csrf",
    "auth.register",
    "auth.login",
    "auth.logout",
}


def test_every_route_says_who_may_call_it(shared_app: Flask) -> None:
    for endpoint, view in shared_app.view_functions.items():
        access = getattr(view, "access", None)
        if endpoint not in OPEN_ENDPOINTS and access != PUBLIC:
            assert access, f"{endpoint} says nothing"
            assert set(access) <= set(TABLE), f"{endpoint} names an unknown permission: {access}"


def test_only_the_listed_routes_are_public(shared_app: Flask) -> None:
    marked = {name for name, view in shared_app.view_functions.items() if getattr(view, "access", None) == PUBLIC}
    assert marked | OPEN_ENDPOINTS == PUBLIC_ROUTES


def test_every_task_goes_to_a_queue_that_a_worker_consumes(shared_app: Flask) -> None:
    celery = shared_app.extensions["celery"]
    own = [name for name in celery.tasks if not name.startswith("celery.")]
    assert own
    for name in own:
        assert celery.amqp.router.route({}, name)["queue"].name in QUEUES, name
    up = (PROJECT / "quietus" / "stack" / "up.py").read_text() + (PROJECT / "docker-compose.yml").read_text()
    for queue in QUEUES:
        assert up.count(queue) >= 2, f"no worker consumes {queue}"


def test_beat_sends_only_tasks_that_exist(shared_app: Flask) -> None:
    for name, entry in BEAT.items():
        assert entry["task"] == name
        assert name in shared_app.extensions["celery"].tasks


def test_every_line_of_the_schedule_has_its_reason() -> None:
    source = (PROJECT / "quietus" / "schedule.py").read_text()
    for name in BEAT:
        before = source.split(f'    "{name}"')[0].rstrip().splitlines()[-1]
        assert before.strip().startswith("#"), f"{name} gives no reason"


def test_settings_are_documented() -> None:
    assert (PROJECT / "docs" / "settings.md").read_text() == settings_table()


def test_every_quietus_variable_in_the_project_is_a_setting() -> None:
    known = set(re.findall(r"`(QUIETUS_\w+|DATABASE_URL|REDIS_URL)`", settings_table()))
    known |= {"QUIETUS_CHROMIUM"}  # for the tests only
    for file in [*MODULES, PROJECT / "docker-compose.yml", PROJECT / "Dockerfile", PROJECT / "Makefile"]:
        for name in set(re.findall(r"\bQUIETUS_[A-Z_0-9]+\b", file.read_text())):
            assert name in known or any(k.startswith(name) for k in known), f"{file.name}: {name} is not documented"


def test_audit_actions_are_past_tense_pairs_that_fit_the_column() -> None:
    for action in Action:
        assert re.fullmatch(r"[a-z_]+:[a-z_]+", action.value)
        assert len(action.value) <= 64


def test_migrations_are_numbered_without_a_gap() -> None:
    names = sorted(path.stem for path in (PROJECT / "migrations" / "versions").glob("*.py"))
    previous = None
    for number, name in enumerate(names, start=1):
        text = (PROJECT / "migrations" / "versions" / f"{name}.py").read_text()
        assert name.startswith(f"{number:04d}_")
        assert len(name) <= 32
        assert re.search(rf'^revision = "{name}"$', text, re.M)
        assert re.search(rf"^down_revision = {re.escape(repr(previous)).replace(chr(39), chr(34))}$", text, re.M)
        previous = name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_module_opens_with_a_sentence_and_stays_readable(path: Path) -> None:
    source = path.read_text()
    assert ast.get_docstring(ast.parse(source)), "no docstring"
    assert len(source.splitlines()) <= 300
    assert path.name not in ("utils.py", "util.py", "helpers.py", "helper.py", "manager.py", "misc.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_only_the_clock_asks_the_time_and_nothing_is_unpickled(path: Path) -> None:
    source = path.read_text()
    if path.name != "clock.py" and "stack" not in path.parts:  # the stack stands alone, with a clock of its own
        assert not re.search(r"datetime\.(now|utcnow)\(", source)
    assert not re.search(r"import pickle|allow_pickle=True", source)


def test_functions_are_short() -> None:
    too_long = [
        f"{path.relative_to(PROJECT)}:{node.name} {node.end_lineno - node.lineno + 1}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert not too_long
