"""`doctor`: one line for each part of the desk. It starts nothing: what is down is reported, not woken up."""

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from quietus.doctor.findings import Check, Desk, Finding

LEVELS: Final = ("ok", "warn", "fail")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
def doctor(as_json: bool) -> None:
    """Look at every part of the desk, also while parts of it are down. Exit 1 when something has to be done."""
    logging.disable(logging.CRITICAL)  # what is wrong stands in the lines below, once and without a secret
    found: list[Finding] = []
    try:
        for finding in _findings():
            found.append(finding)
            if not as_json:
                click.echo(str(finding))
    finally:
        logging.disable(logging.NOTSET)
    worst = max((finding.level for finding in found), key=LEVELS.index)
    if as_json:
        click.echo(json.dumps({"status": worst, "findings": [asdict(finding) for finding in found]}, indent=2))
    sys.exit(1 if worst == "fail" else 0)


def _findings() -> "Iterator[Finding]":
    from quietus.core.config import ConfigurationError
    from quietus.doctor.findings import Finding, run

    try:
        desk = _desk()
    except ConfigurationError as error:
        yield Finding("settings", "fail", str(error), "See docs/settings.md.")
        return
    yield Finding("settings", "ok", f"{desk.settings.env}, nothing unsafe.")
    yield from run(_checks(), desk)


def _desk() -> "Desk":
    """On the addresses that the environment or the state folder gives, whether anything answers there or not."""
    from flask import current_app, has_app_context

    from quietus import create_app
    from quietus.core.config import read_settings
    from quietus.doctor.findings import Desk

    if has_app_context():
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy
        return Desk(app.extensions["settings"], app)
    settings = read_settings()
    return Desk(settings, create_app(settings))


def _checks() -> "tuple[Check, ...]":
    from quietus.doctor import database_checks as database
    from quietus.doctor import settings_checks as chosen
    from quietus.doctor import work_checks as work
    from quietus.doctor.findings import Check

    return (
        Check("secret key", chosen.secret_key),
        Check("address", chosen.address),
        Check("disk", chosen.disk),
        Check("mail", chosen.mail, seconds=20),
        Check("database", database.reached),
        Check("schema", database.schema, seconds=20, needs=("database",)),
        Check("trail", database.trail, needs=("database", "schema")),
        Check("broker", work.broker),
        Check("workers", work.workers, seconds=20, needs=("broker",)),
        Check("beat", work.beat, needs=("broker",)),
        Check("texts", work.texts, needs=("database", "schema")),
        Check("model", work.model, seconds=60),
        Check("seals", work.seals, needs=("database", "schema")),
        Check("backup", work.backups, needs=("database", "schema")),
        Check("ledger", work.ledger, seconds=60, needs=("database", "schema")),
    )
