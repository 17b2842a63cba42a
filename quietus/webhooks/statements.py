"""The SQL of webhooks, read from sql/*.sql; each file says on top what it answers."""

from pathlib import Path
from typing import Final

from sqlalchemy import TextClause, text

FOLDER: Final = Path(__file__).parent / "sql"


def _statement(name: str) -> TextClause:
    return text((FOLDER / f"{name}.sql").read_text())


DUE: Final = _statement("due")
FIRST_OPEN: Final = _statement("first_open")
DELIVERIES: Final = _statement("deliveries")
