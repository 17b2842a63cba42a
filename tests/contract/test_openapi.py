"""Made-up calls after the OpenAPI document, as nobody and as each role: no 5xx, nothing that the document hides.

`make test` makes the same few calls each time; `make fuzz` makes others, for as long as it is told.
"""

import contextlib
import itertools
import os
import time
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema

from quietus.accounts.permissions import ROLES
from tests.contract.conftest import Desk

SECONDS = int(os.environ.get("FUZZ_SECONDS") or 0)
WHO = ("NOBODY", *ROLES, "TOKEN")
# these end the session that the calls are made with; NOBODY, who has none, makes them too
ENDING = ("auth.logout", "auth.register", "auth.login")
CONFIG = SchemathesisConfig.from_dict({
    # who calls is ours to say
    "generation": {"with-security-parameters": False},
    "checks": {
        # a document cannot say every rule (a guessable password, an account that nobody has)
        "positive_data_acceptance": {"enabled": False},
        # it takes the key away that it knows of, and we send another beside it; tests/accounts look at this
        "ignored_auth": {"enabled": False},
    },
})  # fmt: skip


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: Any, value: Any) -> bytes:
    return str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def document(desk: Desk) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{desk.served.url}/api/v1/openapi.json", config=CONFIG)


def name(operation: APIOperation[Any, Any, Any, Any]) -> str:
    return str(operation.definition.raw["operationId"])


def chosen(cases: int, **options: Any) -> settings:
    """Nothing is kept for the next time, nothing is made smaller."""
    return settings(
        max_examples=cases, database=None, deadline=None, phases=[Phase.generate], report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck), **options,
    )  # fmt: skip


def rounds() -> Any:
    """Once in `make test`; for SECONDS in `make fuzz`."""
    until = time.monotonic() + SECONDS
    for number in itertools.count():
        yield number
        if time.monotonic() >= until:
            return


def test_every_call_by_everybody_answers_as_documented(desk: Desk, document: BaseSchema) -> None:
    lines, seen = {who: requests.Session() for who in WHO}, Counter[str]()
    operations = [result.ok() for result in document.get_all_operations() if isinstance(result, Ok)]
    strategies = {
        name(each): st.one_of(*(each.as_strategy(generation_mode=mode) for mode in GenerationMode))
        for each in operations
    }
    for number in rounds():
        for cases in strategies.values():

            @seed(number)
            @chosen(20 if SECONDS else 4)
            @given(cases)
            def call(case: Case) -> None:
                for who in WHO if name(case.operation) not in ENDING else ("NOBODY",):
                    try:
                        answer = case.call_and_validate(session=lines[who], headers=desk.headers[who])
                    except Exception as error:
                        error.add_note(f"as {who}")
                        raise
                    seen[f"{who} {answer.status_code // 100}xx"] += 1

            call()
    print(f"\n{sum(seen.values())} calls of {len(strategies)} operations: {dict(sorted(seen.items()))}")
    assert len(strategies) > 50
    assert all(seen[f"{who} 2xx"] for who in WHO)
    assert_still_in(desk)


def test_what_one_call_answers_leads_through_the_next(desk: Desk, document: BaseSchema) -> None:
    steps = Counter[str]()

    class Walk(document.as_state_machine()):  # type: ignore[misc]
        who = "NOBODY"

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": desk.headers["NOBODY" if name(case.operation) in ENDING else self.who]}

        def after_call(self, response: Any, case: Case) -> None:
            super().after_call(response, case)
            steps[f"{self.who} {response.status_code // 100}xx"] += 1

    for number in rounds():
        for turn, Walk.who in enumerate(WHO):
            seed(number * len(WHO) + turn)(Walk)
            # what an earlier walk made or deleted changes which steps the next one has: that is no fault
            with contextlib.suppress(FlakyStrategyDefinition):
                Walk.run(settings=chosen(20 if SECONDS else 2, stateful_step_count=8))
    print(f"\n{sum(steps.values())} steps: {dict(sorted(steps.items()))}")
    assert all(any(step.startswith(who) for step in steps) for who in WHO)
    assert_still_in(desk)


def assert_still_in(desk: Desk) -> None:
    """Else the run would have tested 401 for the most part."""
    for who in WHO[1:]:
        answer = requests.get(f"{desk.served.url}/api/v1/auth/me", headers=desk.headers[who], timeout=10)
        assert answer.status_code == 200, who
