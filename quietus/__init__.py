"""Quietus AI: a self-hosted desk for emotional-distress triage."""

from flask import Flask

from quietus.core.config import Settings, read_settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application: bind the extensions, register the features, return it.

    Raises ConfigurationError, one sentence, where a setting is missing or unsafe.
    """
    from quietus import commands, routes, schedule
    from quietus.accounts import guard, outside, sessions
    from quietus.admin import gauges
    from quietus.analysis import model_in_use
    from quietus.core import (
        api,
        celery,
        database,
        errors,
        headers,
        health,
        languages,
        logs,
        mail,
        metrics,
        pages,
        redis,
        static_files,
        throttle,
    )
    from quietus.reports import alerts
    from quietus.review import escalation

    settings = settings or read_settings()
    settings.refuse_unsafe()
    app = Flask(__name__)
    app.extensions["settings"] = settings
    logs.configure(settings.log_level)
    core = (logs, metrics, languages, headers, errors, database, redis, mail, throttle, api, pages)
    for part in (*core, static_files, health):
        part.init_app(app)
    celery.init_app(app, schedule.BEAT, schedule.TASK_MODULES)
    for part in (sessions, guard, outside, model_in_use, escalation, alerts, gauges):
        part.init_app(app)
    for page in routes.PAGES:
        app.register_blueprint(page)
    for calls in routes.CALLS:
        api.register(calls)
    app.cli.add_command(commands.group)
    return app
