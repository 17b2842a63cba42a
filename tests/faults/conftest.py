"""A desk whose parts may be killed: one for all the files here, with its own servers where they are not given."""

from collections.abc import Iterator

import pytest

from tests.conftest import EXTERNAL, open_folder
from tests.live import Live, start_live


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Live]:
    environment: dict[str, str] = {}
    if EXTERNAL:
        database, owner = request.getfixturevalue("new_database")()
        broker = request.getfixturevalue("server_urls")["broker"].rsplit("/", 1)[0] + "/15"
        environment = {"DATABASE_URL": database, "QUIETUS_MIGRATION_DATABASE_URL": owner, "REDIS_URL": broker}
    with start_live(open_folder(tmp_path_factory.mktemp("desk")), environment) as running:
        yield running
