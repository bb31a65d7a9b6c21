"""The grid of features that have a history: all that were ever read, listed now or not; merged ones of a group."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.html import format_html

from groups_app.identities import known_features
from groups_app.models import LicenseServerGroup
from groups_app.scope import Scope, feature_address
from groups_app.sums import with_arithmetic
from licstats.models import Feature
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import (
    FEATURE,
    SERVER,
    ChoiceColumn,
    Column,
    DateTimeColumn,
    GridTable,
    Moment,
    NumberColumn,
    Row,
)
from sessions_app.grid.counts import UNCOUNTED, Counts
from sessions_app.grid.filters import After, AnyOf, AtLeast, AtMost, Before, Contains, GridFilters
from sessions_app.grid.merged import MergedRows, identity_of
from sessions_app.grid.past import PastGrid
from sessions_app.grid.rows import RowSource
from sessions_app.grid.sessions import ONE, TYPES
from sessions_app.grid.state import GridState

IDENTITY = ("server__name", "scope_kind", "name", "version", "type")
FIGURES = ("total", "servers", "last_update")


class HistoryLink(Column):
    """The feature's name, which leads to its usage over time."""

    def cell(self, row: Row, moment: Moment) -> str:
        address = feature_address("history-usage", f"{row['scope_kind']}:{row['server__name']}", identity_of(row))
        return format_html('<a href="{}">{}</a>', address, row["name"])


class KnownTotal(NumberColumn):
    """All licenses at the last reading; of a group it leads to its arithmetic."""

    def cell(self, row: Row, moment: Moment) -> str:
        total = super().cell(row, moment)
        if row["scope_kind"] != "group":
            return total
        return with_arithmetic(total, row["server__name"], identity_of(row))


class FeaturesTable(GridTable):
    server = Column("Name", "server__name", group=SERVER)
    vendor = Column("Vendor", "vendor", group=SERVER)
    feature = HistoryLink("Name", "name", group=FEATURE, needs=IDENTITY)
    version = Column("Version", "version", group=FEATURE)
    type = ChoiceColumn("Type", "type", group=FEATURE, choices=TYPES)
    servers = NumberColumn("License Servers", "servers", help_text="That have it, or had it")
    total = KnownTotal(
        "Total",
        "total",
        nullable=True,
        help_text="At its last reading, in a group of those that count; a dash where unlimited or not known",
    )
    last_update = DateTimeColumn("Last Update", "last_update", nullable=True)


class FeaturesFilters(GridFilters):
    server = Contains("server", "server__name")
    vendor = Contains("vendor", "vendor")
    feature_name = Contains("feature", "name")
    feature_version = Contains("version", "version")
    feature_type = AnyOf("type", "type", choices=TYPES)
    servers_min = AtLeast("servers", "servers")
    servers_max = AtMost("servers", "servers")
    total_min = AtLeast("total", "total")
    total_max = AtMost("total", "total")
    last_update_after = After("last_update", "last_update")
    last_update_before = Before("last_update", "last_update")


def read_rows(scope: Scope) -> QuerySet[Any]:
    """Every feature of `scope`, one for each license server."""
    read: QuerySet[Any] = scope.features().annotate(
        scope_kind=Value("server"), servers=ONE, last_update=Coalesce(F("last_listed_at"), F("server__read_at"))
    )
    return read


def known_rows(group: LicenseServerGroup, now: datetime) -> QuerySet[Any]:
    """Every feature that the reports of `group` know, under the names that the features of a license server have."""
    known = known_features(group, now, figures=FIGURES)
    name = Cast(Value(group.name), TextField())  # PostgreSQL sorts by no bare text
    named: QuerySet[Any] = known.annotate(scope_kind=Value("group"), server__name=name, place=Value(0))
    return named


class FeaturesGrid(PastGrid):
    """Features of the scope, to choose one whose history is to be seen."""

    name = "features"
    title = "Features with a History"
    noun = ("feature", "features")
    table = FeaturesTable
    filters = FeaturesFilters
    model = Feature
    default_sort = ("feature", "version")
    follows_readings = True  # the last update is one
    of_period = False  # each leads to its history of the period
    key_fields = row_fields = (*IDENTITY, "vendor", "place")

    def offered(self, scope: Any, aggregation: Aggregation | None) -> dict[str, Column]:
        offered = super().offered(scope, aggregation)
        if scope is None or scope.group is None:
            del offered["servers"]  # each has one
        return offered

    def base(self, state: GridState) -> QuerySet[Any]:
        scope = state.scope
        if scope is None:
            return Feature.objects.none()
        return known_rows(scope.group, state.moment.now) if scope.group else read_rows(scope)

    def source(self, state: GridState, counts: Counts = UNCOUNTED) -> RowSource:
        merged = state.scope is not None and state.scope.group is not None
        return MergedRows(self, state, counts) if merged else super().source(state, counts)

    def tie_breakers(self, state: GridState) -> tuple[str, ...]:
        merged = state.scope is not None and state.scope.group is not None
        return ("name", "version", "type") if merged else ("pk",)


FEATURES = FeaturesGrid()
