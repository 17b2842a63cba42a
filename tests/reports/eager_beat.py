"""A beat that asks for the daily summary every second, for the test of two beats."""

from quietus import create_app

flask_app = create_app()
celery_app = flask_app.extensions["celery"]
celery_app.conf.beat_schedule = {"reports.daily_summary": {"task": "reports.daily_summary", "schedule": 1.0}}
celery_app.conf.beat_max_loop_interval = 1
