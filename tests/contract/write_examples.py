"""Writes the answers of quietus/core/api_examples.json anew: `pytest tests/contract/write_examples.py`.

Its requests are written by hand. Long texts and lists of an answer are cut to what a reader needs to see.
"""

import json
from collections.abc import Callable
from typing import Any

from flask import Flask

from quietus.core.api_examples import FILE
from quietus.video.notice import notice
from tests.contract.examples_walk import walk, webhook_settings
from tests.webhooks.receiver import Receiver

LONGEST_LIST = 2
LONGEST_TEXT = 300


def shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value[:LONGEST_LIST]]
    if isinstance(value, str) and value.startswith("qt_"):
        return "qt_…"
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[:LONGEST_TEXT] + "…"
    return value


def test_write_the_answers(make_app: Callable[..., Flask], clean: None) -> None:
    receiver = Receiver()
    app = make_app(**webhook_settings(receiver))
    examples, refused = json.loads(FILE.read_text()), []
    for example in examples.values():  # a consent names the notice's version
        consent = example.get("request", {}).get("consent", example.get("request", {}))
        if "accepted" in consent:
            consent["version"] = notice().version
    with app.app_context():
        for operation, example, answer in walk(app, examples):
            if answer.status_code >= 300:
                refused.append((operation, answer.text))
                continue
            example["status"] = answer.status_code
            example.pop("response", None)
            if answer.mimetype == "application/json" and answer.data:
                example["response"] = shortened(answer.json)
    receiver.stop()
    assert refused == []
    FILE.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n")
