"""Gives every bench the one place for its figures, and prints their table as the last thing of the run."""

from collections.abc import Iterator

import pytest

from tests.bench.results import FILE, HEADS, Results, Row, lined_up, read

RESULTS = pytest.StashKey[Results]()


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Iterator[Results]:
    """Benches note their ratios here; what this run measured is kept even when a bench after it fails."""
    found = request.config.stash.setdefault(RESULTS, Results())
    yield found
    found.save()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash.get(RESULTS, None)
    if found is None or not (found.rows or found.tables):
        return
    kept = [Row(**row) for promise in sorted(read()["rows"]) for row in read()["rows"][promise]]
    terminalreporter.section(f"ratios, each beside its baseline of the same run ({FILE})")
    terminalreporter.write_line(lined_up([HEADS, *(row.cells() for row in kept)]))
