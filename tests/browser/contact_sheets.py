"""Many pictures side by side, so that a person looks at a desk in minutes."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

COLUMN: Final = {1440: 640, 768: 420, 360: 360}
ACROSS: Final = {1440: 3, 768: 4, 360: 5}
HEIGHT: Final = 1000
GAP, LABEL = 12, 18


def write_sheets(folder: Path) -> None:
    """One sheet for every width and theme and every few pages, in `folder`/sheets."""
    sheets = folder / "sheets"
    sheets.mkdir(exist_ok=True)
    for width, column in COLUMN.items():
        for theme in ("light", "dark"):
            files = sorted(folder.glob(f"*-{width}-{theme}.png"))
            across = ACROSS[width]
            for number, start in enumerate(range(0, len(files), across * 2)):
                sheet = _sheet(files[start : start + across * 2], across, column)
                sheet.save(sheets / f"{width}-{theme}-{number:02}.png")


def _sheet(files: list[Path], across: int, column: int) -> Image.Image:
    rows = [files[at : at + across] for at in range(0, len(files), across)]
    sheet = Image.new("RGB", (across * (column + GAP), len(rows) * (HEIGHT + GAP + LABEL)), "#888")
    pen = ImageDraw.Draw(sheet)
    for down, row in enumerate(rows):
        for right, file in enumerate(row):
            left, top = right * (column + GAP), down * (HEIGHT + GAP + LABEL)
            pen.text((left, top + 3), file.stem, fill="white")
            sheet.paste(_small(file, column), (left, top + LABEL))
    return sheet


def _small(file: Path, column: int) -> Image.Image:
    with Image.open(file) as picture:
        small = picture.convert("RGB")
        small = small.resize((column, round(small.height * column / small.width)), Image.Resampling.LANCZOS)
        return small.crop((0, 0, column, min(HEIGHT, small.height)))
