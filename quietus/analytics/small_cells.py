"""Hides numbers that so few people stand behind that one of them might be recognised.

The rule: who may neither read texts nor search the audit trail (an ANALYST), and narrows a figure by more than its
period, or to less than a day, sees no row in which any number comes from 1 to 4 people. A row hidden alone could be
told from the total: rows with the next fewest people go with it, until two or more rows and five or more people are
out of sight, and where there are not as many, every row goes.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from quietus.accounts.identity import Principal
from quietus.analytics.catalogue import Figure
from quietus.analytics.parameters import PERIOD

FEWEST: Final = 5
# the column that counts them: for each row, the fewest people behind any of its numbers, 0 left out
PEOPLE: Final = "people"
SHORT: Final = timedelta(days=1)

Row = tuple[Any, ...]


def apply_to(figure: Figure, params: Mapping[str, Any], reader: Principal) -> bool:
    """Whether this reader's answer must be looked through."""
    if PEOPLE not in figure.columns or reader.can("read_text") or reader.can("search_audit"):
        return False
    narrowed = any(value is not None for name, value in params.items() if name not in PERIOD)
    return narrowed or params["to"] - params["from"] < SHORT


def hide(figure: Figure, rows: Sequence[Row]) -> tuple[list[Row], int]:
    """The rows with their numbers taken out where they come from too few people, and how many rows that were."""
    names = tuple(figure.columns)
    place = names.index(PEOPLE)
    counted = [row[place] or 0 for row in rows]
    few = _too_few(counted)
    kept = [name in figure.keys for name in names]
    shown = [
        tuple(value if keep else None for value, keep in zip(row, kept, strict=True)) if number in few else row
        for number, row in enumerate(rows)
    ]
    return shown, len(few)


def _too_few(counted: Sequence[int]) -> set[int]:
    """The places of the rows to hide, by the people behind each."""
    rising = sorted((people, number) for number, people in enumerate(counted) if people)
    few = [each for each in rising if each[0] < FEWEST]
    while few and (len(few) < 2 or sum(people for people, _ in few) < FEWEST):
        if len(few) == len(rising):
            return set(range(len(counted)))
        few.append(rising[len(few)])
    return {number for _, number in few}
