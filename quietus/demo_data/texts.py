"""Made-up check-ins with their outcomes, their audit rows, and what reviewers decided about some of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from quietus.demo_data.copying import Array, Ground, copy_rows, ids, moments, numbers, picked, times
from quietus.demo_data.reviews import Reviewed, add_reviews

LABELS: Final = ("LOW", "MODERATE", "HIGH", "FAILED")
SHARES: Final = (0.715, 0.212, 0.07, 0.003)
SOURCES: Final = ("WEB_FORM", "API", "IMPORT", "TRANSCRIPT")
SOURCE_SHARES: Final = (0.55, 0.3, 0.1, 0.05)
VERSIONS: Final = ("demo-text-1", "demo-text-2")
BEGINNINGS: Final = ("This week", "Since Monday", "Today", "For some days now", "After the holidays", "Lately")
MIDDLES: Final = {
    "LOW": (
        "the garden keeps me busy and I sleep well",
        "work was long but my colleagues made me laugh",
        "I cooked for my neighbours and we talked until late",
        "the children were loud and the evening was quiet",
        "I walk by the river before breakfast",
    ),
    "MODERATE": (
        "I wake up at four and cannot fall asleep again",
        "everything feels heavy and I put off calling back",
        "I worry about money and I cry more than I did",
        "I cannot keep my mind on anything at work",
        "I have stopped seeing my friends, it is too much",
    ),
    "HIGH": (
        "I do not see how this can go on, and I feel like a burden",
        "I have thought about not being here any more",
        "I feel trapped and nobody would miss me",
        "I want it all to stop and I am frightened of myself",
        "there is no way out for me that I can see",
    ),
}
ENDINGS: Final = ("", " I wanted to write it down.", " That is all for now.", " I do not know what else to say.")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts as columns, one place for each."""

    id: list[str]
    user_id: list[str]
    label: Array  # places in LABELS
    confidence: Array
    version: list[str]
    sent: Array
    read: Array


def add_texts(ground: Ground, count: int) -> int:
    """`count` texts; how many audit rows came with them."""
    rng = ground.rng
    texts = _make(ground, count)
    sources = picked(SOURCES, rng.choice(len(SOURCES), count, p=SOURCE_SHARES))
    requests = ids(rng, texts.sent)
    labels = picked(LABELS, texts.label.tolist())
    columns = ("id", "user_id", "input_text", "source", "predicted_label", "confidence", "model_version",
               "ai_processing_ms", "submitted_at", "analyzed_at", "request_id")  # fmt: skip
    data = (
        texts.id, texts.user_id, _words(rng, labels), sources, labels, numbers(texts.confidence, 4), texts.version,
        numbers(np.ceil(rng.lognormal(1.8, 0.5, count))), times(texts.sent), times(texts.read), requests,
    )  # fmt: skip
    copy_rows(ground.connection, "analysis_records", columns, data)
    return _audit(ground, texts, labels, sources, requests) + _review(ground, texts, labels)


def _make(ground: Ground, count: int) -> Texts:
    rng, people = ground.rng, ground.people
    sent = moments(rng, count, ground.end, ground.days)
    label = rng.choice(len(LABELS), count, p=SHARES)
    confidence = np.where(label == LABELS.index("LOW"), rng.beta(9, 1.6, count), rng.beta(6, 2.4, count))
    confidence = np.where(label == LABELS.index("FAILED"), 0, np.clip(confidence, 0.34, 0.9999))
    wait = np.minimum(rng.lognormal(5, 0.9, count), 60_000).astype("timedelta64[ms]")
    change = len(sent) - len(sent) // 3  # the second version came when two thirds had been read
    version = [VERSIONS[0]] * change + [VERSIONS[1]] * (count - change)
    # some people write often: squared, so that a tenth of them write a third of it all
    who = (rng.random(count) ** 2 * len(people)).astype(int)
    return Texts(ids(rng, sent), picked(people, who.tolist()), label, confidence, version, sent, sent + wait)


def _words(rng: np.random.Generator, labels: list[str]) -> list[str]:
    places = rng.integers(0, 1 << 30, (len(labels), 3)).tolist()
    found = []
    for label, (first, middle, last) in zip(labels, places, strict=True):
        said = MIDDLES.get(label, MIDDLES["LOW"])
        words = f"{BEGINNINGS[first % len(BEGINNINGS)]} {said[middle % len(said)]}.{ENDINGS[last % len(ENDINGS)]}"
        # some people write a lot: what they say comes again in other words
        more = said[(middle + 1) % len(said)]
        found.append(f"{words} And {more}." if last % 3 == 0 else words)
    return found


def _audit(ground: Ground, texts: Texts, labels: list[str], sources: list[str], requests: list[str]) -> int:
    """What accepting and recording wrote about each text."""
    accepted = [
        f'{{"request_id": "{request}", "source": "{source}", "subject_id": "{user}"}}'
        for request, source, user in zip(requests, sources, texts.user_id, strict=True)
    ]
    recorded = [
        f'{{"predicted_label": "{label}", "model_version": "{version}"}}'
        if label != "FAILED"
        else '{"reason": "no_words"}'
        for label, version in zip(labels, texts.version, strict=True)
    ]
    columns = ("user_id", "action", "resource_type", "resource_id", "metadata", "created_at")
    count, kind = len(labels), ["analysis"] * len(labels)
    acts = ["analysis:failed" if label == "FAILED" else "analysis:recorded" for label in labels]
    copy_rows(ground.connection, "audit_logs", columns,
              (texts.user_id, ["analysis:accepted"] * count, kind, texts.id, accepted, times(texts.sent)))  # fmt: skip
    copy_rows(
        ground.connection, "audit_logs", columns, ([r"\N"] * count, acts, kind, texts.id, recorded, times(texts.read))
    )
    return 2 * count


def _review(ground: Ground, texts: Texts, labels: list[str]) -> int:
    """Most of HIGH, a third of MODERATE and a small sample of LOW were read by a person."""
    chance = np.array([0.02, 0.33, 0.9, 0])[texts.label]
    read = ground.rng.random(len(labels)) < chance
    overdue = (texts.read < ground.all_read_until) & np.isin(texts.label, (1, 2))
    chosen = np.flatnonzero(read | overdue).tolist()
    reviewed = Reviewed(
        "analysis",
        picked(texts.id, chosen),
        picked(texts.user_id, chosen),
        picked(labels, chosen),
        texts.confidence[chosen],
        picked(texts.version, chosen),
        texts.read[chosen],
    )
    return add_reviews(ground, reviewed)
