"""`prepare`: everything between an empty database and the first request."""

import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade


@click.command()
@with_appcontext
def prepare() -> None:
    """Migrate, refuse unsafe settings, make the first ADMIN.

    Prints `ADMIN <email> <password>` once, when it made one. Exit 2 with one sentence when it refuses.
    """
    from quietus.accounts.service import ensure_first_admin
    from quietus.admin.boot import refuse_evicting_broker
    from quietus.audit.settings_changes import note_changes
    from quietus.core.config import ConfigurationError, settings

    try:
        refuse_evicting_broker(current_app._get_current_object())  # type: ignore[attr-defined]  # werkzeug's proxy
        upgrade()
        note_changes(settings())
        chosen = settings().admin_password.get_secret_value() or None
        made = ensure_first_admin(settings().admin_email, chosen)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    if made:
        click.echo(f"ADMIN {settings().admin_email} {made}")
