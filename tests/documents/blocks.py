"""The fenced blocks of the documents, and what somebody would type of them."""

import re
import shlex
from dataclasses import dataclass

from tests.live import PROJECT

FENCE = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """`words` are what stands behind the language, `heading` the nearest one above."""

    heading: str
    language: str
    words: str
    text: str

    def commands(self) -> list[str]:
        """What follows a prompt, up to where the shell would no longer ask for more; the rest is what it answers."""
        found: list[str] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(line.removeprefix("$ "))
            elif found and _unfinished(found[-1]):
                found[-1] += "\n" + line
        return found


def blocks(document: str) -> list[Block]:
    """All of one document, in order."""
    text = (PROJECT / document).read_text()
    return [
        Block(_heading_above(text, found.start()), found[2], found[3].strip(), _without_indent(found[4], found[1]))
        for found in FENCE.finditer(text)
    ]


def _without_indent(text: str, indent: str) -> str:
    return re.sub(f"^{indent}", "", text, flags=re.M)


def _heading_above(text: str, place: int) -> str:
    return re.findall(r"^#+ (.+)$", text[:place], flags=re.M)[-1]


def _unfinished(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:  # an open quotation
        return True
    return command.endswith("\\")
