"""What counts as an event, without a database: anything may come, and only events get through."""

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quietus.core.extensions import db
from quietus.video.events import Event, Unreadable, read_event, read_line
from tests.video.conftest import Person, event

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(event())
WORDS = st.text(max_size=70) | st.sampled_from(
    ["", "\x00", "\ud800", "é", "e\u0301", "\u202e", "data:,x", "'; --", "%s", "\\"]
)
NUMBERS = st.floats() | st.integers() | st.sampled_from([5e-324, -0.0, 1e12, -1e12, 1e12 + 1, 2**63])
SIGNALS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True), NUMBERS | st.booleans() | WORDS, max_size=33
)


@given(ANYTHING)
def test_it_reads_an_event_or_says_why_not(raw: Any) -> None:
    with pytest.raises(Unreadable):
        read_event(raw)


@given(st.sampled_from(FIELDS), ANYTHING)
def test_a_field_of_anything_is_an_event_or_a_named_fault(name: str, value: Any) -> None:
    try:
        found = read_event(event(**{name: value}))
    except Unreadable as error:
        assert set(error.faults) == {name}
    else:
        assert isinstance(found, Event)
        assert math.isfinite(found.confidence) and found.event_at.tzinfo is not None


@given(st.binary(max_size=60))
def test_a_line_of_anything_is_no_event(line: bytes) -> None:
    with pytest.raises(Unreadable):
        read_line(line)


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_is_needed(name: str) -> None:
    raw = event()
    del raw[name]
    with pytest.raises(Unreadable, match=f"{name}: Missing"):
        read_event(raw)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGNALS, NUMBERS, WORDS, NUMBERS)
def test_whatever_is_sent_is_stored_or_refused_and_comes_back_as_it_was(
    alice: Person, signals: dict[str, Any], confidence: Any, version: str, latency: Any
) -> None:
    if not hasattr(alice, "place"):
        alice.place = alice.session()  # type: ignore[attr-defined]
    place: str = alice.place  # type: ignore[attr-defined]
    sent = event(signals=signals, confidence=confidence, model_version=version, latency_ms=latency)
    for each in (sent, event(signals=signals)):
        answer = alice.client.post(
            f"{place}/events",
            data=json.dumps({"events": [each]}),
            content_type="application/json",
            headers=alice.headers,
        )
        assert answer.status_code in (200, 400, 422), answer.text
        if answer.status_code == 200:
            assert answer.json == {"stored": 1, "duplicates": 0}
            (stored,) = [e for e in alice.get(f"{place}/events?limit=200").json["items"] if e["id"] == each["id"]]
            assert stored["signals"] == signals
    db.session.remove()
