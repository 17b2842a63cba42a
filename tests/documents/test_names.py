"""Commands, options, targets and settings that a document names are those of the program."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from quietus.__main__ import cli
from tests.documents.test_links import DOCUMENTS
from tests.live import PROJECT

# up to the end of the line, or of the `…` that goes on in the next
COMMAND = re.compile(r"-m quietus ([^`|<>#;&\n)]*(?:\n[^`\n]*(?=`))?)")
TARGET = re.compile(r"`make ([a-z-]+)[^`]*`|^(?:\$ )?make ([a-z-]+)", re.M)
SETTING = re.compile(r"\b(QUIETUS_[A-Z0-9_]*[A-Z0-9])\b")


def named(document: Path) -> Iterator[list[str]]:
    for words in COMMAND.findall(document.read_text()):
        try:
            yield shlex.split(words)
        except ValueError:  # a quotation that goes on: the words before it are enough
            yield words.split()


def unknown(words: list[str]) -> str | None:
    """What of a command line the program does not know."""
    command: click.Command = cli
    options = {option for parameter in cli.params for option in parameter.opts} | {"--help"}
    for word in words:
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                return word
        elif isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
            options |= {option for parameter in command.params for option in parameter.opts}
        elif command is cli and not words[0].startswith("-") and word.isalpha():
            return word
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_their_options_are_there(document: Path) -> None:
    assert [(words, wrong) for words in named(document) if (wrong := unknown(words))] == []


def test_targets_of_make_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), flags=re.M))
    for document in DOCUMENTS:
        told = {one or other for one, other in TARGET.findall(document.read_text())}
        assert told <= targets, document.name


def test_settings_are_there() -> None:
    sources = [*(PROJECT / "quietus").rglob("*.py"), *(PROJECT / "tests").rglob("*.py"), PROJECT / "docs/settings.md"]
    known = {name for file in sources for name in SETTING.findall(file.read_text())}
    for document in DOCUMENTS:
        assert set(SETTING.findall(document.read_text())) <= known, document.name
