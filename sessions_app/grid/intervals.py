"""The grid of a feature's past figures: one row for each time in which they did not change."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet

from groups_app.scope import SCOPE_FIELDS
from sessions_app.grid.columns import SERVER, Column, DateTimeColumn, GridTable, NumberColumn
from sessions_app.grid.filters import After, AtLeast, AtMost, Before, Contains, GridFilters
from sessions_app.grid.past import PastGrid, PastScope
from sessions_app.grid.state import GridState
from sessions_app.models import UsageInterval
from sessions_app.usage import interval_rows


class IntervalsTable(GridTable):
    server = Column("Name", "feature__server__name", group=SERVER)
    started = DateTimeColumn("From", "started_at", help_text="A new row begins where a figure changed or a gap ended")
    ended = DateTimeColumn("Until", "ended_at", help_text="Of what stands now: its last reading")
    used = NumberColumn("Used", "used", nullable=True)
    borrowed = NumberColumn("Borrowed", "borrowed")
    reserved = NumberColumn("Reserved", "reserved")
    queued = NumberColumn("Queued", "queued")
    total = NumberColumn("Total", "total", nullable=True, help_text="A dash where unlimited")


class IntervalsFilters(GridFilters):
    server = Contains("server", "feature__server__name")
    started_after = After("started", "started_at")
    started_before = Before("started", "started_at")
    ended_after = After("ended", "ended_at")
    ended_before = Before("ended", "ended_at")
    used_min = AtLeast("used", "used")
    used_max = AtMost("used", "used")
    borrowed_min = AtLeast("borrowed", "borrowed")
    borrowed_max = AtMost("borrowed", "borrowed")
    reserved_min = AtLeast("reserved", "reserved")
    reserved_max = AtMost("reserved", "reserved")
    queued_min = AtLeast("queued", "queued")
    queued_max = AtMost("queued", "queued")
    total_min = AtLeast("total", "total")
    total_max = AtMost("total", "total")


# What says nothing without a feature: the rows are features then, which have other columns and filters.
OF_FIGURES = (
    *IntervalsFilters.base_filters,
    *(name.removesuffix("_min") for name in IntervalsFilters.base_filters if name.endswith("_min")),
    *("sort", "columns"),
)


class IntervalsGrid(PastGrid):
    """Intervals that touch the period, of the one feature that is chosen, with the one that stands now."""

    name = "intervals"
    title = "Figures"
    noun = ("interval", "intervals")
    table = IntervalsTable
    filters = IntervalsFilters
    model = UsageInterval
    default_sort = ("-ended",)
    follows_readings = True  # what stands now is known up to the last one
    key_fields = row_fields = ("feature_id", "ended_at")
    parts = {
        **PastGrid.parts,
        "scope": (*SCOPE_FIELDS, *OF_FIGURES),
        "feature": (*SCOPE_FIELDS[1:], *OF_FIGURES),
    }

    def base(self, state: GridState) -> QuerySet[Any]:
        scope = cast("PastScope | None", state.scope)
        if scope is None or scope.period is None or not scope.one_feature:
            return UsageInterval.objects.none()
        features = list(scope.features().values_list("pk", flat=True))
        return interval_rows(features, scope.period.start, scope.period.end)

    def tie_breakers(self, state: GridState) -> tuple[str, ...]:
        return ("feature_id", "ended_at")


INTERVALS = IntervalsGrid()
