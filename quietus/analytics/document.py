"""docs/figures.md, written from the headers of the .sql files."""

from collections.abc import Iterator
from typing import Final

from quietus.accounts.permissions import TABLE
from quietus.analytics.catalogue import EVERY_READER, FIGURES, Figure
from quietus.analytics.small_cells import PEOPLE

INTRODUCTION: Final = """# Figures

Every number that Quietus shows is counted from the stored rows when it is asked for, and shown beside the SQL that
counted it. This page is generated from the headers of `quietus/analytics/sql/*.sql` by
`python -m quietus sql --document`; a test holds the two together.

- On a page: `/dashboard`, and `/dashboard/<name>` for one figure with its table, its SQL and its CSV.
- Over JSON: `GET /api/v1/analytics` and `GET /api/v1/analytics/<name>`.
- In psql: `python -m quietus sql <name> | psql "$(python -m quietus url database)"`.

`from` and `to` are days or RFC 3339 times; a day for `to` counts to its end, a time for `to` itself is not counted.
Without them it is the last 30 days. `tz` is an IANA time zone (UTC when absent); days, weeks and months are those of
its calendar, also where clocks change. `granularity` is hour, day, week or month. Priorities count LOW, MODERATE and
HIGH only: texts that wait or could not be read enter no share and no mean.

## Numbers of few people
Who may neither read texts nor search the audit trail (an ANALYST) sees no row in which any number comes from 1 to 4
people, as soon as they narrow a figure by more than its period, or to less than a day. Rows with the next fewest people
are hidden along with it, until two or more rows and five or more people are out of sight, so that a total does not
tell what was hidden; where there are not as many, every row is hidden. Over plain periods of a day or more nothing is
hidden, and two answers about overlapping periods can be subtracted from one another: this rule keeps a glance from
meeting one person, it does not withstand a determined calculation.

## A figure of your own
Write one file, `quietus/analytics/sql/<name>.sql`: a header like those that stand there, then one SELECT with named
parameters (`%(from)s`). The page, the JSON call, the CSV, the SQL command and this document follow from it, and the
tests of the catalogue check it: that its statement runs as it is shown, that it answers an empty period, and that it
does not read a big table from end to end. A figure that can be narrowed has a last column `people`, the fewest people
behind any number of the row, counted only where `%(people)s` is true. A formula names its source in the header; a test
with numbers worked out by hand belongs into `tests/analytics/test_known_answers.py`.
"""


def page() -> str:
    return "\n".join([INTRODUCTION, *(line for figure in FIGURES.values() for line in _section(figure))])


def _section(figure: Figure) -> Iterator[str]:
    yield f"## {figure.title}"
    yield f"`{figure.name}` · {figure.question}"
    yield ""
    yield figure.reading
    yield ""
    needed = (f"`{name}` (required)" if name in figure.required else f"`{name}`" for name in figure.parameters)
    yield f"Parameters: {', '.join(needed)}. {_readers(figure)}"
    yield ""
    yield "| column | what it is | counted in |"
    yield "| --- | --- | --- |"
    for name, words in figure.columns.items():
        if name != PEOPLE:
            yield f"| `{name}` | {words} | {figure.units[name]} |"
    yield ""
    if figure.formula:
        yield figure.formula
        yield ""


def _readers(figure: Figure) -> str:
    if figure.permissions == EVERY_READER:
        return "For everyone who may see figures."
    roles = sorted({role for permission in figure.permissions for role in TABLE[permission].roles})
    return f"For {', '.join(roles)} only."
