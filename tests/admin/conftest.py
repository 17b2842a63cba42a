"""Two admins and the people whose accounts they manage."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.privacy.conftest import Caller


@pytest.fixture
def caller(app: Flask) -> Callable[..., Caller]:
    return lambda email, *roles: Caller(app, email, roles or ("USER",))


@pytest.fixture
def root(caller: Callable[..., Caller]) -> Caller:
    return caller("root@example.org", "ADMIN")


@pytest.fixture
def alice(caller: Callable[..., Caller]) -> Caller:
    return caller("alice@example.org")
