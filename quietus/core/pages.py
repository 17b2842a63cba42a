"""What every page has: the request id, the quick exit, and calm formats for shares."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Flask, current_app, g

from quietus.core.config import settings

# a file of this name in the state folder: everything in this desk is made up, and its pages say so
DEMO_MARK = "DEMO"


def percent(value: Decimal | float) -> str:
    return f"{float(value) * 100:.0f} %"


def rfc3339(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _every_page() -> dict[str, Any]:
    chosen = settings()
    # pages promise that nobody is told, or say that somebody is: whichever is true here
    told = bool(chosen.escalation)
    made_up = current_app.config["MADE_UP"]
    return {
        "request_id": g.get("request_id", ""),
        "exit_url": chosen.exit_url,
        "may_register": chosen.registration == "open" and chosen.password_sign_in,
        "people_are_told": told,
        "with_passwords": chosen.password_sign_in,
        "programs_are_told": bool(chosen.webhooks),
        "made_up": made_up,
    }


def init_app(app: Flask) -> None:
    app.config["MADE_UP"] = (app.extensions["settings"].state / DEMO_MARK).exists()
    app.context_processor(_every_page)
    app.jinja_env.filters.update(percent=percent, rfc3339=rfc3339)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
