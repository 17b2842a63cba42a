"""The notice that a person reads before consenting to a video session."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).with_name("notice.md")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the paragraphs under it, as plain text."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """The words, and the version that a consent names: their hash, so that a consent is to these very words."""

    version: str
    text: str

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def sections(self) -> tuple[Section, ...]:
        parts = [part.partition("\n") for part in self.text.split("\n## ")[1:]]
        return tuple(Section(heading, tuple(body.strip().split("\n\n"))) for heading, _, body in parts)


@cache
def notice() -> Notice:
    """The notice that is valid now."""
    text = FILE.read_text(encoding="utf-8").strip()
    return Notice(sha256(text.encode()).hexdigest()[:16], text)
