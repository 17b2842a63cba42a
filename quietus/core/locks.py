"""One at a time, over all processes: an advisory lock that ends with the transaction (PgBouncer may pool it)."""

from sqlalchemy import func, select

from quietus.core.extensions import db


def wait_for(name: str) -> None:
    """Hold the lock of this name until the current transaction ends; waits while somebody else holds it."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
