"""The SQL of this feature, each statement in a file of its own under sql/."""

from pathlib import Path
from typing import Final

from sqlalchemy import TextClause, text

_FOLDER: Final = Path(__file__).with_name("sql")


def statement(name: str) -> TextClause:
    return text((_FOLDER / f"{name}.sql").read_text())
