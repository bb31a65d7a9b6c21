"""Columns of grids: each is declared once and gives the cell of the page and the value of the exports together.

A column reads one `path` of the grid's rows (a field, through relations, or an annotation). `value` turns what stands
there into what an export writes: text, a number, a date, a time, a duration or a list of texts; `written` says the
same to the database, which is ten times as fast. `cell` gives the HTML of the page, and `words` the same as plain
text. Other paths that only the cell looks at are its `needs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from html import escape
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django.db.models import BigIntegerField, Case, DateTimeField, F, Func, TextField, When
from django.db.models import Value as Constant
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from licstats.durations import format_duration

Row = Mapping[str, Any]
Value = str | int | float | date | datetime | timedelta | list[str] | None

# The upper headers.
SERVER, FEATURE, USER, HOST = "License Server", "Feature", "User", "Host"

NOT_KNOWN = "–"  # noqa: RUF001 - a dash, as typesetters have it
DASH = mark_safe(f'<span class="dash">{NOT_KNOWN}</span>')  # noqa: S308 - constant
FIRST = 5  # entries of a list that are shown at once
LONG = 48  # letters
ON_PAGE = 50  # entries of a list that a page holds; exports hold all


class Kind(StrEnum):
    """What a column holds, which decides its filter and its cell in exports."""

    TEXT = "text"
    NUMBER = "number"
    DURATION = "duration"
    DATETIME = "datetime"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Moment:
    """The time that a grid is shown for, and the viewer's zone."""

    now: datetime
    zone: ZoneInfo | Any

    @classmethod
    def of(cls, now: datetime) -> Moment:
        return cls(now, timezone.get_current_timezone())


class Column(tables.Column):  # type: ignore[misc]  # the package has no types
    """Text. `group` is the upper header; `hidden` columns wait in the column menu; `order` is the path to sort by."""

    kind: ClassVar[Kind] = Kind.TEXT
    name: str  # given by the table that declares it
    label: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """What a column says in Python alone, the database cannot write."""
        super().__init_subclass__(**kwargs)
        if "value" in cls.__dict__ and "written" not in cls.__dict__:
            cls.written = unwritten  # type: ignore[method-assign]

    def __init__(
        self,
        label: str,
        path: str,
        *,
        group: str = "",
        hidden: bool = False,
        order: str | None = None,
        needs: Sequence[str] = (),
        nullable: bool = False,
        help_text: str = "",
        **options: Any,
    ) -> None:
        super().__init__(verbose_name=label, accessor=path, visible=not hidden, order_by=order or path, **options)
        self.label = label
        self.path = path
        self.group = group
        self.hidden = hidden
        self.needs = (path, *needs)
        self.order = order or path
        self.nullable = nullable
        self.help_text = help_text

    @property
    def title(self) -> str:
        """Its name with that of its group, where it stands alone: "License Server Name"."""
        return f"{self.group} {self.label}" if self.group else self.label

    @property
    def numeric(self) -> bool:
        return self.kind in (Kind.NUMBER, Kind.DURATION)

    @property
    def sortable(self) -> bool:
        return self.orderable is not False

    def value(self, raw: Any, moment: Moment) -> Value:
        """What an export writes, from what stands at `path`."""
        return raw  # type: ignore[no-any-return]

    def written(self, moment: Moment) -> Combinable | None:
        """`value` as the text, number or day that CSV and JSON hold; None where only Python can tell."""
        return F(self.path)

    def words(self, value: Value, moment: Moment) -> str:
        """A value as plain text, for PDF and for chips."""
        if isinstance(value, list):
            return "; ".join(value)
        return "" if value is None else str(value)

    def absent(self, row: Row) -> str:
        """What stands where there is no value, on the page, in PDF and in XLSX: a dash where it is not known."""
        return NOT_KNOWN

    def absent_cell(self, row: Row) -> SafeString:
        word = self.absent(row)
        return DASH if word == NOT_KNOWN else format_html('<span class="muted">{}</span>', word)

    def cell(self, row: Row, moment: Moment) -> str:
        """The inner HTML of the cell."""
        raw = row[self.path]
        if isinstance(raw, list):
            return list_cell(raw, row.get(f"{self.path}_total"))
        return text_cell(raw or "")


class NumberColumn(Column):
    """A whole number; a dash where it is not known."""

    kind = Kind.NUMBER

    def cell(self, row: Row, moment: Moment) -> str:
        raw = row[self.path]
        return self.absent_cell(row) if raw is None else f"{raw:,}"


class ChoiceColumn(Column):
    """One of few words, as (value, label) pairs."""

    kind = Kind.CHOICE

    def __init__(self, label: str, path: str, *, choices: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(label, path, **options)
        self.choices = tuple(choices)
        self.labels = dict(choices)

    def words(self, value: Value, moment: Moment) -> str:
        return self.labels.get(str(value), str(value or ""))

    def cell(self, row: Row, moment: Moment) -> str:
        raw: str = row[self.path]
        return escape(self.labels.get(raw, raw)) if raw else DASH


class DateColumn(Column):
    """A day; `2027-01-31`."""

    kind = Kind.DATE

    def words(self, value: Value, moment: Moment) -> str:
        return value.isoformat() if isinstance(value, date) else ""

    def cell(self, row: Row, moment: Moment) -> str:
        raw: date | None = row[self.path]
        return self.absent_cell(row) if raw is None else raw.isoformat()


class DateTimeColumn(Column):
    """A time, `2026-11-21 19:05` in the viewer's zone, to the second on hover; exports have it in UTC."""

    kind = Kind.DATETIME

    def written(self, moment: Moment) -> Combinable | None:
        return IsoTime(self.path)

    def words(self, value: Value, moment: Moment) -> str:
        return f"{value.astimezone(moment.zone):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else ""

    def cell(self, row: Row, moment: Moment) -> str:
        raw: datetime | None = row[self.path]
        return DASH if raw is None else time_cell(raw, moment)


class ElapsedColumn(Column):
    """The time from the one at `path` until now, never negative; it sorts against it."""

    kind = Kind.DURATION

    def __init__(self, label: str, path: str, **options: Any) -> None:
        super().__init__(label, path, order=f"-{path}", **options)

    def value(self, raw: datetime | None, moment: Moment) -> Value:
        return None if raw is None else elapsed(raw, moment)

    def written(self, moment: Moment) -> Combinable | None:
        now = Constant(moment.now, output_field=DateTimeField())
        return Case(When(**{f"{self.path}__isnull": False}, then=Seconds(now, F(self.path))))

    def words(self, value: Value, moment: Moment) -> str:
        return format_duration(value) if isinstance(value, timedelta) else ""

    def cell(self, row: Row, moment: Moment) -> str:
        raw: datetime | None = row[self.path]
        if raw is None:
            return DASH
        text = format_duration(elapsed(raw, moment))
        return f'<time data-since="{raw.isoformat(timespec="seconds")}">{text}</time>'


class ActionColumn(Column):
    """Buttons of a row; never exported, never sorted."""

    def __init__(self, label: str, path: str, **options: Any) -> None:
        super().__init__(label, path, orderable=False, exclude_from_export=True, **options)


class IsoTime(Func):
    """A time as `2026-11-21T18:05:07+00:00`."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')"""
    output_field = TextField()


class Seconds(Func):
    """Whole seconds between a later time and an earlier one, not below 0."""

    template = "GREATEST(0, floor(extract(epoch FROM %(expressions)s)))::bigint"
    arg_joiner = " - "
    output_field = BigIntegerField()


def unwritten(self: Column, moment: Moment) -> None:
    return None


class GridTable(tables.Table):  # type: ignore[misc]  # the package has no types
    """Declares the columns of a grid, in their order. Rows are rendered by `sessions_app.grid.rendering`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, column in cls.base_columns.items():
            column.name = name

    @classmethod
    def declared(cls) -> dict[str, Column]:
        return dict(cls.base_columns)


def elapsed(since: datetime, moment: Moment) -> timedelta:
    """From `since` until now in whole seconds; clocks that differ never make it negative."""
    return timedelta(seconds=max(0, int((moment.now - since).total_seconds())))


def text_cell(raw: str) -> SafeString:
    """Text, a dash where there is none; what is longer than names are is cut after three lines, and whole on hover."""
    if not raw:
        return DASH
    if len(raw) <= LONG:
        return SafeString(escape(raw))
    return format_html('<span class="long" title="{}">{}</span>', raw, raw)


def time_cell(raw: datetime, moment: Moment) -> SafeString:
    local = raw.astimezone(moment.zone)
    return SafeString(  # figures and the zone's name only
        f'<time datetime="{raw.isoformat(timespec="seconds")}" title="{escape(f"{local:%Y-%m-%d %H:%M:%S %Z}")}">'
        f"{local:%Y-%m-%d %H:%M}</time>"
    )


def list_cell(entries: Sequence[str], total: int | None = None) -> SafeString:
    """The first five, then "Show more…", which opens in place; what is beyond a page's measure is counted."""
    if not entries:
        return DASH
    first = lines(entries[:FIRST])
    rest = entries[FIRST:ON_PAGE]
    if not rest:
        return first
    beyond = (len(entries) if total is None else total) - len(entries[:ON_PAGE])
    tail = format_html('<br><span class="muted">and {} more</span>', f"{beyond:,}") if beyond > 0 else ""
    return format_html(
        '{}<details class="more"><summary><span class="closed">Show more…</span><span class="opened">Show less</span>'
        "</summary>{}{}</details>",
        first,
        lines(rest),
        tail,
    )


def lines(entries: Sequence[str]) -> SafeString:
    return mark_safe("<br>".join(map(text_cell, entries)))  # noqa: S308 - each is escaped
