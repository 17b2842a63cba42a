"""One worker at a time, until its transaction ends: works through a pooler, and a killed worker holds nothing."""

from sqlalchemy import func, select

from quietus.core.extensions import db


def first_here(name: str) -> bool:
    """Take the lock of this name for the current transaction. False, and nothing waits, when somebody has it."""
    taken = bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0)))))
    if not taken:
        db.session.rollback()
    return taken
