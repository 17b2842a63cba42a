"""What beat sends and when; each line says why then. Every task here may run twice without harm."""

from typing import Any, Final

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
}
