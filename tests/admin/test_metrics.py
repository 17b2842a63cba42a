"""/metrics answers "is it stuck", also when a server is away, and a worker's counters are seen wherever it runs."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from quietus.core import clock
from quietus.core.config import Settings
from quietus.core.health import HEARTBEAT_KEY
from tests.conftest import run_sql
from tests.factories import TEST_SETTINGS, make_user, principal, sign_in
from tests.live import Live

PROJECT = Path(__file__).resolve().parents[2]
TEXT = "A quiet day with rain on the window."


def samples(text: str) -> dict[str, float]:
    """`name{label=value,…}` and its value, without the buckets."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def scrape(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


def submit(client: FlaskClient, count: int) -> None:
    headers = sign_in(client)
    for _ in range(count):
        answer = client.post("/api/v1/analyses", json={"text": TEXT, "source": "API"}, headers=headers)
        assert answer.status_code == 202


def test_texts_that_wait_are_counted_and_the_oldest_has_an_age(client: FlaskClient, test_settings: Settings) -> None:
    make_user()
    assert scrape(client)["quietus_texts_oldest_waiting_seconds"] == 0
    submit(client, 3)
    owner = test_settings.migration_database_url.get_secret_value()
    run_sql(owner, "UPDATE analysis_records SET analyzed_at = now() - interval '1 hour' WHERE id IN "
            "(SELECT id FROM analysis_records LIMIT 1)")  # fmt: skip
    found = scrape(client)
    assert found["quietus_texts_waiting"] == 3
    assert 3600 <= found["quietus_texts_oldest_waiting_seconds"] < 3700
    run_sql(owner, "UPDATE analysis_records SET predicted_label = 'FAILED'")
    found = scrape(client)
    assert (found["quietus_texts_waiting"], found["quietus_texts_failed"]) == (0, 3)
    assert found["quietus_texts_oldest_waiting_seconds"] == 0


def test_queues_and_ages_are_those_of_the_broker(app: Flask, client: FlaskClient) -> None:
    first = scrape(client)
    assert "quietus_heartbeat_age_seconds" not in first, "never heard of is not an age"
    app.extensions["broker"].set(HEARTBEAT_KEY, str((clock.now() - timedelta(minutes=5)).timestamp()))
    app.extensions["broker"].rpush("reports", "one", "two")
    app.extensions["broker"].hset("unacked", "tag", "message")
    found = scrape(client)
    assert 299 < found["quietus_heartbeat_age_seconds"] < 330
    assert found["quietus_queue_messages{queue=reports}"] == 2
    assert found["quietus_queue_messages{queue=mail}"] == 0
    assert found["quietus_queue_unacknowledged"] == 1


def test_reports_are_counted_by_state(app: Flask, client: FlaskClient) -> None:
    from quietus.reports import requests as asked
    from quietus.reports import service

    user = make_user("ana@example.org", ("ANALYST",))
    service.request_report("overview_report", {}, actor=principal(user))
    found = scrape(client)
    assert found["quietus_reports{status=QUEUED}"] == 1
    assert 0 < found["quietus_reports_oldest_unfinished_seconds"] < 60
    (request, _), = asked.of_person(user.id, limit=5)  # fmt: skip
    service.states.forget([request.id])
    found = scrape(client)
    assert found["quietus_reports{status=EXPIRED}"] == 1
    assert found["quietus_reports_oldest_unfinished_seconds"] == 0


@pytest.mark.parametrize("away", ["database_url", "redis_url"])
def test_it_answers_when_a_server_is_away(make_app: Callable[..., Flask], app: Flask, away: str) -> None:
    address = {"database_url": "postgresql+psycopg://a:b@127.0.0.1:9/x", "redis_url": "redis://127.0.0.1:9/0"}[away]
    began = time.monotonic()
    found = scrape(make_app(**{away: address}).test_client())
    assert time.monotonic() - began < 5
    assert found["quietus_database_up"] == (away != "database_url")
    assert found["quietus_broker_up"] == (away != "redis_url")
    assert ("quietus_texts_waiting" in found) == (away != "database_url")
    assert ("quietus_queue_messages{queue=mail}" in found) == (away != "redis_url")


def test_it_answers_while_a_table_is_locked(client: FlaskClient, test_settings: Settings) -> None:
    import psycopg

    owner = test_settings.migration_database_url.get_secret_value().replace("+psycopg", "", 1)
    with psycopg.connect(owner) as holder:
        holder.execute("LOCK TABLE analysis_records IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        found = scrape(client)
        assert time.monotonic() - began < 5
    assert found["quietus_database_up"] == 1
    assert "quietus_texts_waiting" not in found


def test_a_made_up_method_makes_no_label(client: FlaskClient) -> None:
    for method in ("BREW", "WHEN"):
        client.open("/", method=method)
    labels = [key for key in scrape(client) if key.startswith("quietus_requests_total")]
    assert any("method=other" in key for key in labels)
    assert not any("BREW" in key or "WHEN" in key for key in labels)


def test_the_state_page_shows_the_same(client: FlaskClient, test_settings: Settings) -> None:
    make_user()
    submit(client, 2)
    owner = test_settings.migration_database_url.get_secret_value()
    run_sql(owner, "UPDATE analysis_records SET analyzed_at = now() - interval '3 hours'")
    make_user("root@example.org", ("ADMIN",))
    sign_in(client, "root@example.org")
    page = client.get("/admin/state").text
    assert "2, the oldest for 3 hours" in page
    assert "taken and not finished 0" in page


@pytest.mark.stack
def test_under_up_the_web_shows_what_the_workers_did(live: Live) -> None:
    person = live.signed_in()
    sent = person.post(f"{live.url}/api/v1/analyses", json={"text": TEXT, "source": "API"},
                       headers={"Prefer": "wait=20"}, timeout=30)  # fmt: skip
    assert sent.status_code == 200
    ends = time.monotonic() + 20
    while True:
        found = samples(requests.get(f"{live.url}/metrics", timeout=10).text)
        done = found.get("quietus_tasks_total{outcome=SUCCESS,task=analysis.record_pending}", 0)
        if done or time.monotonic() > ends:
            break
        time.sleep(0.3)
    assert done >= 1
    assert found["quietus_task_seconds_count{task=analysis.record_pending}"] >= 1
    assert found["quietus_database_up"] == found["quietus_broker_up"] == found["quietus_schema_current"] == 1


@pytest.fixture
def lone_worker(app: Flask, test_settings: Settings, tmp_path: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A worker in a folder of its own, as in a container: its port and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUIETUS_")}
    environment = clean | {
        "DATABASE_URL": test_settings.database_url.get_secret_value(),
        "REDIS_URL": test_settings.redis_url.get_secret_value(),
        "QUIETUS_SECRET_KEY": TEST_SETTINGS["secret_key"],
        "QUIETUS_WORKER_METRICS_PORT": str(port),
        "QUIETUS_METRICS_TOKEN": "scrape-me",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    words = ["worker", "--without-gossip", "--without-mingle", "--concurrency", "1", "--queues", "maintenance"]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "--app", "celery_worker", *words],
        cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    yield port, process
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def test_a_worker_by_itself_shows_its_counters_to_the_tokens_holder(
    app: Flask, lone_worker: tuple[int, "subprocess.Popen[bytes]"]
) -> None:
    port, _ = lone_worker
    app.extensions["celery"].send_task("ops.heartbeat", queue="maintenance")
    known = {"Authorization": "Bearer scrape-me"}
    ends, done = time.monotonic() + 60, 0.0
    while not done and time.monotonic() < ends:
        time.sleep(0.2)
        try:
            answer = requests.get(f"http://127.0.0.1:{port}/metrics", headers=known, timeout=5)
        except requests.ConnectionError:
            continue
        done = samples(answer.text).get("quietus_tasks_total{outcome=SUCCESS,task=ops.heartbeat}", 0)
    assert done == 1
    for headers in ({}, {"Authorization": "Bearer other"}):
        assert requests.get(f"http://127.0.0.1:{port}/metrics", headers=headers, timeout=5).status_code == 404
    assert requests.get(f"http://127.0.0.1:{port}/", headers=known, timeout=5).status_code == 404
