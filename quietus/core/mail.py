"""Sends mail by the backend of the settings: the console by default, SMTP when set."""

from flask import Flask

from quietus.core.extensions import mail


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.config.update(
        MAIL_BACKEND="console" if settings.mail_backend == "console" else "smtp",
        MAIL_DEFAULT_SENDER=settings.mail_sender,
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USERNAME=settings.mail_username or None,
        MAIL_PASSWORD=settings.mail_password.get_secret_value() or None,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_TIMEOUT=10,
    )
    mail.init_app(app)
