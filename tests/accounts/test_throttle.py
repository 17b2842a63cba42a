"""Guessing passwords is slowed down, without letting a stranger shut anyone out, with or without the broker."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from quietus.accounts import throttle
from quietus.core.errors import TooManyRequests, Unauthenticated
from tests.accounts.conftest import Browser
from tests.factories import PASSWORD, make_user

WRONG = "not the right one at all"
LOGIN = "/api/v1/auth/login"


def guess(client: Any, email: str = "alice@example.org", password: str = WRONG, address: str = "192.0.2.1") -> Any:
    origin = {"REMOTE_ADDR": address}
    csrf = client.get("/api/v1/auth/csrf", environ_base=origin).json["csrf_token"]
    return client.post(
        LOGIN,
        json={"email": email, "password": password},
        headers={"X-CSRFToken": csrf},
        environ_base=origin,
    )


def statuses(app: Flask, times: int, **guessing: str) -> list[int]:
    return [guess(app.test_client(), **guessing).status_code for _ in range(times)]


def test_ten_wrong_passwords_and_then_a_pause(app: Flask) -> None:
    make_user()
    assert statuses(app, 10) == [401] * 10
    answer = guess(app.test_client(), password=PASSWORD)
    assert answer.status_code == 429
    assert answer.content_type == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 301


def test_the_page_says_it_too(app: Flask, browser: Callable[[], Browser]) -> None:
    make_user()
    fields = {"email": "alice@example.org", "password": WRONG}
    for _ in range(10):
        browser().submit("/auth/sign-in", **fields)
    answer = browser().submit("/auth/sign-in", **fields)
    assert answer.status_code == 429
    assert answer.mimetype == "text/html"
    assert "Retry-After" in answer.headers


def test_however_the_address_is_written_it_is_one_account(app: Flask) -> None:
    make_user()
    statuses(app, 10, email=" ALICE@Example.org")
    assert statuses(app, 1) == [429]


def test_an_unknown_account_is_throttled_alike(app: Flask) -> None:
    assert statuses(app, 11, email="nobody@example.org") == [401] * 10 + [429]


def test_right_passwords_do_not_count(app: Flask) -> None:
    make_user()
    assert statuses(app, 25, password=PASSWORD) == [200] * 25
    assert statuses(app, 9) == [401] * 9
    assert statuses(app, 2, password=PASSWORD) == [200] * 2
    # and a good one does not wipe out the bad ones either
    assert statuses(app, 2) == [401, 429]


def test_a_stranger_elsewhere_does_not_shut_the_owner_out(app: Flask) -> None:
    make_user()
    statuses(app, 30, address="198.51.100.7")
    assert statuses(app, 1, password=PASSWORD, address="192.0.2.1") == [200]


def test_one_address_cannot_try_account_after_account(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(sign_in_address_limit="5 per 5 minutes")
    tried = [statuses(app, 1, email=f"person{n}@example.org")[0] for n in range(6)]
    assert tried == [401] * 5 + [429]
    assert statuses(app, 1, address="198.51.100.7") == [401]


def test_many_addresses_cannot_try_one_account_for_ever(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(sign_in_account_limit="5 per 5 minutes")
    tried = [statuses(app, 1, address=f"198.51.100.{n}")[0] for n in range(1, 7)]
    assert tried == [401] * 5 + [429]


def test_there_is_an_end_to_all_guessing(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(sign_in_global_limit="3 per 5 minutes")
    tried = [statuses(app, 1, email=f"person{n}@example.org", address=f"198.51.100.{n}")[0] for n in range(1, 5)]
    assert tried == [401] * 3 + [429]


def test_refused_attempts_do_not_use_up_everybodys_count(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(sign_in_limit="2 per 5 minutes", sign_in_global_limit="4 per 5 minutes")
    assert statuses(app, 10) == [401] * 2 + [429] * 8
    assert statuses(app, 1, email="bob@example.org", address="198.51.100.7") == [401]


def test_what_one_limit_refused_does_not_count_for_another(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(sign_in_account_limit="2 per 5 minutes", sign_in_address_limit="5 per 5 minutes")
    assert statuses(app, 8) == [401] * 2 + [429] * 6
    assert statuses(app, 1, email="bob@example.org") == [401]


def test_a_household_is_one_address(app: Flask) -> None:
    for n in range(10):
        statuses(app, 1, address=f"2001:db8:1:2::{n + 1:x}")
    assert statuses(app, 1, address="2001:db8:1:2:ffff::1") == [429]
    assert statuses(app, 1, address="2001:db8:1:3::1") == [401]
    assert throttle._place("::ffff:192.0.2.1") == throttle._place("192.0.2.1")


def test_one_stranger_with_many_networks_does_not_shut_the_owner_out(
    make_app: Callable[..., Flask], clean: None
) -> None:
    """Who rents one server may hold a /48, 65,536 networks of the size of a household's."""
    app = make_app(sign_in_address_limit="6 per 5 minutes", sign_in_account_limit="10 per 5 minutes")
    with app.app_context():
        make_user()
    tried = [statuses(app, 1, address=f"2001:db8:1:{n:x}::1")[0] for n in range(12)]
    assert tried == [401] * 6 + [429] * 6
    assert statuses(app, 1, password=PASSWORD, address="192.0.2.1") == [200]


def test_guesses_in_parallel_do_not_slip_under_the_limit(app: Flask) -> None:
    make_user()
    found: list[int] = []

    def one() -> None:
        found.append(guess(app.test_client()).status_code)

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [401] * 10 + [429] * 6


def test_the_current_password_cannot_be_guessed_either(app: Flask, browser: Callable[[], Browser]) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    body = {"current_password": WRONG, "new_password": "seven umbrellas over the canal"}
    found = [alice.post("/api/v1/auth/password", body).status_code for _ in range(11)]
    assert found == [422] * 10 + [429]


@pytest.mark.parametrize(("path", "body"), [
    ("/auth/forgot", {"email": "alice@example.org"}),
    ("/auth/register", {"email": "no address", "full_name": "Al", "password": PASSWORD}),
])  # fmt: skip
def test_registering_and_forgetting_have_an_end_per_address(
    make_app: Callable[..., Flask], clean: None, path: str, body: dict[str, str]
) -> None:
    app = make_app(register_limit="3 per hour")
    found = [Browser(app).submit(path, **body).status_code for _ in range(4)]
    assert found[3] == 429
    assert 429 not in found[:3]


def test_the_broker_holds_no_addresses(app: Flask) -> None:
    make_user()
    statuses(app, 1)
    keys = [str(key) for key in app.extensions["broker"].scan_iter("*")]
    assert any("sign-in" in key for key in keys)
    assert not any("alice" in key or "@" in key for key in keys)


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """A broker that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def assert_it_still_counts(app: Flask) -> None:
    slowest = 0.0
    found = []
    for _ in range(11):
        started = time.monotonic()
        found.append(guess(app.test_client()).status_code)
        slowest = max(slowest, time.monotonic() - started)
    assert found == [401] * 10 + [429]
    assert slowest < 1


def test_without_a_broker_each_process_counts_for_itself(make_app: Callable[..., Flask], clean: None) -> None:
    assert_it_still_counts(make_app(redis_url="redis://127.0.0.1:1/0"))


def test_a_broker_that_hangs_holds_nobody_up(make_app: Callable[..., Flask], clean: None, silent_broker: str) -> None:
    assert_it_still_counts(make_app(redis_url=silent_broker))


def test_it_goes_back_to_the_broker_when_that_is_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    backends = throttle._backends()
    monkeypatch.setattr(backends, "broker_away_until", time.monotonic() + 60)
    statuses(app, 3)
    assert not list(app.extensions["broker"].scan_iter("*sign-in*"))
    monkeypatch.setattr(backends, "broker_away_until", time.monotonic() - 1)
    statuses(app, 1)
    assert list(app.extensions["broker"].scan_iter("*sign-in*"))
    backends.own.storage.reset()


def test_what_is_not_the_persons_fault_does_not_count(app: Flask) -> None:
    for _ in range(20):
        with pytest.raises(RuntimeError), throttle.failures_counted("alice@example.org", "192.0.2.1"):
            raise RuntimeError
    with pytest.raises(Unauthenticated), throttle.failures_counted("alice@example.org", "192.0.2.1"):
        raise Unauthenticated
    for _ in range(9):
        with pytest.raises(Unauthenticated), throttle.failures_counted("alice@example.org", "192.0.2.1"):
            raise Unauthenticated
    with pytest.raises(TooManyRequests), throttle.failures_counted("alice@example.org", "192.0.2.1"):
        pass
