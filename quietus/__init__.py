"""Quietus AI: a self-hosted desk for emotional-distress triage."""

from flask import Flask

from quietus.core.config import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application: bind the extensions, register the features, return it.

    Raises ConfigurationError, one sentence, where a setting is missing or unsafe.
    """
    from quietus import commands, schedule
    from quietus.accounts import guard, sessions
    from quietus.analysis import model_in_use
    from quietus.core import (
        api,
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
    from quietus.reports import alerts
    from quietus.video import models as _video  # noqa: F401 - its tables are part of the schema

    settings = settings or Settings()
    settings.refuse_unsafe()
    app = Flask(__name__)
    app.extensions["settings"] = settings
    logs.configure(settings.log_level)
    for part in (logs, metrics, headers, errors, database, redis, mail, throttle, api, pages, health):
        part.init_app(app)
    celery.init_app(app, schedule.BEAT, schedule.TASK_MODULES)
    for part in (sessions, guard, model_in_use, alerts):
        part.init_app(app)
    _register_features(app)
    app.cli.add_command(commands.group)
    return app


def _register_features(app: Flask) -> None:
    """Every page and every JSON call."""
    from quietus.accounts import api as accounts_api
    from quietus.accounts import views as accounts_views
    from quietus.admin import views as admin_views
    from quietus.analysis import api as analysis_api
    from quietus.analysis import views as analysis_views
    from quietus.analytics import api as analytics_api
    from quietus.analytics import views as analytics_views
    from quietus.core import api, api_docs
    from quietus.home import views as home_views
    from quietus.reports import api as reports_api
    from quietus.reports import views as reports_views

    pages_of_features = (home_views, accounts_views, analysis_views, analytics_views, reports_views, admin_views)
    for pages in (*pages_of_features, api_docs):
        app.register_blueprint(pages.bp)
    for calls in (accounts_api, analysis_api, analytics_api, reports_api):
        api.register(calls.bp)
