"""How gunicorn serves the web processes: threads, since a request mostly waits for PostgreSQL."""

from pathlib import Path
from typing import Any

worker_class = "quietus.core.gunicorn_worker.Worker"
threads = 8
# one process loads the program and forks the others: a worker that was killed is replaced at once
preload_app = True
# a request may wait `Prefer: wait` seconds for its outcome; longer than this it is stuck
timeout = 30
graceful_timeout = 20
keepalive = 5
# gunicorn's own log line would hold the path, and a path may hold a reset link's token; core/logs.py writes ours
accesslog = None
errorlog = "-"
loglevel = "warning"
logger_class = "quietus.core.gunicorn_log.Logger"
# gunicorn's heartbeat file must not wait for a disk, where there is a place in memory
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - as gunicorn's manual says  # nosec B108
limit_request_line = 4094
limit_request_fields = 60
# nobody sets SCRIPT_NAME, the scheme or our environment by a header; ProxyFix (core/headers.py) reads the
# X-Forwarded-* of as many proxies as QUIETUS_TRUSTED_PROXIES says. All three: gunicorn always trusts a Unix socket.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def child_exit(server: Any, worker: Any) -> None:
    """Let the metrics of a worker that ended stop counting as live."""
    import os

    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the package's own gap
