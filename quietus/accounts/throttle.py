"""Counts failed sign-ins and other costly calls, in the broker or, while it is away, in this process."""

import hashlib
import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, cast

import redis
import structlog
from flask import current_app
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from quietus.core.config import settings
from quietus.core.errors import TooManyRequests, Unauthenticated
from quietus.core.redis import broker

log = structlog.get_logger(__name__)

# after the broker failed once, nobody waits for it during this time
RETRY_BROKER_SECONDS: Final = 5.0
MAILS_PER_LINKS_LIFE: Final = 3


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that is counted: how much of it, and whose."""

    limit: RateLimitItem
    name: str
    key: str = ""


class Backends:
    """The broker's counts and this process's own."""

    def __init__(self) -> None:
        # a fixed window can take a count back; a moving one cannot
        self.shared = FixedWindowRateLimiter(current_app.extensions["counts"])
        self.own = FixedWindowRateLimiter(MemoryStorage())
        self.broker_away_until = 0.0


def _backends() -> Backends:
    found = current_app.extensions.get("accounts.throttle")
    if found is None:
        found = current_app.extensions.setdefault("accounts.throttle", Backends())
    return cast(Backends, found)


class Taken:
    """Counts that were taken together and can be given back together."""

    def __init__(self, counters: tuple[Counter, ...]) -> None:
        self._counters = counters
        self._done: list[Counter] = []
        self._strategy = self._backends_now()

    def _backends_now(self) -> FixedWindowRateLimiter:
        backends = _backends()
        return backends.own if time.monotonic() < backends.broker_away_until else backends.shared

    def take(self) -> None:
        """Count first, look after: requests in parallel cannot all slip under the limit."""
        for counter in self._counters:
            self._done.append(counter)
            if not self._strategy.hit(counter.limit, counter.name, counter.key):
                reset = self._strategy.get_window_stats(counter.limit, counter.name, counter.key).reset_time
                # a refused attempt is no failure: else one address could use up everybody's count
                self.give_back()
                raise TooManyRequests(int(reset - time.time()) + 1)

    def give_back(self) -> None:
        for counter in self._done:
            self._strategy.hit(counter.limit, counter.name, counter.key, cost=-1)
        self._done.clear()


def _take(*counters: Counter) -> Taken:
    taken = Taken(counters)
    try:
        taken.take()
    except redis.RedisError as error:
        _note_broker_away(error)
        taken = Taken(counters)
        taken.take()
    return taken


def _note_broker_away(error: redis.RedisError) -> None:
    log.warning("throttle.broker_away", error=type(error).__name__)
    _backends().broker_away_until = time.monotonic() + RETRY_BROKER_SECONDS


@contextmanager
def failures_counted(email: str, address: str | None) -> Iterator[None]:
    """Around an attempt to prove a password: Unauthenticated counts, everything else does not.

    The narrowest limit comes first. The account's own is wide: one stranger cannot shut its owner out.
    """
    chosen, account, place = settings(), _account(email), _place(address)
    taken = _take(
        Counter(parse(chosen.sign_in_limit), "sign-in", f"{account}|{place}"),
        Counter(parse(chosen.sign_in_address_limit), "sign-in-address", _network(address)),
        Counter(parse(chosen.sign_in_account_limit), "sign-in-account", account),
        Counter(parse(chosen.sign_in_global_limit), "sign-in-all"),
    )
    try:
        yield
    except Unauthenticated:
        raise
    except BaseException:
        _give_back(taken)
        raise
    _give_back(taken)


def _give_back(taken: Taken) -> None:
    try:
        taken.give_back()
    except redis.RedisError as error:
        _note_broker_away(error)  # the counts run out by themselves


def count_call(name: str, address: str | None) -> None:
    """Count one registration or reset request of an address. Raises TooManyRequests."""
    _take(Counter(parse(settings().register_limit), name, _network(address)))


def may_mail(email: str) -> bool:
    """Whether another mail may go to this address: nobody's mailbox is filled by a stranger.

    Counted over the life of a link: while no further mail goes, one that went still works. So nobody can use up
    another's mails and leave them without a link.
    """
    limit = f"{MAILS_PER_LINKS_LIFE} per {settings().reset_minutes} minutes"
    try:
        _take(Counter(parse(limit), "mail", _account(email)))
    except TooManyRequests:
        return False
    return True


def forget(email: str) -> None:
    """Take every count of an address out of the broker. Raises redis.RedisError when it is away."""
    for key in broker().scan_iter(match=f"*{_account(email)}*", count=1000):
        broker().delete(key)


def _account(email: str) -> str:
    # keyed: what lies in the broker tells no addresses
    key = current_app.config["SECRET_KEY"].encode()[:64]
    return hashlib.blake2b(email.encode(errors="replace"), key=key, digest_size=16).hexdigest()


def _place(address: str | None) -> str:
    """The address, for IPv6 its /64: a household has 2^64 of them."""
    return _of_size(address, 64)


def _network(address: str | None) -> str:
    """The address, for IPv6 its /48: one stranger may hold 65,536 households' worth, and with them fill the count
    that shuts an account for everybody."""
    return _of_size(address, 48)


def _of_size(address: str | None, bits: int) -> str:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, bits), strict=False).network_address)
    return str(found)
