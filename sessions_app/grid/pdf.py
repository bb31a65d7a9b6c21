"""PDF exports: landscape pages with a head that says what they show, repeated column titles and page numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import IO, Any

from fontTools.ttLib import TTFont
from fpdf import FPDF

from sessions_app.grid.columns import Column, Kind
from sessions_app.grid.exports import exported, too_many
from sessions_app.grid.state import GridState
from sessions_app.grid.words import in_words

FONT = files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf"
MISSING = "\N{REPLACEMENT CHARACTER}"  # shown for letters that the font does not have
MARGIN, LINE, SIZE = 28.0, 12.0, 7.0  # points
SAMPLE = 200  # rows that the widths of columns are taken from


class TooManyRows(ValueError):
    """More rows than a PDF takes; the message says what to do."""


def document(state: GridState) -> IO[bytes]:
    """The PDF, at its beginning; TooManyRows where it would have more than one takes."""
    total = state.grid.source(state).count()
    if reason := too_many("pdf", total):
        raise TooManyRows(reason)
    columns = exported(state)
    rows = (
        [
            readable(column.words(column.value(row[column.path], state.moment), state.moment) or column.absent(row))
            for column in columns
        ]
        for row in state.grid.source(state).every(columns)
    )
    sheet = Sheet(state, columns, list(islice(rows, SAMPLE)), total)
    sheet.write(rows)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    file.write(sheet.pdf.output())
    file.seek(0)
    return file


class Sheet:
    """The pages as they fill up."""

    def __init__(self, state: GridState, columns: Sequence[Column], sample: list[list[str]], total: int) -> None:
        self.state = state
        self.columns = columns
        self.sample = sample
        self.total = total
        self.pdf = FPDF("landscape", "pt", "A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_title(state.grid.title)
        self.pdf.add_font("sans", fname=str(FONT))
        self.pdf.set_font("sans", size=SIZE)
        self.number_width = self._width(f"{total:,}") + 8
        self.widths = self._widths()
        self.y = 0.0
        self._new_page()

    def write(self, rows: Any) -> None:
        count = 0
        for part in (self.sample, rows):
            for row in part:
                count += 1
                self._row(f"{count:,}", row)
        if not count:
            self.pdf.text(MARGIN, self.y + LINE, "No rows.")

    def _width(self, text: str) -> float:
        return float(self.pdf.get_string_width(text))

    def _widths(self) -> list[float]:
        """As wide as the sample needs, shrunk in proportion to what the page has."""
        wanted = []
        for place, column in enumerate(self.columns):
            texts = [column.title, *(row[place] for row in self.sample)]
            wanted.append(min(240.0, max(self._width(text) for text in texts)) + 8)
        room = self.pdf.w - 2 * MARGIN - self.number_width
        scale = min(1.0, room / (sum(wanted) or 1))
        return [width * scale for width in wanted]

    def _new_page(self) -> None:
        self.pdf.add_page()
        self.y = MARGIN
        local = self.state.moment.now.astimezone(self.state.moment.zone)
        if self.pdf.page_no() == 1:
            self.pdf.set_font_size(14)
            self.pdf.text(MARGIN, self.y + 12, self.state.grid.title)
            self.pdf.set_font_size(8)
            for line in self._wrapped(f"{'; '.join(part for part in in_words(self.state) if part)}."):
                self.y += 12
                self.pdf.text(MARGIN, self.y + 14, line)
            self.y += 12
            self.pdf.text(
                MARGIN, self.y + 14, f"{self.total:,} rows at {local:%Y-%m-%d %H:%M} ({self.state.moment.zone})"
            )
            self.y += 22
        self.pdf.set_font_size(SIZE)
        self.pdf.set_text_color(90)
        self.pdf.text(self.pdf.w - MARGIN - 60, self.pdf.h - 14, f"Page {self.pdf.page_no()}")
        self.pdf.text(MARGIN, self.pdf.h - 14, f"{self.state.grid.title}, {local:%Y-%m-%d %H:%M}")
        self._cells("#", [column.title for column in self.columns])
        self.pdf.set_text_color(0)
        self.pdf.set_draw_color(200)
        self.pdf.line(MARGIN, self.y + 3, self.pdf.w - MARGIN, self.y + 3)
        self.y += 4

    def _wrapped(self, text: str) -> list[str]:
        room = self.pdf.w - 2 * MARGIN
        lines, line = [], ""
        for word in readable(text).split(" "):
            longer = f"{line} {word}".strip()
            if line and self._width(longer) > room:
                lines.append(line)
                longer = word
            line = longer
        return [*lines, line]

    def _row(self, number: str, cells: Sequence[str]) -> None:
        lines = [self._fitted(cell, width - 4) for cell, width in zip(cells, self.widths, strict=True)]
        for place in range(max(map(len, lines), default=1)):
            if self.y + LINE > self.pdf.h - MARGIN:
                self._new_page()
            self._cells(number if place == 0 else "", [each[place] if place < len(each) else "" for each in lines])

    def _cells(self, number: str, cells: Sequence[str]) -> None:
        self.y += LINE
        self.pdf.text(MARGIN + self.number_width - 6 - self._width(number), self.y, number)
        x = MARGIN + self.number_width
        for column, text, width in zip(self.columns, cells, self.widths, strict=True):
            if text:
                right = column.kind in (Kind.NUMBER, Kind.DURATION)
                self.pdf.text(x + (width - 6 - self._width(text) if right else 0), self.y, text)
            x += width

    def _fitted(self, text: str, width: float) -> list[str]:
        """`text` in lines of at most `width`, broken after "; " where it can be, else anywhere."""
        if len(text) < 8 or self._width(text) <= width:
            return [text]
        lines, line = [], ""
        for piece in text.replace("; ", ";\n").split("\n"):
            longer = f"{line} {piece}".strip()
            if line and self._width(longer) > width:
                lines.append(line)
                longer = piece
            while len(longer) > 1 and self._width(longer) > width:
                cut = max(1, int(len(longer) * width / self._width(longer)))
                lines.append(longer[:cut])
                longer = longer[cut:]
            line = longer
        return [*lines, line]


@cache
def letters() -> frozenset[int]:
    """The code points that the font has."""
    with TTFont(str(FONT), lazy=True) as font:
        return frozenset(font.getBestCmap())


def readable(text: str) -> str:
    """`text` with a visible sign for each letter that cannot be written."""
    known = letters()
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if ord(letter) in known and letter.isprintable() else MISSING for letter in text)
