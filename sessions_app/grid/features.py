"""The grid of features that have a history: all that were ever read, listed now or not."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.html import format_html

from groups_app.members import Identity
from groups_app.scope import feature_address
from licstats.models import Feature
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
from sessions_app.grid.filters import After, AnyOf, Before, Contains, GridFilters
from sessions_app.grid.past import PastGrid
from sessions_app.grid.sessions import TYPES
from sessions_app.grid.state import GridState

IDENTITY = ("server__name", "name", "version", "type")


class HistoryLink(Column):
    """The feature's name, which leads to its usage over time."""

    def cell(self, row: Row, moment: Moment) -> str:
        identity = Identity(row["name"], row["version"], row["type"])
        address = feature_address("history-usage", f"server:{row['server__name']}", identity)
        return format_html('<a href="{}">{}</a>', address, row["name"])


class FeaturesTable(GridTable):
    server = Column("Name", "server__name", group=SERVER)
    vendor = Column("Vendor", "vendor", group=SERVER)
    feature = HistoryLink("Name", "name", group=FEATURE, needs=IDENTITY)
    version = Column("Version", "version", group=FEATURE)
    type = ChoiceColumn("Type", "type", group=FEATURE, choices=TYPES)
    total = NumberColumn("Total", "total", nullable=True, help_text="At its last reading; a dash where unlimited")
    last_update = DateTimeColumn("Last Update", "last_read_at", nullable=True)


class FeaturesFilters(GridFilters):
    server = Contains("server", "server__name")
    vendor = Contains("vendor", "vendor")
    feature_name = Contains("feature", "name")
    feature_version = Contains("version", "version")
    feature_type = AnyOf("type", "type", choices=TYPES)
    last_update_after = After("last_update", "last_read_at")
    last_update_before = Before("last_update", "last_read_at")


class FeaturesGrid(PastGrid):
    """Features of the scope, to choose one whose history is to be seen."""

    name = "features"
    title = "Features with a History"
    noun = ("feature", "features")
    table = FeaturesTable
    filters = FeaturesFilters
    model = Feature
    default_sort = ("feature", "version")
    key_fields = ("pk",)
    row_fields = ("pk", *IDENTITY)

    def base(self, state: GridState) -> QuerySet[Any]:
        if state.scope is None:
            return Feature.objects.none()
        features: QuerySet[Feature] = state.scope.features()
        return features.annotate(last_read_at=Coalesce(F("last_listed_at"), F("server__read_at")))


FEATURES = FeaturesGrid()
