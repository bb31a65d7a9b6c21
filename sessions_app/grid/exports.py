"""Save As: the rows and columns on screen, every page of them, as CSV, XLSX, JSON or PDF, streamed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse

from sessions_app.grid.columns import Column, Kind, Moment, Value
from sessions_app.grid.state import GridState

EXTENSIONS = ("csv", "xlsx", "json", "pdf")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with these first, a spreadsheet takes a cell for a formula
BATCH = 1_000  # rows that are sent at once

Convert = Callable[[Any], Any]


def export(state: GridState, extension: str) -> HttpResponseBase:
    """The file; 400 with the reasons where the query string is wrong in any part."""
    reasons = [f"{name}: {text}" for name, texts in state.errors.items() for text in texts]
    reasons += [f"{name}: There is no such parameter." for name in state.unknown]
    if reasons:
        return HttpResponse("\n".join(reasons) + "\n", status=400, content_type="text/plain; charset=utf-8")
    if extension == "csv":
        response: HttpResponseBase = StreamingHttpResponse(csv_lines(state), content_type="text/csv; charset=utf-8")
    elif extension == "json":
        response = StreamingHttpResponse(json_parts(state), content_type="application/json")
    elif extension == "xlsx":
        from sessions_app.grid.workbook import XLSX, workbook

        response = FileResponse(workbook(state), content_type=XLSX)
    else:
        from sessions_app.grid.pdf import document

        response = FileResponse(document(state), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{file_name(state, extension)}"'
    return response


def file_name(state: GridState, extension: str) -> str:
    """`sessions-XF-solver-2026-11-21-1905.csv`: what it holds and for when, in plain letters."""
    parts = [state.grid.name, getattr(state.scope, "label", ""), getattr(state.scope, "feature", "")]
    if state.aggregation is not None:
        parts.append(f"by {state.aggregation.name}")
    named = [re.sub(r"[^A-Za-z0-9._]+", "-", part).strip("-.") for part in parts if part]
    local = state.moment.now.astimezone(state.moment.zone)
    return "-".join([*(part for part in named if part), f"{local:%Y-%m-%d-%H%M}"])[:180] + f".{extension}"


def exported(state: GridState) -> list[Column]:
    return [column for column in state.columns if not column.exclude_from_export]


def rows_of(state: GridState, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """What stands at the columns' paths, row by row."""
    return state.grid.source(state).values(columns)


def safe(text: str) -> str:
    """No formula in a spreadsheet, whoever chose the user name."""
    return f"'{text}" if text.startswith(FORMULA) else text


def to_text(column: Column, moment: Moment) -> Convert:
    """How a column's raw value is written in CSV."""

    def convert(raw: Any) -> Any:
        return plain(column.value(raw, moment))

    if column.kind in (Kind.TEXT, Kind.CHOICE):
        return lambda raw: safe("; ".join(raw)) if isinstance(raw, list) else safe(raw or "")
    return convert


def plain(value: Value) -> Any:
    """Times and days in ISO 8601, durations in seconds."""
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(state: GridState) -> Iterator[str]:
    """A header line with the columns' names, then a line for each row."""
    columns = exported(state)
    converts = [to_text(column, state.moment) for column in columns]
    writer = csv.writer(Echo())
    yield writer.writerow([column.name for column in columns])
    rows = rows_of(state, columns)
    for batch in iter(lambda: list(islice(rows, BATCH)), []):
        yield "".join(
            writer.writerow([convert(raw) for convert, raw in zip(converts, row, strict=True)]) for row in batch
        )


def json_parts(state: GridState) -> Iterator[str]:
    """`{"rows": [{...}, ...], "total": n}`; lists stay lists, and a session has its id."""
    columns = exported(state)
    names = [column.name for column in columns]
    if state.aggregation is None and "id" in state.grid.row_fields:
        columns = [Column("Id", "id"), *columns]
        names = ["id", *names]
    total = 0
    yield '{"rows": ['
    rows = rows_of(state, columns)
    for batch in iter(lambda: list(islice(rows, BATCH)), []):
        texts = (
            json.dumps(
                {
                    name: plain(column.value(raw, state.moment))
                    for name, column, raw in zip(names, columns, row, strict=True)
                },
                ensure_ascii=False,
            )
            for row in batch
        )
        yield (",\n" if total else "\n") + ",\n".join(texts)
        total += len(batch)
    yield f'\n], "total": {total}}}\n'


def in_words(state: GridState) -> Iterable[str]:
    """Scope, time, filters and aggregation, for the head of a document."""
    yield getattr(state.scope, "label", "")
    if getattr(state.scope, "feature", ""):
        parts = (state.scope.feature, state.scope.version, state.scope.type)
        yield f"Feature {' '.join(part for part in parts if part)}"
    if state.aggregation is not None:
        yield f"Aggregated by {state.aggregation.label.lower()}"
    yield from (chip.text for chip in state.chips)
