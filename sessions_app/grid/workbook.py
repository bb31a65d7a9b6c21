"""XLSX exports, written row by row into a file on disk, so that memory stays flat."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain, count, islice
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from sessions_app.grid.columns import NOT_KNOWN, Column, Kind, Moment, Row
from sessions_app.grid.exports import TEXTS, exported, safe
from sessions_app.grid.state import GridState

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575  # of a sheet, without its header; the format's own measure
LONGEST = 32_767  # characters of a cell; likewise
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production Char
FORMATS = {Kind.DATETIME: "yyyy-mm-dd hh:mm:ss", Kind.DATE: "yyyy-mm-dd", Kind.DURATION: "[h]:mm:ss"}
WIDTHS = {Kind.TEXT: 24, Kind.DATETIME: 19, Kind.DATE: 12, Kind.DURATION: 12, Kind.NUMBER: 12, Kind.CHOICE: 14}


def workbook(state: GridState) -> IO[bytes]:
    """A workbook with typed cells, at its beginning; times are in the viewer's zone, which their header names."""
    columns = exported(state)
    book = Workbook(write_only=True)
    rows = state.grid.source(state).every(columns)
    for number in count(1):
        add_sheet(book, state, columns, islice(rows, MOST_ROWS), number)
        following = list(islice(rows, 1))
        if not following:
            break
        rows = chain(following, rows)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return file


def add_sheet(book: Workbook, state: GridState, columns: Sequence[Column], rows: Iterator[Row], number: int) -> None:
    """Fills one sheet with a header and `rows`."""
    sheet = book.create_sheet(state.grid.title if number == 1 else f"{state.grid.title} {number}")
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = WIDTHS[column.kind]
    sheet.append([heading(sheet, column, state.moment) for column in columns])
    writers = [writer(sheet, column, state.moment) for column in columns]
    for row in rows:
        sheet.append([write(row) for write in writers])


def heading(sheet: Any, column: Column, moment: Moment) -> WriteOnlyCell:
    zone = f" ({moment.zone})" if column.kind is Kind.DATETIME else ""
    cell = WriteOnlyCell(sheet, column.title + zone)
    cell.font = Font(bold=True)
    return cell


def writer(sheet: Any, column: Column, moment: Moment) -> Callable[[Row], Any]:
    """How a column of a row becomes a cell; words as they stand on the screen, and nothing where it is not known."""
    if column.kind in TEXTS:
        return lambda row: text(column.words(row[column.path], moment))
    number_format = FORMATS.get(column.kind)

    def write(row: Row) -> Any:
        value = column.value(row[column.path], moment)
        if value is None:
            return text(column.absent(row).removeprefix(NOT_KNOWN)) or None
        if isinstance(value, datetime):
            value = value.astimezone(moment.zone).replace(tzinfo=None, microsecond=0)
        if number_format is None:
            return value
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = number_format
        return cell

    return write


def text(value: str) -> str:
    """No formula, nothing that XML cannot hold, and not longer than a cell."""
    return safe(NO_XML.sub("\N{REPLACEMENT CHARACTER}", value))[:LONGEST]
