"""An unsafe desk does not start, and says in one sentence what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from quietus import create_app
from quietus.admin.boot import refuse_evicting_broker
from quietus.core.config import ConfigurationError, Settings
from tests.factories import TEST_SETTINGS

GOOD = {
    "env": "production",
    "secret_key": "k9#Lw2!vQz7@Rt5$Xn8%Yb4^Mc6&Df3*Gh1",
    "database_url": "postgresql+psycopg://a@127.0.0.1:9/b",
    "redis_url": "redis://127.0.0.1:9/0",
}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "QUIETUS_MIGRATION_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUIETUS_STATE", str(tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret_key": ""}, "No secret key"),
        ({"secret_key": "short"}, "secret key is weak"),
        ({"secret_key": "a" * 64}, "secret key is weak"),
        ({"debug": True}, "Debug mode"),
        ({"database_url": ""}, "No database"),
        ({"database_url": "sqlite:///x.db"}, "must be a PostgreSQL"),
        ({"redis_url": ""}, "No broker"),
        ({"model": "remote"}, "QUIETUS_MODEL_URL"),
    ],
)
def test_production_refuses(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        create_app(Settings(**{**GOOD, **change}))
    assert str(refused.value).count(".") <= 3


def test_production_starts_when_all_is_well() -> None:
    assert not create_app(Settings(**GOOD)).debug


def test_a_broker_that_may_evict_is_refused_in_production(server_urls: dict[str, str], app: Any) -> None:
    production = create_app(Settings(**{**GOOD, "redis_url": server_urls["broker"]}))
    client = production.extensions["broker"]
    before = client.config_get("maxmemory-policy")["maxmemory-policy"]
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(ConfigurationError, match="noeviction"):
            refuse_evicting_broker(production)
        refuse_evicting_broker(app)  # outside production it is the developer's own affair
    finally:
        client.config_set("maxmemory-policy", before)
        client.close()


def test_a_bad_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIETUS_DATABASE_POOL", "a-secret-in-the-wrong-place")
    with pytest.raises(ValueError, match=r"database_pool") as refused:
        Settings()
    assert "a-secret" not in str(refused.value)


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    assert GOOD["secret_key"] not in repr(Settings(**GOOD))


def test_the_short_names_of_a_database_address_work() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        given = Settings(**{**GOOD, "database_url": f"{scheme}://a@h/b"})
        assert given.database_url.get_secret_value() == "postgresql+psycopg://a@h/b"


def test_the_state_folder_fills_in_what_is_not_set(tmp_path: Path) -> None:
    found = {
        "database_url": "postgresql+psycopg://app@h/b",
        "owner_database_url": "postgresql+psycopg://owner@h/b",
        "redis_url": "redis://h/0",
    }
    (tmp_path / "servers.json").write_text(json.dumps(found))
    (tmp_path / "secret_key").write_text("from the folder\n")
    taken = Settings()
    assert taken.database_url.get_secret_value() == found["database_url"]
    assert taken.migration_database_url.get_secret_value() == found["owner_database_url"]
    assert taken.secret_key.get_secret_value() == "from the folder"
    own = Settings(database_url="postgresql+psycopg://me@mine/b")
    assert own.migration_database_url.get_secret_value() == "", "another server's owner is no use"


def test_test_settings_are_weak_only_where_the_suite_needs_it() -> None:
    assert set(TEST_SETTINGS) == {"env", "secret_key", "argon2_time_cost", "argon2_memory_kib", "log_level"}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("QUIETUS_ESCALATION", "[{planted", "QUIETUS_ESCALATION is not the JSON"),
        ("QUIETUS_ESCALATION", '[{"after_minutes": -1, "urls": ["planted"]}]', "QUIETUS_ESCALATION cannot be used"),
        ("QUIETUS_ESCALATION", '[{"after_minutes": 1, "urls": []}]', "at 0.urls"),
        ("QUIETUS_ESCALATION", '[{"after_minutes": 1, "urls": ["planted"], "who": "x"}]', "at 0.who"),
        ("QUIETUS_CLAIM_MINUTES", "planted", "QUIETUS_CLAIM_MINUTES cannot be used"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as refused:
        create_app()
    assert said in str(refused.value)
    assert "planted" not in str(refused.value)
