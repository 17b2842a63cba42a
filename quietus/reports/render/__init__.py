"""The four formats of a report, each a pure function of its document."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from quietus.core.languages import later
from quietus.reports.document import Document
from quietus.reports.render.csv_file import write_csv
from quietus.reports.render.json_file import write_json
from quietus.reports.render.xlsx_file import write_xlsx


def write_pdf(document: Document) -> Iterable[bytes]:
    # fonts and their tables: a fifth of the time to start, for what only some processes ever do
    from quietus.reports.render import pdf_file

    return pdf_file.write_pdf(document)


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a document; `words` say on a page what it is good for."""

    media_type: str
    words: str
    write: Callable[[Document], Iterable[bytes]]


FORMATS: Final[dict[str, Format]] = {
    "pdf": Format("application/pdf", later("to read and print"), write_pdf),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", later("with charts"), write_xlsx
    ),
    "csv": Format("text/csv; charset=utf-8", later("every row"), write_csv),
    "json": Format("application/json", later("for programs"), write_json),
}
