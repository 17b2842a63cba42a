"""Text in, review priority out: the port, and the adapters behind it."""

from __future__ import annotations

import os
from functools import lru_cache
from threading import Lock
from typing import Any

from .port import LABELS, ModelUnavailable, Outcome, Refusal, Span, TextModel

__all__ = ["LABELS", "ModelUnavailable", "Outcome", "Refusal", "Span", "TextModel", "load"]


# onnxruntime's wheel sends events about each session to its maker unless this stands before it is imported
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_loading = Lock()


def load(kind: str = "local", **options: Any) -> TextModel:
    """The text model of this process, made once; load it before forking and the weights are shared.

    local takes `folder`; remote takes `url`, `token`, `timeout` and `attempts`.
    """
    with _loading:  # the cache alone would let sixteen threads load sixteen copies at once
        return _load(kind, **options)


@lru_cache(maxsize=4)
def _load(kind: str, **options: Any) -> TextModel:
    if kind == "local":
        from .local import LocalModel

        return LocalModel(**options)
    if kind == "remote":
        from .remote import RemoteModel

        return RemoteModel(**options)
    raise ValueError(f"No text model of kind {kind!r}: use local or remote.")
