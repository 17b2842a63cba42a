"""Home and help, which need no database, broker or model, and the helplines that every page shows."""

from flask import Blueprint, render_template
from flask.blueprints import BlueprintSetupState

from quietus.core.access import public
from quietus.core.config import settings
from quietus.core.languages import language
from quietus.home.service import Helplines, country, load_helplines, tel

bp = Blueprint("home", __name__)
bp.add_app_template_filter(tel)
bp.add_app_template_filter(country)


@bp.record
def _read_helplines(state: BlueprintSetupState) -> None:
    # a mistake in an operator's file stops the start, it must not wait for a person in need
    load_helplines(state.app.extensions["settings"].helplines_file)


@bp.app_context_processor
def _helplines() -> dict[str, Helplines]:
    return {"helplines": load_helplines(settings().helplines_file).spoken(language())}


@bp.get("/")
@public
def index() -> str:
    return render_template("home/index.html")


@bp.get("/help")
@public
def help_now() -> str:
    return render_template("home/help.html")
