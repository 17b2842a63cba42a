"""Puts an example beside each call of the OpenAPI document, from api_examples.json.

tests/contract sends every one of them and holds the answers against their schemas; it also writes the answers anew.
"""

import json
from pathlib import Path
from typing import Any, Final

from apispec import BasePlugin

FILE: Final = Path(__file__).with_suffix(".json")
PREFIX: Final = "/api/v1"


class ExamplesPlugin(BasePlugin):
    """Adds the examples of a path to its operations; they must come after marshmallow's schemas."""

    def __init__(self) -> None:
        self._examples: dict[str, dict[str, Any]] = json.loads(FILE.read_text())

    def operation_helper(self, path: str | None = None, operations: dict[str, Any] | None = None, **_: Any) -> None:
        for method, operation in (operations or {}).items():
            place = (path or "").removeprefix(PREFIX)
            example = self._examples.get(f"{method.upper()} {place}", {})
            if "request" in example:
                operation["requestBody"]["content"]["application/json"]["example"] = example["request"]
            if "response" in example:
                answers = {int(status): answer for status, answer in operation["responses"].items()}
                # a call that answers otherwise by now is found by the tests, not by who starts the desk
                content = answers.get(example["status"], {}).get("content", {})
                content.get("application/json", {})["example"] = example["response"]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and parameter["name"] in example.get("query", {}):
                    parameter["example"] = example["query"][parameter["name"]]
