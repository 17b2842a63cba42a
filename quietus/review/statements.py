"""The SQL of the queue, read from sql/*.sql; each file says on top what it answers."""

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, TextClause, text

from quietus.core.extensions import db

FOLDER = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> TextClause:
    """The statement of sql/<name>.sql."""
    return text((FOLDER / f"{name}.sql").read_text())


def rows(name: str, **parameters: Any) -> list[RowMapping]:
    """What it answers now, in the current transaction."""
    return list(db.session.execute(statement(name), parameters).mappings())
