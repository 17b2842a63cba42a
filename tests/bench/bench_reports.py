"""How long a text takes from HTTP to its outcome while four heavy reports are built, beside the idle desk (P9).

ROWS=n sets how many texts the reports read, TEXTS=n how many are timed in each state.
"""

import os
import time

import psycopg
import requests
from sqlalchemy import make_url

from tests.bench.results import Results
from tests.live import Live

ROWS = int(os.environ.get("ROWS", "400000"))
TEXTS = int(os.environ.get("TEXTS", "120"))
MANY = """
    WITH someone AS (
        INSERT INTO users (id, email, password_hash, full_name)
        VALUES (gen_random_uuid(), gen_random_uuid() || '@example.org', 'none', 'Test Example') RETURNING id
    )
    INSERT INTO analysis_records
    SELECT gen_random_uuid(), id, 'A made-up sentence.', 'API', (ARRAY['LOW', 'MODERATE', 'HIGH'])[n %% 3 + 1], 0.9,
        'bench', 5, '2024-01-01'::timestamptz + n * interval '1 second',
        '2024-01-01'::timestamptz + n * interval '1 second', gen_random_uuid()
    FROM someone, generate_series(1, %s) AS n
"""


def _latencies(live: Live, browser: requests.Session, texts: int) -> list[float]:
    """Seconds for each text, ascending."""
    found = []
    for number in range(texts):
        began = time.perf_counter()
        answer = browser.post(
            f"{live.url}/api/v1/analyses",
            json={"text": f"I did not sleep well and the week feels heavy, number {number}."},
            headers={"Prefer": "wait=10"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        found.append(time.perf_counter() - began)
    return sorted(found)


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] * 1000


def bench_reports(live: Live, results: Results) -> None:
    url = make_url(live.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MANY, (ROWS,))
    bob, alice = live.signed_in(live.account("CLINICIAN")), live.signed_in()
    _latencies(live, alice, 10)
    idle = _latencies(live, alice, TEXTS)
    for day in range(1, 5):  # four questions: the same one would be answered by the same report
        order = {"name": "analyses_rows", "params": {"from": "2024-01-01", "to": f"2024-02-0{day}"}}
        assert bob.post(f"{live.url}/api/v1/reports", json=order, timeout=60).status_code == 202
    began = time.perf_counter()
    busy = _latencies(live, alice, TEXTS)
    took = time.perf_counter() - began
    jobs = bob.get(f"{live.url}/api/v1/reports", timeout=60).json()["items"]
    for words, share, most in (("median", 0.5, 0), ("p99", 0.99, 2)):
        ours, beside = _at(busy, share), _at(idle, share)
        results.ratio("P9", f"{words} from HTTP to the outcome, four reports running, beside idle",
                      ours=f"{ours:.0f} ms", beside=f"{beside:.0f} ms", ratio=ours / beside, most=most)  # fmt: skip
    print(f"states after {took:.0f} s: {', '.join(job['status'] for job in jobs)}")
