"""The grid of closed sessions: who had which session closed, when, why, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html

from sessions_app.closing.visible import covered_closes
from sessions_app.grid.columns import (
    DASH,
    ChoiceColumn,
    Column,
    DateTimeColumn,
    GridTable,
    Kind,
    Moment,
    NumberColumn,
    Row,
    Value,
)
from sessions_app.grid.filters import (
    After,
    AnyOf,
    AtLeast,
    AtMost,
    Before,
    Contains,
    Filter,
    Flag,
    GridFilters,
    Is,
)
from sessions_app.grid.filters import DurationField as DurationInput
from sessions_app.grid.grids import Grid
from sessions_app.grid.state import GridState
from sessions_app.models import CloseRequest, CloseState
from sessions_app.templatetags.licstats import close_state

SERVER, FEATURE, SESSION = "License Server", "Feature", "Session"
OUTCOMES = tuple((value, label.capitalize()) for value, label in CloseState.choices)


class OutcomeColumn(ChoiceColumn):
    """The state in a word, in its colour; the way to every step of it."""

    def cell(self, row: Row, moment: Moment) -> str:
        return format_html(
            '<a href="{}?{}" data-close-preview title="{}">{}</a>',
            reverse("close-progress"),
            urlencode({"request": row["id"]}),
            row["message"],
            close_state(row[self.path]),
        )


class TookColumn(Column):
    """From the click to the end, to a tenth of a second."""

    kind = Kind.DURATION

    def value(self, raw: timedelta | None, moment: Moment) -> Value:
        return raw  # seconds in exports, as every duration

    def words(self, value: Value, moment: Moment) -> str:
        return f"{value.total_seconds():.1f} s" if isinstance(value, timedelta) else ""

    def cell(self, row: Row, moment: Moment) -> str:
        took = row[self.path]
        return DASH if took is None else self.words(took, moment)


class TookAtLeast(Filter):
    field_class = DurationInput
    chip = "from {}"
    part = "min"

    def __init__(self, column: str, field_name: str, *, lookup_expr: str = "gte", **extra: Any) -> None:
        super().__init__(column, field_name, lookup_expr=lookup_expr, **extra)


class TookAtMost(TookAtLeast):
    chip = "to {}"
    part = "max"

    def __init__(self, column: str, field_name: str, **extra: Any) -> None:
        super().__init__(column, field_name, lookup_expr="lte", **extra)


class ClosesTable(GridTable):
    asked_at = DateTimeColumn("Asked At", "requested_at")
    login = Column("Asked By", "login_name")
    server = Column("Name", "server_name", group=SERVER)
    vendor = Column("Vendor", "vendor", group=SERVER, hidden=True)
    feature = Column("Name", "feature_name", group=FEATURE)
    version = Column("Version", "feature_version", group=FEATURE)
    user = Column("User", "user", group=SESSION)
    host = Column("Host", "host", group=SESSION)
    display = Column("Display", "display", group=SESSION, hidden=True)
    used = NumberColumn("Used", "used", group=SESSION, help_text="Licenses that it held")
    checkout_time = DateTimeColumn("Checkout Time", "checked_out_at", group=SESSION, nullable=True, hidden=True)
    reason = Column("Reason", "reason")
    outcome = OutcomeColumn("Outcome", "state", choices=OUTCOMES, needs=("message", "id"))
    took = TookColumn("Took", "took", nullable=True)
    taken_again = DateTimeColumn("Taken Again", "taken_again_at", nullable=True)
    what_happened = Column("What Happened", "message")
    answer = Column("Answer of the Tool", "answer", hidden=True)


class CloseFilters(GridFilters):
    asked_after = After("asked_at", "requested_at")
    asked_before = Before("asked_at", "requested_at")
    login = Contains("login", "login_name")
    server = Contains("server", "server_name")
    vendor = Contains("vendor", "vendor")
    feature_name = Contains("feature", "feature_name")
    feature_version = Contains("version", "feature_version")
    user = Contains("user", "user")
    host = Contains("host", "host")
    display = Contains("display", "display")
    used_min = AtLeast("used", "used")
    used_max = AtMost("used", "used")
    checked_out_after = After("checkout_time", "checked_out_at")
    checked_out_before = Before("checkout_time", "checked_out_at")
    reason = Contains("reason", "reason")
    outcome = AnyOf("outcome", "state", choices=OUTCOMES)
    took_min = TookAtLeast("took", "took")
    took_max = TookAtMost("took", "took")
    taken_again_after = After("taken_again", "taken_again_at")
    taken_again_before = Before("taken_again", "taken_again_at")
    what_happened = Contains("what_happened", "message")
    answer = Contains("answer", "answer")
    taken_again = Flag("", Q(taken_again_at__isnull=False), "Taken again only")
    user_is = Is("user", "user")
    host_is = Is("host", "host")


class ClosesGrid(Grid):
    """Every close of the scope that was asked for, the newest first."""

    name = "closes"
    title = "Closed Sessions"
    noun = ("close", "closes")
    table = ClosesTable
    filters = CloseFilters
    model = CloseRequest
    default_sort = ("-asked_at",)

    def base(self, state: GridState) -> QuerySet[Any]:
        took = ExpressionWrapper(F("ended_at") - F("requested_at"), output_field=DurationField())
        rows = CloseRequest.objects.annotate(took=took)
        return rows if state.scope is None else covered_closes(rows, state.scope)


CLOSES = ClosesGrid()
