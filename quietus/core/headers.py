"""Security headers on every answer, static files included (a worker obeys its own response)."""

from typing import Final

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from quietus.core import proxy_user

CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
# for the page that looks through the camera, and for the worker that does the looking
CSP_WITH_WASM: Final = CSP.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'")
WORKERS: Final = "live/worker.mjs"
HSTS_SECONDS = 31_536_000


def allow_camera(response: Response) -> Response:
    """Let this one page use the camera and WebAssembly; no page may use the microphone."""
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    response.headers["Content-Security-Policy"] = CSP_WITH_WASM
    return response


def _harden(response: Response) -> Response:
    headers = response.headers
    if request.endpoint == "static" and (request.view_args or {}).get("filename") == WORKERS:
        headers["Content-Security-Policy"] = CSP_WITH_WASM
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if request.endpoint != "static":
        # on a shared computer, the back button must not show what a person wrote
        headers["Cache-Control"] = "no-store"
    return response


def _hsts(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}; includeSubDomains"
    return response


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.after_request(_harden)
    if settings.https:
        app.after_request(_hsts)
    # merging would answer //a//b by a redirect to whatever Host the client sent
    app.url_map.merge_slashes = False
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]  # Flask's documented way
    proxy_user.init_app(app)  # outside ProxyFix: it asks who holds the connection
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="__Host-quietus_session" if settings.https else "quietus_session",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PREFERRED_URL_SCHEME="https" if settings.https else "http",
        WTF_CSRF_CHECK_DEFAULT=False,  # accounts/guard.py calls it, after it knows whether a token was used
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # it would require the Referer header that Referrer-Policy forbids
        WTF_CSRF_HEADERS=["X-CSRFToken"],
    )
