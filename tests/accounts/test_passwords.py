"""Passwords: which are refused, how they are kept, and what a guess costs."""

import threading
import time
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask

from quietus.accounts import passwords
from quietus.core.config import Settings
from quietus.core.errors import Unavailable

GOOD = "lantern orchard pebble ninety"


def faults(password: str) -> list[str]:
    return passwords.faults(password, email="alice.winter@example.org", full_name="Alice Winter")


@pytest.mark.parametrize(
    "password", [GOOD, "lántern örchard pébble", "三つの灯台と静かな港と古い地図帳の夜", "x7 Kq9 zLp 2mW vT4"]
)
def test_any_characters_will_do(app: Flask, password: str) -> None:
    assert faults(password) == []


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("pebble lantern", "at least 15"),
        ("a" * 129, "at most 128"),
        ("\ufdfa" * 60, "at most 128"),  # one character that NFKC makes eighteen of
        ("lantern orchard\x00pebble", "letters"),
        ("lantern orchard\ud800pebble", "letters"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("passwordpassword1", "easy to guess"),
        ("qwertyuiopasdfghj", "easy to guess"),
        ("123456789012345678", "easy to guess"),
        ("alicewinteralicewinter", "easy to guess"),
        ("alice.winter@example.org", "easy to guess"),
    ],
)
def test_a_bad_one_is_refused_with_a_reason(app: Flask, password: str, said: str) -> None:
    found = faults(password)
    assert len(found) == 1
    assert said in found[0]


def test_it_is_long_enough_by_characters_after_normalising(app: Flask) -> None:
    composed = "é" * 5 + " kq9 zlp 2"
    decomposed = composed.replace("é", "e\u0301")
    assert len(composed) == 15
    assert faults(composed) == faults(decomposed) == []
    assert faults(composed[1:])


def test_judging_a_password_of_leet_signs_does_not_hold_the_desk_up(app: Flask) -> None:
    worst = "4@8({[<369&#!1/|0$5+7%2" * 5
    started = time.process_time()
    faults(worst)
    assert time.process_time() - started < 2


def test_the_same_password_from_another_keyboard_matches(app: Flask) -> None:
    stored = passwords.hash_password("Cafe\u0301 und Ｗａｌｎｕｓｓ am Fluss")
    assert passwords.matches(stored, "Café und Walnuss am Fluss")
    assert not passwords.matches(stored, "Cafe und Walnuss am Fluss")


def test_it_is_kept_as_argon2id_of_the_settings_cost(app: Flask, make_app: Callable[..., Flask]) -> None:
    costly = make_app(argon2_time_cost=3, argon2_memory_kib=64)
    with costly.app_context():
        stored = passwords.hash_password(GOOD)
    found = extract_parameters(stored)
    assert (found.type.name, found.time_cost, found.memory_cost, found.parallelism) == ("ID", 3, 64, 1)
    assert GOOD not in stored
    assert passwords.outdated(stored)


def test_production_costs_what_owasp_asks() -> None:
    chosen = Settings(_env_file=None)
    assert (chosen.argon2_time_cost, chosen.argon2_memory_kib, chosen.argon2_parallelism) == (2, 19456, 1)


@pytest.mark.parametrize("odd", ["", "a\x00b", "\ud800", "x" * 5000, "\ufdfa" * 1024])
def test_an_odd_password_is_only_a_wrong_one(app: Flask, odd: str) -> None:
    assert not passwords.matches(passwords.hash_password(GOOD), odd)
    assert not passwords.matches(None, odd)


@pytest.mark.parametrize("stored", [None, "no hash at all", "$argon2id$broken", ""])
def test_nothing_matches_an_account_that_is_not_there(app: Flask, stored: str | None) -> None:
    assert not passwords.matches(stored, GOOD)
    assert not passwords.matches(stored, "")


def test_an_unknown_account_costs_the_same_hash(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, stored: str, password: str) -> bool:
        seen.append(stored)
        return real(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    passwords.matches(passwords.hash_password(GOOD), "wrong wrong wrong wrong")
    passwords.matches(None, "wrong wrong wrong wrong")
    known, unknown = seen
    assert extract_parameters(known) == extract_parameters(unknown)


def test_only_so_many_hashes_run_at_once(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(argon2_concurrent=2)
    running, most, lock = 0, 0, threading.Lock()

    def slow(self: PasswordHasher, password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return "hash"

    monkeypatch.setattr(PasswordHasher, "hash", slow)

    def one() -> None:
        with app.app_context():
            passwords.hash_password(GOOD)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_it_says_so_when_the_queue_is_too_long(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(argon2_concurrent=1)
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with app.app_context(), passwords._hasher().slot(), pytest.raises(Unavailable):
        passwords.hash_password(GOOD)


def test_a_made_up_password_is_a_good_one(app: Flask) -> None:
    made = passwords.made_up()
    assert made != passwords.made_up()
    assert faults(made) == []
