"""PDF exports: landscape pages with a head that says what they show, repeated column titles and page numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import IO

from django.template.defaultfilters import pluralize
from fontTools.ttLib import TTFont
from fpdf import FPDF

from sessions_app.grid.columns import Column
from sessions_app.grid.exports import TEXTS, exported, too_many
from sessions_app.grid.fitting import Letters, widths
from sessions_app.grid.state import GridState
from sessions_app.grid.words import in_words

FONT = files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf"
MISSING = "\N{REPLACEMENT CHARACTER}"  # shown for letters that the font does not have
LOST = f"Some letters are not in the font of this file and stand as {MISSING}: save as CSV or XLSX to have them."
MARGIN = 28.0  # points, as all measures of the page
SIZE, SMALLEST = 7.0, 5.0  # of letters; the smaller ones where words would be broken else
LEADING, GAP = 1.7, 1.0  # from line to line and from column to column, in units of the letters' size
ENOUGH = 24.0  # for a column of texts, in the same units: letters are made smaller for as much, and not for more


class TooManyRows(ValueError):
    """More rows than a PDF takes; the message says what to do."""


def document(state: GridState) -> IO[bytes]:
    """The PDF, at its beginning; TooManyRows where it would have more than one takes."""
    total = state.grid.source(state).count()
    if reason := too_many("pdf", total):
        raise TooManyRows(reason)
    columns = exported(state)
    sheet = Sheet(state, columns, texts(state, columns), total)
    sheet.write(texts(state, columns))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    file.write(sheet.pdf.output())
    file.seek(0)
    return file


def texts(state: GridState, columns: Sequence[Column]) -> Iterator[list[str]]:
    """Every row in the words of the screen."""
    moment = state.moment
    for row in state.grid.source(state).every(columns):
        yield [column.words(column.value(row[column.path], moment), moment) or column.absent(row) for column in columns]


class Sheet:
    """The pages as they fill up."""

    def __init__(self, state: GridState, columns: Sequence[Column], rows: Iterable[list[str]], total: int) -> None:
        """`rows` are all that will be written: widths that the first ones need would break others."""
        self.state = state
        self.columns = columns
        self.total = total
        self.when = f"{state.moment.now.astimezone(state.moment.zone):%Y-%m-%d %H:%M}"
        self.pdf = FPDF("landscape", "pt", "A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_title(state.grid.title)
        self.pdf.add_font("sans", fname=str(FONT))
        self.pdf.set_font("sans", size=SIZE)
        self.letters = Letters(self.pdf)
        self.room = self.pdf.w - 2 * MARGIN
        self.number_width = max(map(self.letters.width, ["#", f"{total:,}"])) + GAP
        self.lost = False
        self.about = self._shown(f"{'; '.join(part for part in in_words(state) if part)}.")
        self.size, self.widths = self._layout(rows)
        self.y = 0.0
        self._new_page()

    def write(self, rows: Iterable[list[str]]) -> None:
        count = 0
        for count, row in enumerate(rows, 1):
            self._row(f"{count:,}", [readable(text) for text in row])
        if not count:
            self.pdf.text(MARGIN, self.y + SIZE * LEADING, "No rows.")

    def _shown(self, text: str) -> str:
        """`text` as it is written; what it loses by that, the head tells of."""
        shown = readable(text)
        self.lost |= shown != text
        return shown

    def _layout(self, rows: Iterable[list[str]]) -> tuple[float, list[float]]:
        """The size of the letters, and the widths of the columns in units of it."""
        width = self.letters.width
        least = [max(map(width, column.title.split())) for column in self.columns]
        most = [0.0] * len(least)
        for row in rows:
            for place, (column, text) in enumerate(zip(self.columns, map(self._shown, row), strict=True)):
                wide = width(text)
                most[place] = max(most[place], wide)
                if wide > least[place]:
                    least[place] = max(least[place], *map(width, pieces(column, text)))
        enough = sum(max(word, min(text, ENOUGH)) for word, text in zip(least, most, strict=True))
        gaps = self.number_width + GAP * len(least)
        size = min(SIZE, max(SMALLEST, self.room / (gaps + enough)))
        titles = [width(column.title) for column in self.columns]
        return size, widths([least, most, titles], self.room / size - gaps)

    def _new_page(self) -> None:
        self.pdf.add_page()
        self.y = MARGIN
        if self.pdf.page_no() == 1:
            self._head()
        self.pdf.set_font_size(SIZE)
        self.pdf.set_text_color(90)
        self.pdf.text(self.pdf.w - MARGIN - 60, self.pdf.h - 14, f"Page {self.pdf.page_no()}")
        self.pdf.text(MARGIN, self.pdf.h - 14, f"{self.state.grid.title}, {self.when}")
        self.pdf.set_font_size(self.size)
        self._titles()
        self.pdf.set_text_color(0)
        self.pdf.set_draw_color(200)
        self.pdf.line(MARGIN, self.y + 3, self.pdf.w - MARGIN, self.y + 3)
        self.y += 4

    def _head(self) -> None:
        """What the document shows, and what it could not."""
        self.pdf.set_font_size(14)
        self.pdf.text(MARGIN, self.y + 12, self.state.grid.title)
        self.pdf.set_font_size(8)
        lines = self.letters.broken(self.about, self.room / 8)
        lines.append(f"{self.total:,} row{pluralize(self.total)} at {self.when} ({self.state.moment.zone})")
        if self.lost:
            lines.append(LOST)
        for line in lines:
            self.y += 12
            self.pdf.text(MARGIN, self.y + 14, line)
        self.y += 22

    def _titles(self) -> None:
        """The last lines of all titles stand beside each other."""
        titles = [self.letters.broken(each.title, width) for each, width in zip(self.columns, self.widths, strict=True)]
        upwards = list(zip_longest(*(title[::-1] for title in titles), fillvalue=""))
        for place, cells in reversed(list(enumerate(upwards))):
            self._line("" if place else "#", cells)

    def _row(self, number: str, cells: Sequence[str]) -> None:
        lines = [
            self.letters.broken(cell, width) if column.kind in TEXTS else [cell]
            for column, cell, width in zip(self.columns, cells, self.widths, strict=True)
        ]
        for place, line in enumerate(zip_longest(*lines, fillvalue="")):
            if self.y + self.size * LEADING > self.pdf.h - MARGIN:
                self._new_page()
            self._line("" if place else number, line)

    def _line(self, number: str, cells: Sequence[str]) -> None:
        self.y += self.size * LEADING
        x = self.number_width - GAP
        self._text(0, number, x, right=True)
        for column, text, width in zip(self.columns, cells, self.widths, strict=True):
            self._text(x + GAP, text, width, right=column.numeric)
            x += GAP + width

    def _text(self, x: float, text: str, width: float, *, right: bool) -> None:
        """One line of a cell; in smaller letters where a value that is never broken is longer than its column."""
        if not text:
            return
        wide = self.letters.width(text)
        small = wide > width
        if small:
            self.pdf.set_font_size(self.size * width / wide)
        self.pdf.text(MARGIN + self.size * (x + max(0.0, width - wide) * right), self.y, text)
        if small:
            self.pdf.set_font_size(self.size)


def pieces(column: Column, text: str) -> list[str]:
    """What of `text` is not broken: words, and times, durations and numbers as a whole."""
    return text.split(" ") if column.kind in TEXTS else [text]


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
