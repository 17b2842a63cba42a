"""The Flask extensions, made once and bound in create_app."""

from flask import request
from flask_login import LoginManager
from flask_mailman import Mail
from flask_migrate import Migrate
from flask_smorest import Api as SmorestApi
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from quietus.core.api_examples import ExamplesPlugin


class Model(DeclarativeBase):
    """Base of all tables; names follow what PostgreSQL itself would choose, so that drift checks are quiet."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


# what was loaded stays readable after the commit; a row deleted meanwhile must not break the answer
db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
mail = Mail()


class Api(SmorestApi):
    """OpenAPI from the code; errors are left to core/errors.py, which answers problem+json everywhere."""

    def _register_error_handlers(self) -> None:
        """Registers nothing: flask-smorest's own error format is not ours."""


api = Api(spec_kwargs={"extra_plugins": [ExamplesPlugin()]})


def wants_json() -> bool:
    """Whether this request is of the JSON API (its errors are problem+json) rather than of a page."""
    return request.path.startswith("/api/v1") or request.path in ("/healthz", "/readyz", "/metrics")
