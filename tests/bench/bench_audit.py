"""Sealing, checking and searching at a million audit rows, beside the same rows read by PostgreSQL alone."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.admin.ledger import ledger
from quietus.audit import searching
from quietus.audit.sealing import ROW_DIGESTS, seal_closed_days
from quietus.audit.verifying import verify
from quietus.core.extensions import db
from quietus.privacy import reading
from tests.factories import make_user

TEXTS = 250_000

FILL = (
    "INSERT INTO analysis_records SELECT gen_random_uuid(), :id, 'The tea was good.', 'API', 'LOW', 0.9, 'm', 1, "
    "now() - interval '1 day', now() - interval '1 day', gen_random_uuid() FROM generate_series(1, :n)",
    "INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata, created_at) "
    "SELECT user_id, 'analysis:accepted', 'analysis', id::text, jsonb_build_object('request_id', request_id, "
    "'source', source, 'subject_id', user_id), date_trunc('day', now()) "
    "- random() * interval '20 hours' FROM analysis_records",
    "INSERT INTO audit_logs (action, resource_type, resource_id, metadata, created_at) "
    "SELECT 'analysis:recorded', 'analysis', id::text, '{\"predicted_label\": \"LOW\", \"flags\": []}', "
    "date_trunc('day', now()) - random() * interval '20 hours' FROM analysis_records, generate_series(1, 2)",
    "INSERT INTO audit_logs (action, resource_type, resource_id, metadata, created_at) "
    "SELECT 'analysis:viewed', 'analysis', id::text, jsonb_build_object('subject_id', gen_random_uuid()), "
    "date_trunc('day', now()) - random() * interval '20 hours' FROM analysis_records",
)

COUNTS = text(
    "SELECT (SELECT count(*) FROM analysis_records), "
    "(SELECT count(*) FROM audit_logs WHERE action = 'analysis:accepted')"
)


@pytest.fixture
def million(app: Flask) -> Iterator[object]:
    alice = make_user()
    for sql in FILL:
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        db.session.execute(text(sql), {"id": alice.id, "n": TEXTS})
        db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    yield alice


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def bench_the_audit(million: object) -> None:
    query = "SELECT" + str(ROW_DIGESTS).split("SELECT", 1)[1]
    alone = text(f"SELECT count(*), max(digest) FROM ({query}) AS digests")
    times = {"since": "2000-01-01", "until": "3000-01-01"}
    db.session.execute(text("SET statement_timeout = 0"))
    raw = timed(lambda: db.session.execute(alone, times).one())
    db.session.rollback()
    seal = timed(seal_closed_days)
    check = timed(lambda: verify(actor=None))
    size = db.session.scalar(text("SELECT sum(pg_column_size(metadata)) FROM audit_logs WHERE action = 'audit:sealed'"))
    counted = timed(lambda: db.session.execute(COUNTS).one())
    even = timed(ledger)
    page = timed(lambda: searching.search(actor=million.id, filters=searching.Filters(), limit=50))  # type: ignore[attr-defined]
    mine = timed(lambda: reading.access_log(uuid4(), limit=50))
    print(f"\n{4 * TEXTS} rows; digests by PostgreSQL alone {raw:.1f} s")
    print(f"seal {seal / raw:.2f} x, verify {check / raw:.2f} x, {size / (4 * TEXTS):.1f} bytes a row")
    print(f"ledger {even:.1f} s, {even / counted:.1f} x two plain counts ({counted:.1f} s)")
    print(f"first page of a search {page * 1000:.0f} ms, of an access log {mine * 1000:.0f} ms")
