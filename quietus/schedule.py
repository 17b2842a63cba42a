"""What beat sends and when; each line says why then. Every task here may run twice without harm."""

from typing import Any, Final

from celery.schedules import crontab

TASK_MODULES: Final = (
    "quietus.analysis.tasks",
    "quietus.accounts.tasks",
    "quietus.admin.tasks",
    "quietus.reports.tasks",
)

BEAT: dict[str, dict[str, Any]] = {
    # the sweep behind the bell: finds what a lost message left waiting (D3); 15 s is promise P2's bound
    "analysis.record_pending": {
        "task": "analysis.record_pending",
        "schedule": 15.0,
        "options": {"expires": 15, "ignore_result": True},
    },
    # proof that beat, the broker and a worker all live; admins are told on every page when it is old
    "ops.heartbeat": {
        "task": "ops.heartbeat",
        "schedule": 60.0,
        "options": {"expires": 60, "ignore_result": True},
    },
    # after the night's retention and seal, before the morning shift; a run sees to missed days too
    "reports.daily_summary": {
        "task": "reports.daily_summary",
        "schedule": crontab(hour=6, minute=0),
        "options": {"ignore_result": True},
    },
    # on Mondays, half an hour after Sunday's own summary
    "reports.weekly_summary": {
        "task": "reports.weekly_summary",
        "schedule": crontab(hour=6, minute=30, day_of_week="mon"),
        "options": {"ignore_result": True},
    },
    # a minute is the finest window that a rule can have
    "alerts.evaluate": {
        "task": "alerts.evaluate",
        "schedule": 60.0,
        "options": {"expires": 60, "ignore_result": True},
    },
}
