"""Gives every bench the one place for its figures, and prints their table as the last thing of the run."""

from collections.abc import Callable, Iterator

import pytest

from tests.bench.results import FILE, HEADS, Results, Row, lined_up, read
from tests.bench.stubbed import Stubbed, stubbed_desk

RESULTS = pytest.StashKey[Results]()


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Iterator[Results]:
    """Benches note their ratios here; what this run measured is kept even when a bench after it fails."""
    found = request.config.stash.setdefault(RESULTS, Results())
    yield found
    found.save()


@pytest.fixture
def stubbed(
    new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stubbed]:
    """A desk whose model is a stub, on servers and a database of its own."""
    log = tmp_path_factory.mktemp("stubbed") / "log"
    with stubbed_desk(new_database, server_urls["broker"], log) as desk:
        yield desk


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash.get(RESULTS, None)
    if found is None or not (found.rows or found.tables):
        return
    kept = [Row(**row) for promise in sorted(read()["rows"]) for row in read()["rows"][promise]]
    terminalreporter.section(f"ratios, each beside its baseline of the same run ({FILE})")
    terminalreporter.write_line(lined_up([HEADS, *(row.cells() for row in kept)]))
