"""What a check found, in one line that says what to do, and how checks are run so that none of them can hang."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from flask import Flask

from quietus.core.config import Settings

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line; `advice` is empty when nothing has to be done."""

    check: str
    level: Level
    found: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.level:<5}{self.check:<11}{self.found}" + (f" {self.advice}" if self.advice else "")


@dataclass(frozen=True, slots=True)
class Desk:
    """What checks look at: the settings, and the app made of them."""

    settings: Settings
    app: Flask


Look = Callable[[Desk], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A part of the desk; where it cannot be looked at within its seconds, that is the finding."""

    name: str
    look: Look
    seconds: float = 10.0
    needs: Sequence[str] = field(default=())


OVERDUE: Final = "Nothing was heard in {seconds:g} s."


def run(checks: Sequence[Check], desk: Desk) -> Iterator[Finding]:
    """One after the other; a check whose needs failed is left out, since it could only say the same again."""
    failed: set[str] = set()
    for check in checks:
        if missing := [need for need in check.needs if need in failed]:
            yield Finding(check.name, "warn", f"not looked at: {missing[0]} does not work.")
            continue
        for finding in _within(check, desk):
            if finding.level == "fail":
                failed.add(check.name)
            yield finding


def _within(check: Check, desk: Desk) -> list[Finding]:
    found: list[Finding] = []

    def look() -> None:
        try:
            with desk.app.app_context():
                found.extend(check.look(desk))
        except Exception as error:
            # by its name only: what a driver says may hold an address with its password
            found.append(Finding(check.name, "fail", f"could not be looked at ({type(error).__name__})."))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(check.seconds)
    if thread.is_alive():
        return [*found, Finding(check.name, "fail", OVERDUE.format(seconds=check.seconds), "It hangs, or is far away.")]
    return found or [Finding(check.name, "ok", "nothing to say.")]
