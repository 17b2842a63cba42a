"""Quietus AI: a self-hosted desk for emotional-distress triage."""

from flask import Flask

from quietus.core.config import Settings, read_settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application: bind the extensions, register the features, return it.

    Raises ConfigurationError, one sentence, where a setting is missing or unsafe.
    """
    from quietus import commands, schedule
    from quietus.accounts import api as accounts_api
    from quietus.accounts import guard, sessions
    from quietus.accounts import views as accounts_views
    from quietus.admin import views as admin_views
    from quietus.analysis import api as analysis_api
    from quietus.analysis import model_in_use
    from quietus.analysis import views as analysis_views
    from quietus.core import (
        api,
        api_docs,
        celery,
        database,
        errors,
        headers,
        health,
        logs,
        mail,
        metrics,
        pages,
        redis,
        throttle,
    )
    from quietus.home import views as home_views
    from quietus.review import api as review_api
    from quietus.review import escalation
    from quietus.review import views as review_views
    from quietus.video import models as _video  # noqa: F401 - its tables are part of the schema

    settings = settings or read_settings()
    settings.refuse_unsafe()
    app = Flask(__name__)
    app.extensions["settings"] = settings
    logs.configure(settings.log_level)
    for part in (logs, metrics, headers, errors, database, redis, mail, throttle, api, pages, health):
        part.init_app(app)
    celery.init_app(app, schedule.BEAT, schedule.TASK_MODULES)
    sessions.init_app(app)
    guard.init_app(app)
    model_in_use.init_app(app)
    escalation.init_app(app)
    for pages_of in (home_views, accounts_views, analysis_views, review_views, admin_views, api_docs):
        app.register_blueprint(pages_of.bp)
    for calls in (accounts_api, analysis_api, review_api):
        api.register(calls.bp)
    app.cli.add_command(commands.group)
    return app
