"""The four formats say the same, whole or saying plainly what is left out, and nothing in them runs."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import openpyxl
import pypdfium2
import pytest

from quietus.reports.document import Chart, Column, Digest, Document, Table, digest_of, from_stored, to_stored
from quietus.reports.render import FORMATS, pdf_file, xlsx_file

SQL = "SELECT d.day, 'κ ≥ 0.6'\nFROM days AS d"


def document(*tables: Table, tz: str = "Europe/Berlin") -> Document:
    found = list(tables) or [trend()]
    return Document(
        name="text_trend",
        title="Texts over time",
        question="How many texts came in each day?",
        filters=[("Source of texts", "=1+1")],
        tz=tz,
        watermark="2026-11-24T15:00:00.123Z",
        built_at="2026-11-24T15:00:01Z",
        digest=digest_of(found),
        tables=found,
    )


def trend(days: int = 20, kind: str = "stacked") -> Table:
    rows = [[f"2026-11-{day:02d}T23:00:00Z", day, day * 2, -0.5 if day == 3 else 0.25] for day in range(1, days + 1)]
    return table(rows, Chart(kind, "bucket", ("high", "low")))


def table(rows: list[Any], chart: Chart | None = None) -> Table:
    return Table(
        name="text_trend",
        title="Texts: over time",
        question="How many?",
        reading="A priority is about one text.",
        columns=[
            Column("bucket", "Day", "time"),
            Column("high", "High priority", "texts"),
            Column("low", "Low priority", "texts"),
            Column("difference", "Difference", "score"),
        ],
        rows=rows,
        row_count=len(rows),
        sql=SQL,
        chart=chart,
    )


def written(kind: str, report: Document) -> bytes:
    return b"".join(FORMATS[kind].write(report))


def pdf_text(report: Document) -> list[str]:
    pdf = pypdfium2.PdfDocument(written("pdf", report))
    return [page.get_textpage().get_text_bounded() for page in pdf]


def test_csv_is_plain_and_runs_nothing() -> None:
    rows = [["=1+1", 1, 2, -0.5], ["@SUM(A1)", 1, 2, 1.0], ["+49", 1, None, 0.0], ['a,b\n"c"', 1, 2, 0.0]]
    found = list(csv.reader(io.StringIO(written("csv", document(table(rows))).decode("utf-8-sig"))))
    assert found[0] == ["bucket", "high", "low", "difference"]
    assert [row[0] for row in found[1:]] == ["'=1+1", "'@SUM(A1)", "'+49", 'a,b\n"c"']
    assert found[1][3] == "-0.5"
    assert found[3][2] == ""


def test_several_tables_follow_each_other_in_the_csv() -> None:
    text = written("csv", document(trend(2), trend(3))).decode("utf-8-sig")
    first, second = text.split("\r\n\r\n")
    assert first.splitlines()[0] == second.splitlines()[0] == "text_trend"
    assert len(second.splitlines()) == 2 + 3


def test_xlsx_holds_text_as_text_and_numbers_as_numbers() -> None:
    rows = [["=1+1", 7, 2, -0.5], ["https://example.org", 1, 2, 1.0]]
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", document(table(rows)))))
    sheet = book.worksheets[1]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert sheet["A3"].hyperlink is None
    assert (sheet["D2"].value, sheet["D2"].data_type) == (-0.5, "n")
    said = {row[0].value: row[1].value for row in book["About"].iter_rows(min_row=3, max_col=2)}
    assert said["Source of texts"] == "=1+1"
    assert said["Question"] == "How many texts came in each day?"
    assert said["Digest (SHA-256)"] == document(table(rows)).digest
    assert said["SQL"] == SQL.splitlines()[0]


def test_xlsx_has_real_times_in_the_reports_zone_and_a_native_chart() -> None:
    data = written("xlsx", document())
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[1]
    assert sheet["A2"].value.isoformat() == "2026-11-02T00:00:00"
    with ZipFile(io.BytesIO(data)) as parts:
        chart = parts.read("xl/charts/chart1.xml").decode()
    assert chart.count("<c:ser>") == 2
    assert "$A$2:$A$21" in chart


def test_pdf_tells_what_it_is_on_every_page() -> None:
    report = document(trend(30 - 2), trend())
    pages = pdf_text(report)
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert "zone Europe/Berlin" in page
        assert "data up to 2026-11-24 15:00:00 UTC" in page
        assert report.digest in page
        assert f"Page {number} of {len(pages)}" in page
    assert "How many texts came in each day?" in pages[0]
    assert "=1+1" in pages[0]
    assert "SELECT d.day, 'κ ≥ 0.6'" in pages[-1]


@pytest.mark.parametrize("kind", ["bars", "stacked", "line"])
def test_pdf_draws_its_chart(kind: str) -> None:
    page = pypdfium2.PdfDocument(written("pdf", document(trend(kind=kind))))[0]
    colours = page.render(scale=1).to_pil().convert("RGB").getcolors(1 << 20) or []
    assert (0x8C, 0x2A, 0x3A) in {colour for _, colour in colours}, "no HIGH was drawn"


def test_days_are_days_in_the_reports_zone() -> None:
    text = " ".join(pdf_text(document()))
    assert "2026-11-02" in text
    assert "23:00" not in text


def test_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_file, "ROWS_MAX", 5)
    monkeypatch.setattr(xlsx_file, "ROWS_MAX", 5)
    assert "first 5 of 20 rows" in " ".join(pdf_text(document())).replace("\r\n", " ")
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", document())))
    said = [row[1].value for row in book["About"].iter_rows(max_col=2)]
    assert "The first 5 of 20 rows are here; the CSV has the other 15 too." in said
    assert book.worksheets[1].max_row == 6
    assert len(written("csv", document()).splitlines()) == 21


def test_json_holds_everything_and_its_digest_can_be_computed() -> None:
    report = document()
    told = json.loads(written("json", report))
    assert told["row_count"] == 20
    digest = Digest()
    again = table(told["tables"][0]["rows"])
    for _ in digest.through(again):
        pass
    assert str(digest) == told["digest"] == report.digest


def test_what_was_stored_comes_back_the_same() -> None:
    report = document(trend(), table([]))
    assert from_stored(json.loads(json.dumps(to_stored(report)))) == report


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [["2026-11-01T00:00:00Z", None, None, None]],
        [[None, None, None, None]] * 3,
        [["x" * 400, 10**15, -(10**15), 1e-12]] * 3,
        [["\u200b𝔘𝔫𝔦 \u202e שלום 你好", 0, 0, 0.0]] * 3,
        [["2026-11-01T00:00:00Z", 0, 0, 0]] * 2,
    ],
    ids=["empty", "one of nothing", "nothing", "long", "strange letters", "zeros"],
)
@pytest.mark.parametrize("kind", ["bars", "stacked", "line", "tiles", "table", "heat"])
def test_no_rows_are_too_strange_to_write(rows: list[Any], kind: str) -> None:
    series = ("low", "high") if kind == "heat" else () if kind in ("tiles", "table") else ("high", "low", "difference")
    report = document(table(rows, Chart(kind, "bucket" if series else "", series)))
    for each in FORMATS:
        assert written(each, report)


def test_a_heat_map_says_its_numbers() -> None:
    columns = [Column("weekday", "Day", "weekday"), Column("hour", "Hour", "hour"), Column("counted", "Texts", "texts")]
    rows = [[day, hour, 100 + day * hour] for day in range(1, 8) for hour in range(24)]
    heat = Table("h", "Hours", "When?", "", columns, rows, 168, chart=Chart("heat", "hour", ("weekday", "counted")))
    text = " ".join(pdf_text(document(heat)))
    assert "Mon" in text and "Sun" in text
    assert len(re.findall(r"\b(?:1\d\d|2\d\d)\b", text)) >= 168


def test_names_of_sheets_are_ones_that_a_spreadsheet_takes() -> None:
    names: Callable[[bytes], list[str]] = lambda data: openpyxl.load_workbook(io.BytesIO(data)).sheetnames  # noqa: E731
    long = trend()
    long.title = "Calibration: does [confidence] hold what it says/promises?"
    assert names(written("xlsx", document(long, long))) == [
        "About", "1 Calibration  does  confidence", "2 Calibration  does  confidence",
    ]  # fmt: skip
