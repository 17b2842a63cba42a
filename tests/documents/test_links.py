"""Every link and every path that the documents name leads somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.live import PROJECT

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
# what is made on the spot, or belongs to another machine
MADE = {"quietus/static/vendor/"}
PATH = re.compile(r"(?<![\w/.-])((?:quietus|tests|docs|migrations|examples)/[\w./*-]*[\w/*])")


def anchors(document: Path) -> set[str]:
    """The anchors that a Markdown reader makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(document.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_that_are_named_exist(document: Path) -> None:
    named = {path for path in PATH.findall(document.read_text()) if path not in MADE}
    assert {path for path in named if not list(PROJECT.glob(path))} == set()


def test_every_document_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [PROJECT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md":
            continue
        reached.add(document)
        links = (link.partition("#")[0] for link in LINK.findall(document.read_text()) if ":" not in link)
        waiting += [(document.parent / unquote(link)).resolve() for link in links if link]
    assert set(DOCUMENTS) <= reached
