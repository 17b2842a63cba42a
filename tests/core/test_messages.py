"""A message leaves after its commit, or not at all."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import text

from quietus.core.celery import send, send_after_commit
from quietus.core.extensions import db

QUEUE = "maintenance"


@pytest.fixture
def queue(app: Flask) -> Iterator[Any]:
    broker: redis.Redis = app.extensions["broker"]
    yield lambda: broker.llen(QUEUE)


def test_it_leaves_after_the_commit(queue: Any) -> None:
    send_after_commit("ops.heartbeat")
    db.session.execute(text("SELECT 1"))
    assert queue() == 0
    db.session.commit()
    assert queue() == 1
    db.session.execute(text("SELECT 1"))
    db.session.commit()
    assert queue() == 1


def test_it_is_dropped_with_the_rollback_and_does_not_leave_with_the_next_commit(queue: Any) -> None:
    send_after_commit("ops.heartbeat")
    db.session.execute(text("SELECT 1"))
    db.session.rollback()
    db.session.execute(text("SELECT 1"))
    db.session.commit()
    assert queue() == 0


def test_a_savepoint_neither_sends_nor_drops_it(queue: Any) -> None:
    db.session.execute(text("SELECT 1"))
    send_after_commit("ops.heartbeat")
    with db.session.begin_nested():
        db.session.execute(text("SELECT 1"))
    nested = db.session.begin_nested()
    nested.rollback()
    assert queue() == 0
    db.session.commit()
    assert queue() == 1


def test_a_misspelt_task_fails_at_once(app: Flask) -> None:
    with pytest.raises(KeyError):
        send("ops.heartbeet")


def test_a_broker_that_is_away_is_no_error(make_app: Any) -> None:
    lonely = make_app(redis_url="redis://127.0.0.1:9/0")
    with lonely.app_context():
        assert send("ops.heartbeat") is False


def test_nobody_waits_for_a_broker_that_takes_connections_and_says_nothing(make_app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        frozen = make_app(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        with frozen.app_context():
            began = time.monotonic()
            assert send("ops.heartbeat") is False
            assert time.monotonic() - began < 5
