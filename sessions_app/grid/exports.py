"""Save As: the rows and columns on screen, every page of them, as CSV, XLSX, JSON or PDF, streamed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse

from sessions_app.grid.columns import Column, Kind, Value
from sessions_app.grid.copying import copied
from sessions_app.grid.state import GridState
from sessions_app.grid.words import feature_words, time_in_name

EXTENSIONS = ("csv", "xlsx", "json", "pdf")
MOST_IN_PDF = 20_000  # rows, some 500 pages; more is nothing to read, and is held in memory until it is whole
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with these first, a spreadsheet takes a cell for a formula
LONGEST_PART = 50  # letters of each part of a file name
BATCH = 1_000  # rows that are sent at once
TEXTS = (Kind.TEXT, Kind.CHOICE)
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)  # days are the only ones that it does not know
ID = Column("Id", "id")
ID.name = "id"


def export(state: GridState, extension: str) -> HttpResponseBase:
    """The file; 400 with the reasons where the query string is wrong in any part."""
    reasons = [f"{name}: {text}" for name, texts in state.errors.items() for text in texts]
    reasons += [f"{name}: There is no such parameter." for name in state.unknown]
    if reasons:
        return refused(reasons)
    if extension == "csv":
        response: HttpResponseBase = StreamingHttpResponse(csv_lines(state), content_type="text/csv; charset=utf-8")
    elif extension == "json":
        response = StreamingHttpResponse(json_parts(state), content_type="application/json")
    elif extension == "xlsx":
        from sessions_app.grid.workbook import XLSX, workbook

        response = FileResponse(workbook(state), content_type=XLSX)
    else:
        from sessions_app.grid.pdf import TooManyRows, document

        try:
            response = FileResponse(document(state), content_type="application/pdf")
        except TooManyRows as error:
            return refused([str(error)])
    response["Content-Disposition"] = f'attachment; filename="{file_name(state, extension)}"'
    return response


def refused(reasons: Sequence[str]) -> HttpResponse:
    return HttpResponse("\n".join(reasons) + "\n", status=400, content_type="text/plain; charset=utf-8")


def too_many(extension: str, total: int) -> str:
    """Why so many rows cannot be saved like that, and what can be done; empty where they can."""
    if extension != "pdf" or total <= MOST_IN_PDF:
        return ""
    return f"A PDF takes up to {MOST_IN_PDF:,} rows, and these are {total:,}. Filter them, or save them as CSV or XLSX."


def file_name(state: GridState, extension: str) -> str:
    """`sessions-XF-solver-2026.1-floating-borrowed-2026-11-21-1905.csv`: what it holds and when, in plain letters."""
    parts = [state.grid.name, getattr(state.scope, "label", ""), feature_words(state.scope)]
    if state.aggregation is not None:
        parts.append(f"by {state.aggregation.name}")
    restricted = {name for chip in state.chips for name in chip.fields}
    parts += ["borrowed" if "borrowed" in restricted else "", "filtered" if restricted - {"borrowed"} else ""]
    parts += time_in_name(state)
    named = [re.sub(r"[^A-Za-z0-9._]+", "-", part)[:LONGEST_PART].strip("-.") for part in parts]
    return "-".join(filter(None, named)) + f".{extension}"


def exported(state: GridState) -> list[Column]:
    return [column for column in state.columns if not column.exclude_from_export]


def written_rows(state: GridState, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """Texts, numbers and lists of texts as CSV and JSON hold them, row by row."""
    source = state.grid.source(state)
    written = source.written(columns)
    if written is not None:
        yield from written.iterator(chunk_size=BATCH)
        return
    for row in source.every(columns):
        yield [plain(column.value(row[column.path], state.moment)) for column in columns]


def safe(text: str) -> str:
    """No formula in a spreadsheet, whoever chose the user name."""
    return f"'{text}" if text.startswith(FORMULA) else text


def plain(value: Value) -> Any:
    """Times in UTC and days in ISO 8601, durations in seconds."""
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(state: GridState) -> Iterator[str | bytes]:
    """A header line with the columns' names, then a line for each row."""
    columns = exported(state)
    writer = csv.writer(Echo(), lineterminator="\n")
    yield writer.writerow([column.name for column in columns])
    written = state.grid.source(state).written(columns)
    if written is not None:
        yield from copied(written, [column.name for column in columns if column.kind in TEXTS])
        return
    rows = written_rows(state, columns)
    for batch in batches(rows):
        yield "".join(writer.writerow([csv_cell(value) for value in row]) for row in batch)


def csv_cell(value: Any) -> Any:
    if isinstance(value, list):
        return safe("; ".join(value))
    return safe(value) if isinstance(value, str) else value


def json_parts(state: GridState) -> Iterator[str]:
    """`{"rows": [{...}, ...], "total": n}`; lists stay lists, and a session has its id."""
    columns = exported(state)
    names = [column.name for column in columns]
    if state.aggregation is None and "id" in state.grid.row_fields:
        names = ["id", *names]
        columns = [ID, *columns]
    total = 0
    yield '{"rows": ['
    for batch in batches(written_rows(state, columns)):
        texts = (ENCODER.encode(dict(zip(names, row, strict=True))) for row in batch)
        yield (",\n" if total else "\n") + ",\n".join(texts)
        total += len(batch)
    yield f'\n], "total": {total}}}\n'


def batches(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
