"""`prepare`: everything between an empty database and the first request; `ledger`: is anything lost."""

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
    from quietus.webhooks.delivering import note_endpoints

    try:
        refuse_evicting_broker(current_app._get_current_object())  # type: ignore[attr-defined]  # werkzeug's proxy
        upgrade()
        note_changes(settings())
        note_endpoints()
        chosen = settings().admin_password.get_secret_value() or None
        made = ensure_first_admin(settings().admin_email, chosen)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    if made:
        click.echo(f"ADMIN {settings().admin_email} {made}")


@click.command()
@with_appcontext
def ledger() -> None:
    """Whether every accepted text is accounted for. Exit 1, with their request ids, when some are not."""
    from quietus.admin.ledger import ledger as count

    found = count()
    click.echo(
        f"accepted {found.accepted} = recorded {found.recorded} + failed {found.failed} "
        f"+ pending {found.pending} + erased {found.erased}"
    )
    click.echo(f"unaccounted {found.uneven}")
    for request_id in found.uneven_requests:
        click.echo(request_id)
    if found.uneven:
        sys.exit(1)
