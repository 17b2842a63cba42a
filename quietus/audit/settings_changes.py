"""Notes in the audit trail which settings changed since the last start: their names, never their values."""

import hashlib
from typing import Any, Final

from pydantic import SecretStr

from quietus.audit import service
from quietus.audit.tags import Action
from quietus.core.config import Settings
from quietus.core.extensions import db

RESOURCE: Final = "settings"
# another database has another trail, and the embedded servers choose new ports; the folder's name is no setting of note
LEFT_OUT: Final = frozenset({"database_url", "migration_database_url", "analytics_database_url", "redis_url", "state"})


def note_changes(settings: Settings) -> list[str]:
    """The names of the settings that differ from those of the last start, noted and committed."""
    now = _digests(settings)
    last = service.latest(Action.SETTINGS_CHANGED, resource_type=RESOURCE, resource_id=RESOURCE)
    before: dict[str, str] | None = (last.details or {}).get("digests") if last else None
    if now == before:
        return []
    changed = [] if before is None else _changed(before, now)
    service.record(
        Action.SETTINGS_CHANGED,
        actor=None,
        resource_type=RESOURCE,
        resource_id=RESOURCE,
        metadata={"changed": changed, "digests": now},
    )
    db.session.commit()
    return changed


def _changed(before: dict[str, str], now: dict[str, str]) -> list[str]:
    if before.get("secret_key") != now["secret_key"]:
        return ["secret_key"]  # it is the key of all digests: the others cannot be compared any more
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _digests(settings: Settings) -> dict[str, str]:
    # keyed, so that nobody finds a short value by trying
    key = hashlib.sha256(settings.secret_key.get_secret_value().encode()).digest()
    return {
        name: hashlib.blake2b(_text(value).encode(), key=key, digest_size=8).hexdigest()
        for name in sorted(Settings.model_fields.keys() - LEFT_OUT)
        for value in [getattr(settings, name)]
    }


def _text(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
