"""`make translations`: collects what the product says into the catalogue of each language, and compiles it.

A command, and what tests/core/test_languages.py looks at. No line numbers, no dates, one order: changes stay small.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from quietus.analytics.catalogue import read as read_figure
from quietus.core.languages import NAMES, SOURCE

PRODUCT: Final = Path(__file__).resolve().parents[1] / "quietus"
LANGUAGES: Final = [code for code in NAMES if code != SOURCE]
KEYWORDS: Final = DEFAULT_KEYWORDS | {"later": None, "lazy_ngettext": (1, 2)}
TEMPLATES: Final = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
ALWAYS: Final = datetime(2026, 1, 1, tzinfo=UTC)  # a date of the day would change both files with each call
SCRIPTS: Final[list[tuple[str, Any]]] = [
    ("static/vendor/**", "ignore"),
    ("static/words/**", "ignore"),
    ("static/**.js", "javascript"),
    ("static/**.mjs", "javascript"),
]


def _helplines(file: Any, *_: object, **__: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """What the shipped helplines say in English."""
    found = json.loads(file.read())
    texts = [found["note"], *(line["where"] for line in found["strip"]), *(each["about"] for each in found["anywhere"])]
    for line in (line for place in found["countries"] for line in place["lines"]):
        texts += [line["hours"], line.get("also", "")]
    yield from ((1, "gettext", text, []) for text in texts if text)


def _figure(file: Any, *_: object, **__: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """What the header of a figure says."""
    found = read_figure(Path(file.name))
    texts = [found.title, found.question, found.reading, found.formula, *found.columns.values()]
    yield from ((1, "gettext", text, []) for text in texts if text)


EVERYWHERE: Final[list[tuple[str, Any]]] = [
    ("**.py", "python"),
    ("templates/**", "jinja2"),
    ("home/helplines.json", _helplines),
    ("analytics/sql/*.sql", _figure),
    ("reports/sql/*_rows.sql", _figure),
]


def collect(method_map: Any) -> Catalog:
    """The catalogue of what the product's source says."""
    catalog = Catalog(creation_date=ALWAYS, fuzzy=False)
    options = {"templates/**": TEMPLATES}
    for *_, message, comments, context in extract_from_dir(
        PRODUCT, method_map, options, KEYWORDS, strip_comment_tags=True
    ):
        catalog.add(message, auto_comments=comments, context=context)
    return catalog


def source() -> Catalog:
    return collect([*SCRIPTS, *EVERYWHERE])


def po_file(language: str) -> Path:
    return PRODUCT / "translations" / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    file = po_file(language)
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=language, abort_invalid=True)
    catalog.creation_date = catalog.revision_date = ALWAYS
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """The .mo file."""
    written = BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def for_scripts(catalog: Catalog) -> str:
    """words/<language>.js: what the scripts say, for static/gettext.mjs."""
    said = {message.id for message in collect(SCRIPTS) if message.id}
    words = {}
    for message_id in sorted(said, key=str):
        single = message_id if isinstance(message_id, str) else message_id[0]
        message = catalog.get(single)
        if message and all(_forms(message.string)):
            words[single] = message.string
    return f"globalThis.quietusWords = {json.dumps(words, ensure_ascii=False, indent=1)};\n"


def script_file(language: str) -> Path:
    return PRODUCT / "static" / "words" / f"{language}.js"


def _header(language: str, catalog: Catalog) -> str:
    return (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    )


def write(language: str, catalog: Catalog) -> None:
    written = BytesIO()
    write_po(written, catalog, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    po_file(language).write_bytes(_header(language, catalog).encode() + written.getvalue())


def main() -> None:
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(source(), no_fuzzy_matching=True)
        write(language, catalog)
        catalog = read(language)  # as it is written, so that the files fit each other to the byte
        po_file(language).with_suffix(".mo").write_bytes(compiled(catalog))
        script_file(language).write_text(for_scripts(catalog))
        missing = [message.id for message in catalog if message.id and not all(_forms(message.string))]
        print(f"{language}: {len(catalog)} sentences, {len(missing)} without a translation")
        for each in missing:
            print(f"  {each}")


def _forms(string: Any) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    main()
