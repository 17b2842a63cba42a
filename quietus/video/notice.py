"""The notice that a person reads before consenting to a video session."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from quietus.core.languages import SOURCE

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the paragraphs under it, as plain text."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """The words, and the version that a consent names: the hash of the English ones, which bind."""

    version: str
    text: str
    language: str = SOURCE

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
    text = (FOLDER / "notice.md").read_text(encoding="utf-8").strip()
    return Notice(sha256(text.encode()).hexdigest()[:16], text)


@cache
def notice_in(language: str) -> Notice:
    """The notice said in this language; in English where nobody translated this very version.

    The first line of notice.<language>.md names the version that it translates.
    """
    file = FOLDER / f"notice.{language}.md"
    version, _, text = file.read_text(encoding="utf-8").partition("\n") if file.exists() else ("", "", "")
    return Notice(version, text.strip(), language) if version == notice().version else notice()
