"""The state folder: what a stack remembers between two starts, and the addresses that follow from it."""

from __future__ import annotations

import json
import os
import secrets
import socket
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
DATABASE = "quietus"
SUPERUSER, OWNER, APPLICATION = "postgres", "quietus_owner", "quietus_app"


class StackError(Exception):
    """Something a person must know or do; the message is one sentence for them."""


@dataclass(frozen=True)
class Addresses:
    """Where one stack is reached, and with what secrets."""

    database_url: str
    owner_database_url: str
    redis_url: str
    secret_key: str
    state: Path

    def environment(self) -> dict[str, str]:
        """The variables by which every process of the product finds this stack."""
        counters = self.state / "metrics"
        return {
            "DATABASE_URL": self.database_url,
            "QUIETUS_MIGRATION_DATABASE_URL": self.owner_database_url,
            "REDIS_URL": self.redis_url,
            "QUIETUS_SECRET_KEY": self.secret_key,
            "QUIETUS_STATE": str(self.state),
            # a command on servers of one's own may have no such folder, and must not need one
            **({"PROMETHEUS_MULTIPROC_DIR": str(counters)} if counters.is_dir() else {}),
        }


@dataclass(frozen=True)
class Memory:
    """servers.json: the addresses of the embedded servers with their passwords, the same at every start."""

    database_url: str
    owner_database_url: str
    superuser_database_url: str
    redis_url: str

    @property
    def postgres_port(self) -> int:
        return urlsplit(self.database_url).port or 0

    @property
    def valkey_port(self) -> int:
        return urlsplit(self.redis_url).port or 0

    def password(self, role: str) -> str:
        """Of a PostgreSQL role, or of Valkey's only user, whose name is empty."""
        for url in asdict(self).values():
            parts = urlsplit(url)
            if (parts.username or "") == role:
                return parts.password or ""
        raise KeyError(role)


def external(name: str) -> str | None:
    """DATABASE_URL or REDIS_URL where the person runs that server."""
    return os.environ.get(name) or None


def addresses(state: Path) -> Addresses:
    """Those of a stack that ran at least once, running or not; DATABASE_URL and REDIS_URL win."""
    state = state.absolute()
    database, broker = external("DATABASE_URL"), external("REDIS_URL")
    memory = None if database and broker else recall(state)
    if memory is None and not (database and broker):
        raise StackError(f"No stack has run on {state} yet: start it with `python -m quietus up`.")
    owner = os.environ.get("QUIETUS_MIGRATION_DATABASE_URL") or database
    return Addresses(
        database_url=database or (memory.database_url if memory else ""),
        owner_database_url=owner or (memory.owner_database_url if memory else ""),
        redis_url=broker or (memory.redis_url if memory else ""),
        secret_key=os.environ.get("QUIETUS_SECRET_KEY") or secret_key(state),
        state=state,
    )


def prepare_folder(state: Path) -> Path:
    """Make the state folder, and say plainly when this user cannot use it."""
    state = state.absolute()
    counts = state / "metrics"
    try:
        if counts.is_symlink() and not counts.exists():
            counts.unlink()  # into a memory that the machine has lost since
        for folder in (state, state / "logs", state / "metrics", state / "beat"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(state, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(state)
    except OSError as reason:
        raise StackError(
            f"The state folder {state} cannot be used ({reason.strerror or 'not permitted'}): "
            "choose another with --state."
        ) from None
    return state


def secret_key(state: Path) -> str:
    """The key that signs sessions; made at the first call, readable by its owner only."""
    file = prepare_folder(state) / "secret_key"
    try:
        if not file.exists():
            _write_private(file, secrets.token_urlsafe(48))
        return file.read_text().strip()
    except PermissionError:
        raise _foreign(file) from None


def recall(state: Path) -> Memory | None:
    """What servers.json holds; None where no stack has run yet."""
    file = state / "servers.json"
    try:
        return Memory(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise _foreign(file) from None
    except (ValueError, TypeError):
        raise StackError(
            f"{file} cannot be read: put a copy of it back, or choose another folder with --state."
        ) from None


def remember(state: Path) -> Memory:
    """The memory of this state folder with ports that are free now; keeps the old ports where it can."""
    memory = recall(state)
    if memory is None:
        if (state / "postgres" / "PG_VERSION").exists():
            raise StackError(
                f"{state} holds data but its servers.json with the passwords is gone: put it back, "
                "or choose another folder with --state."
            )
        memory = _new_memory()
    kept = _with_free_ports(memory)
    if kept != recall(state):
        _write_private(state / "servers.json", json.dumps(asdict(kept), indent=2) + "\n")
    return kept


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        # As the servers do it: a port that only waits out its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _new_memory() -> Memory:
    def database(role: str, name: str) -> str:
        return f"postgresql+psycopg://{role}:{secrets.token_urlsafe(24)}@{LOOPBACK}:0/{name}"

    return Memory(
        database_url=database(APPLICATION, DATABASE),
        owner_database_url=database(OWNER, DATABASE),
        superuser_database_url=database(SUPERUSER, "postgres"),
        redis_url=f"redis://:{secrets.token_urlsafe(24)}@{LOOPBACK}:0/0",
    )


def _with_free_ports(memory: Memory) -> Memory:
    def usable(port: int, other: int) -> int:
        while port in (0, other) or not port_is_free(port):
            port = free_port()
        return port

    postgres = usable(memory.postgres_port, other=0)
    valkey = usable(memory.valkey_port, other=postgres)
    return replace(
        memory,
        database_url=_at_port(memory.database_url, postgres),
        owner_database_url=_at_port(memory.owner_database_url, postgres),
        superuser_database_url=_at_port(memory.superuser_database_url, postgres),
        redis_url=_at_port(memory.redis_url, valkey),
    )


def _at_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{credentials}@{LOOPBACK}:{port}").geturl()


def _write_private(file: Path, text: str) -> None:
    """Write all or nothing, readable by its owner only from the first byte on."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _foreign(file: Path) -> StackError:
    return StackError(f"{file} belongs to another user: run as that user, or choose another folder with --state.")
