"""What beat sends and when; each line says why then. Every task here may run twice without harm."""

from typing import Any, Final

from celery.schedules import crontab

TASK_MODULES: Final = (
    "quietus.analysis.tasks",
    "quietus.accounts.tasks",
    "quietus.audit.tasks",
    "quietus.privacy.tasks",
    "quietus.admin.tasks",
    "quietus.video.tasks",
    "quietus.reports.tasks",
    "quietus.review.tasks",
    "quietus.webhooks.tasks",
)

BEAT: dict[str, dict[str, Any]] = {
    # the sweep behind the bell: finds what a lost message left waiting (D3); 15 s is promise P2's bound
    "analysis.record_pending": {
        "task": "analysis.record_pending",
        "schedule": 15.0,
        "options": {"expires": 15, "ignore_result": True},
    },
    # the first after midnight seals the day that ended; the others find nothing, unless the desk was down then
    "audit.seal": {"task": "audit.seal", "schedule": crontab(minute=10), "options": {"expires": 3000}},
    # after the seal, since only sealed days may go, and while few people write
    "retention.apply": {"task": "retention.apply", "schedule": crontab(hour=2, minute=0), "options": {"expires": 3000}},
    # after the seal and after retention, so that it also proves what retention left behind
    "audit.verify": {"task": "audit.verify", "schedule": crontab(hour=3, minute=0), "options": {"expires": 3000}},
    # an erasure that was asked for is due to the day, not to the minute; also picks up what could not be done before
    "privacy.erase": {"task": "privacy.erase", "schedule": 300.0, "options": {"expires": 300}},
    # the sweep behind an upload's message: goes on with a file whose worker was killed; one look when none waits
    "video.import_events": {
        "task": "video.import_events",
        "schedule": 60.0,
        "options": {"expires": 60, "ignore_result": True},
    },
    # a session is silent after 10 minutes: 2 more are soon enough to say so, and it is one indexed look
    "video.close_abandoned": {
        "task": "video.close_abandoned",
        "schedule": 120.0,
        "options": {"expires": 120, "ignore_result": True},
    },
    # proof that beat, the broker and a worker all live; admins are told on every page when it is old
    "ops.heartbeat": {
        "task": "ops.heartbeat",
        "schedule": 60.0,
        "options": {"expires": 60, "ignore_result": True},
    },
    # steps of the escalation list are minutes apart; it also finds what a lost bell left untold
    "review.escalate": {
        "task": "review.escalate",
        "schedule": 60.0,
        "options": {"expires": 60, "ignore_result": True},
    },
    # each hour, so that the queue looks back over an hour or two of decisions at most
    "review.settle": {
        "task": "review.settle",
        "schedule": crontab(minute=7),
        "options": {"expires": 3600, "ignore_result": True},
    },
    # the day before is complete, and the morning shift finds the sample among its items
    "review.draw_sample": {
        "task": "review.draw_sample",
        "schedule": crontab(hour=0, minute=20),
        "options": {"expires": 6 * 3600, "ignore_result": True},
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
    # the sweep behind the bell of webhooks, and what carries their later tries; nothing to do where none is set
    "webhooks.sweep": {
        "task": "webhooks.sweep",
        "schedule": 15.0,
        "options": {"expires": 15, "ignore_result": True},
    },
    # a minute is the finest window that a rule can have
    "alerts.evaluate": {
        "task": "alerts.evaluate",
        "schedule": 60.0,
        "options": {"expires": 60, "ignore_result": True},
    },
}
