"""A statement is waited for as long as the server lives, and given up when it does not answer any more."""

import threading
import time

import psycopg
import pytest
from sqlalchemy import make_url

from quietus.core import silence
from quietus.core.config import Settings
from tests.faults.slow_line import slow_line


def test_a_cut_in_the_middle_of_a_statement_is_noticed_and_a_slow_statement_is_not_given_up(
    test_settings: Settings,
) -> None:
    url = make_url(test_settings.database_url.get_secret_value()).set(drivername="postgresql")
    with slow_line(url.host or "", url.port or 5432) as line:
        address = url.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
        with silence.Connection.connect(address, autocommit=True) as connection:
            assert connection.execute("SELECT 1 FROM pg_sleep(2.5)").fetchone() == (1,)
            threading.Timer(0.3, lambda: setattr(line, "cut", True)).start()
            began = time.monotonic()
            with pytest.raises(psycopg.OperationalError, match="does not answer"):
                connection.execute("SELECT 1 FROM pg_sleep(1)")
            assert time.monotonic() - began < 5
            assert connection.broken, "the pool must not hand it out again"
