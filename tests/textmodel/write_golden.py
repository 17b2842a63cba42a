"""`python -m tests.textmodel.write_golden`: keep the shipped weights' answers, after new weights or a new revision."""

from __future__ import annotations

import json

from quietus import textmodel
from tests.textmodel.test_shipped import GOLDEN, SENTENCES, numbers

if __name__ == "__main__":
    answers = [{"label": label, "confidence": p, "flags": list(flags)} for label, p, flags in numbers(SENTENCES)]
    golden = {"version": textmodel.load().version, "answers": answers}
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")
