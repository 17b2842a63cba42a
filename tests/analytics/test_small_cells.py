"""Which rows are hidden: never one alone, never so few that the total tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus.analytics.catalogue import FIGURES
from quietus.analytics.small_cells import FEWEST, hide

FIGURE = FIGURES["text_distribution"]


def hidden(*people: int) -> list[int]:
    """The places that are hidden of rows with so many people."""
    rows = [(f"row {n}", 7, 0.1, 0.0, 1.0, each) for n, each in enumerate(people)]
    shown, count = hide(FIGURE, rows)
    places = [n for n, row in enumerate(shown) if row[1] is None]
    assert count == len(places)
    return places


@pytest.mark.parametrize(
    ("people", "places"),
    [
        ((5, 6, 7), []),
        ((0, 9, 0), []),
        ((1, 9, 6), [0, 2]),  # the next fewest goes with it
        ((4, 4, 9), [0, 1]),
        ((1, 1, 9), [0, 1, 2]),  # two people in all: the total would tell their sum
        ((1, 0, 0), [0, 1, 2]),  # nobody to go with
        ((3,), [0]),
        ((), []),
    ],
)
def test_rows_of_few_people_are_hidden_with_company(people: tuple[int, ...], places: list[int]) -> None:
    assert hidden(*people) == places


@given(st.lists(st.integers(0, 12), max_size=8))
def test_no_small_row_stays_and_what_is_hidden_has_company(people: list[int]) -> None:
    gone = set(hidden(*people))
    assert not [n for n, each in enumerate(people) if 0 < each < FEWEST and n not in gone]
    if gone and len(gone) < len(people):
        assert len(gone) >= 2
        assert sum(people[n] for n in gone) >= FEWEST
