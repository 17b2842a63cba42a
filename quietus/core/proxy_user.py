"""Whom a trusted proxy names in its header; from anybody else the header is dropped before the app sees it."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask, request

KEY: Final = "quietus.proxy_user"


class ProxyUser:
    """WSGI middleware. Stands outside ProxyFix: the peer is who holds the connection, not who is forwarded for."""

    def __init__(self, app: Callable[..., Iterable[bytes]], header: str, networks: Iterable[Any]) -> None:
        self._app, self._networks = app, tuple(networks)
        self._name = f"HTTP_{header.upper().replace('-', '_')}"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        named = environ.pop(self._name, None)
        environ.pop(KEY, None)
        if named and self._trusted(environ.get("REMOTE_ADDR", "")):
            environ[KEY] = named
        return self._app(environ, start_response)

    def _trusted(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:  # a Unix socket has none
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address.version == network.version and address in network for network in self._networks)


def named() -> str | None:
    """The person that the trusted proxy names for this request; None where there is none."""
    found = request.environ.get(KEY)
    return str(found) if found else None


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    if settings.proxy_user_header:
        wrapped = ProxyUser(app.wsgi_app, settings.proxy_user_header, settings.proxy_addresses)
        app.wsgi_app = wrapped  # type: ignore[method-assign]  # Flask's documented way
