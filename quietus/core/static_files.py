"""Style sheets and scripts go out compressed where the browser takes it. Pages never do: the size of what was
compressed beside a secret tells of the secret."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

TEXT: Final = (".css", ".js", ".mjs", ".svg", ".json")
LEAST: Final = 1024  # of less, nothing is gained


def init_app(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if request.endpoint != "static" or not str((request.view_args or {}).get("filename")).endswith(TEXT):
        return response
    response.vary.add("Accept-Encoding")
    wanted = request.accept_encodings.quality("gzip") > 0 and "Range" not in request.headers
    if not wanted or response.status_code != 200 or (response.content_length or 0) < LEAST:
        return response
    path = safe_join(str(current_app.static_folder), (request.view_args or {})["filename"])
    if path is None:
        return response
    response.close()  # the open file
    response.direct_passthrough = False
    response.set_data(_compressed(path, Path(path).stat().st_mtime_ns))
    response.content_encoding = "gzip"
    # the same file in other bytes: equal for If-None-Match, which asks weakly
    response.set_etag(response.get_etag()[0] or "", weak=True)
    return response


@lru_cache(maxsize=256)
def _compressed(path: str, changed: int) -> bytes:
    """`changed` makes an edited file another one."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)
