"""Every call of the OpenAPI document has an example; each is what the schemas say, and what a desk really takes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from quietus.core.api_examples import FILE
from tests.contract.examples_walk import NOT_SENT, PREFIX, walk, webhook_settings
from tests.webhooks.receiver import Receiver

EXAMPLES: dict[str, dict[str, Any]] = json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def document(shared_app: Flask) -> Any:
    return shared_app.test_client().get(f"{PREFIX}/openapi.json").json


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "put", "delete"}:
            yield f"{method.upper()} {path.removeprefix(PREFIX)}", item[method]


def faults(document: Any, schema: Any, value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [f"{error.json_path}: {error.message}" for error in OAS31Validator(whole).iter_errors(value)]


def json_of(part: Any) -> Any:
    return part.get("content", {}).get("application/json")


def answer_of(call: Any, status: int) -> Any:
    return json_of(call["responses"][str(status)])


def test_the_document_is_valid_with_its_examples(document: Any) -> None:
    validate(document)


def test_every_call_has_its_example(document: Any) -> None:
    for name, call in operations(document):
        if json_of(call.get("requestBody", {})):
            assert "example" in json_of(call["requestBody"]), f"{name}: no example of what to send"
        good = [json_of(answer) for status, answer in call["responses"].items() if status.startswith("2")]
        if any(good) and name not in NOT_SENT:
            assert any("example" in each for each in good if each), f"{name}: no example of the answer"
    assert EXAMPLES.keys() <= {name for name, _ in operations(document)}


def test_every_example_is_what_its_schema_says(document: Any) -> None:
    for name, call in operations(document):
        parts = [json_of(call.get("requestBody", {})), *map(json_of, call["responses"].values())]
        for part in parts:
            if part and "example" in part:
                assert faults(document, part["schema"], part["example"]) == [], name
        for parameter in call.get("parameters", ()):
            if "example" in parameter:
                assert faults(document, parameter["schema"], parameter["example"]) == [], name


def test_every_example_can_be_sent(make_app: Callable[..., Flask], clean: None, document: Any) -> None:
    receiver, calls = Receiver(), dict(operations(document))
    app = make_app(**webhook_settings(receiver))
    sent = 0
    with app.app_context():
        for name, example, answer in walk(app, EXAMPLES):
            assert answer.status_code == example["status"], f"{name}: {answer.status_code} {answer.text[:300]}"
            if answer.mimetype == "application/json" and answer.data:
                described = answer_of(calls[name], example["status"])
                assert faults(document, described["schema"], answer.json) == [], name
                assert answer.json.keys() == example["response"].keys(), f"{name}: write the examples anew"
            sent += 1
    receiver.stop()
    assert sent + len(NOT_SENT) == len(calls)
