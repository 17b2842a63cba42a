"""JSON lines in, JSON lines out: the model as a filter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from .port import Outcome, Refusal, TextModel

LONGEST = 1 << 20


def answers(lines: Iterable[bytes], model: TextModel) -> Iterator[tuple[str, bool]]:
    """For each line its answer and whether it is an outcome; a bad line gets its number and what is wrong."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        text = _text(line)
        if isinstance(text, _Wrong):
            yield _dump({"line": number, "error": text.reason}), False
            continue
        (answer,) = model.predict([text])
        if isinstance(answer, Refusal):
            yield _dump({"line": number, "error": "refused", "reason": answer.reason}), False
        else:
            yield _dump(as_json(answer, model.version)), True


class _Wrong:
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _text(line: bytes) -> str | _Wrong:
    if len(line) > LONGEST:
        return _Wrong("the line is longer than 1 MiB")
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Wrong("not UTF-8")
    except (ValueError, RecursionError):
        return _Wrong("not JSON")
    if not isinstance(value, dict) or "text" not in value:
        return _Wrong('not an object with a "text"')
    if not isinstance(value["text"], str):
        return _Wrong('"text" is not a string')
    return value["text"]


def as_json(outcome: Outcome, version: str) -> dict[str, object]:
    """One outcome under the names that every other part of the product uses."""
    return {
        "predicted_label": outcome.label,
        "confidence": outcome.confidence,
        "probabilities": outcome.probabilities,
        "model_version": version,
        "flags": list(outcome.flags),
        "spans": [asdict(span) for span in outcome.spans],
    }


def _dump(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=True)
