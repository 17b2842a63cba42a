"""The paper of a PDF report: its letters, its colours, and the foot of every page."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from flask_babel import gettext
from fpdf import FPDF

from quietus.reports.document import Document
from quietus.reports.render.shown import at

INK: Final = 0x1E2B2F
SOFT: Final = 0x52626A
LINE: Final = 0xDCD8CD
TEAL: Final = 0x1D5C63
WASH: Final = 0xEEF4F3
AMBER: Final = 0xA9591D
PAPER: Final = 0xFFFFFF

MARGIN: Final = 17.0
FOOT: Final = 17.0
SANS: Final = "sans"
SERIF: Final = "serif"
FACES: Final = {
    (SANS, ""): ("font_source_sans_pro", "SourceSansPro-Regular.ttf"),
    (SANS, "B"): ("font_source_sans_pro", "SourceSansPro-Semibold.ttf"),
    (SERIF, "B"): ("font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
}


@cache
def _file(package: str, name: str) -> Path:
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise FileNotFoundError(f"The font package {package} is not installed.")
    return Path(places[0]) / "files" / name


def rgb(colour: int) -> tuple[int, int, int]:
    return colour >> 16, colour >> 8 & 255, colour & 255


class Page(FPDF):
    """A4 with one column; `width` is what the margins leave."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self.report = document
        self.zone = ZoneInfo(document.tz)
        for (family, style), (package, name) in FACES.items():
            self.add_font(family, style, _file(package, name))
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, FOOT + 4)
        self.set_title(document.title)
        self.set_subject(document.question)
        self.set_creator("Quietus AI")
        self.set_lang(document.language)
        self.alias_nb_pages("{pages}")
        self.write_in(SANS, 10)
        self.add_page()

    @property
    def width(self) -> float:
        return self.epw

    @property
    def left_on_page(self) -> float:
        return float(self.h - FOOT - 4 - self.get_y())

    def write_in(self, family: str, size: float, *, style: str = "", colour: int = INK) -> None:
        self.set_font(family, style, size)
        self.set_text_color(*rgb(colour))

    def shrink_to(self, text: str, width: float) -> None:
        """Make the letters smaller until the text has its room, or they could no longer be read."""
        while self.font_size_pt > 4 and self.get_string_width(text) > width:
            self.set_font_size(self.font_size_pt - 0.5)

    def paragraph(self, text: str, height: float = 5.0) -> None:
        """Text over the whole width in the letters that are set; wraps, and breaks the page."""
        self.multi_cell(self.width, height, text, align="L", new_x="LMARGIN", new_y="NEXT")

    def rule(self, colour: int = LINE, gap: float = 2.0) -> None:
        self.set_draw_color(*rgb(colour))
        self.set_line_width(0.2)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.width, self.get_y())
        self.ln(gap)

    def keep_together(self, height: float) -> None:
        """Begin a new page where less than this is left."""
        if self.left_on_page < height:
            self.add_page()

    def footer(self) -> None:
        """What a page torn from its report must still say."""
        report = self.report
        self.set_y(-FOOT)
        self.rule(gap=1.6)
        self.write_in(SANS, 7.5, colour=SOFT)
        until = gettext("data up to %(time)s", time=at(report.watermark))
        zone = gettext("zone %(name)s", name=report.tz)
        self.cell(self.width * 0.78, 3.6, f"{report.title} · {until} · {zone}")
        page = gettext("Page %(number)s of %(pages)s", number=self.page_no(), pages="{pages}")
        self.cell(0, 3.6, page, align="R", new_x="LMARGIN", new_y="NEXT")
        self.cell(0, 3.6, f"SHA-256 {report.digest}", new_x="LMARGIN", new_y="NEXT")
