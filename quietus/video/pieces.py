"""Cuts a file of lines into pieces that each fit one commit, whatever the file holds; takes the memory of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from quietus.video.events import LINE_MAX

PIECE_LINES: Final = 2000
PIECE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that follow each other; `first` is the number of the first one, counted from 1."""

    first: int
    lines: list[bytes]


def cut(file: IO[bytes]) -> Iterator[Piece]:
    """The file's lines, piece by piece. Of a line that is too long only its beginning is kept, for its number."""
    lines: list[bytes] = []
    first, size = 1, 0
    for line in _lines(file):
        if len(lines) == PIECE_LINES or size > PIECE_BYTES:
            yield Piece(first, lines)
            first, size, lines = first + len(lines), 0, []
        lines.append(line)
        size += len(line)
    if lines:
        yield Piece(first, lines)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LINE_MAX + 1):
        rest = line
        while len(rest) > LINE_MAX and not rest.endswith(b"\n"):
            rest = file.readline(LINE_MAX + 1)
        yield line.removesuffix(b"\n")
