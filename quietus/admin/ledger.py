"""Whether every text that was ever accepted is accounted for: recorded, failed, pending or erased."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import text

from quietus.core.extensions import db

LEDGER: Final = text(Path(__file__).with_name("sql").joinpath("ledger.sql").read_text())


@dataclass(frozen=True, slots=True)
class Ledger:
    """`uneven` texts have no acceptance, no fate, or more than one; `uneven_requests` names up to 1,000 of them."""

    accepted: int
    recorded: int
    failed: int
    pending: int
    erased: int
    uneven: int
    uneven_requests: list[str]


def ledger() -> Ledger:
    """The ledger of this moment, in one snapshot."""
    db.session.execute(text("SET LOCAL statement_timeout = '10min'"))
    counts = dict(db.session.execute(LEDGER).mappings().one())
    db.session.rollback()
    requests = counts.pop("uneven_requests") or []
    return Ledger(**counts, uneven_requests=[request or "unknown" for request in requests])
