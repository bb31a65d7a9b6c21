"""The features of a license server group as rows, without a table of their own: one query makes them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.datastructures import BaseTable

from licstats.managers.reading import FeatureType


class MergedFeature(models.Model):
    """The features of one name, version and type in a group, summed over the members that count.

    Made by `groups_app.merging.merged_features` only. `total` null: unlimited, or not told. `used` null: in use
    unknown on a member. `last_update` is the oldest of the members' last readings, and `interval` such that the
    age of this row is the age of its oldest member in that member's own query intervals.
    """

    pk = models.CompositePrimaryKey("name", "version", "type")
    name = models.TextField()
    version = models.TextField()
    type = models.TextField(choices=[(t, t.capitalize()) for t in FeatureType if t])
    vendor = models.TextField()  # of all members, joined with ", "
    used = models.BigIntegerField(null=True)
    borrowed = models.BigIntegerField()
    reserved = models.BigIntegerField()
    queued = models.BigIntegerField()
    total = models.BigIntegerField(null=True)
    available = models.BigIntegerField(null=True)
    utilization = models.FloatField(null=True)  # percent of the total in use
    expires = models.DateField(null=True)  # the soonest
    permanent = models.BooleanField()  # all members, without a date
    adds_up = models.BooleanField()
    members = models.IntegerField()  # how many count
    left_out = models.IntegerField()  # how many do not, with a last reading older than 24 h
    last_update = models.DateTimeField()
    interval = models.DurationField()

    class Meta:
        managed = False
        default_permissions = ()
        ordering = ["name", "version", "type"]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.version, self.type) if part)


class DerivedTable(BaseTable):
    """A SELECT with its parameters where Django expects the name of a table."""

    def __init__(self, table_name: str, alias: str | None, sql: str = "", params: tuple[Any, ...] = ()) -> None:
        super().__init__(table_name, alias)
        self.sql = sql
        self.params = params

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        alias = self.table_alias if self.table_alias != self.table_name else None  # as Django quotes them
        return f"({self.sql}) {alias or connection.ops.quote_name(self.table_name)}", self.params

    def relabeled_clone(self, change_map: dict[str | None, str]) -> DerivedTable:
        alias = change_map.get(self.table_alias, self.table_alias)
        return DerivedTable(self.table_name, alias, self.sql, self.params)

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.sql, repr(self.params))


def derived(rows: models.QuerySet[MergedFeature], sql: str, params: tuple[Any, ...]) -> models.QuerySet[MergedFeature]:
    """`rows`, a new queryset, as what `sql` selects."""
    alias = rows.query.get_initial_alias()
    rows.query.alias_map[alias] = DerivedTable(MergedFeature._meta.db_table, alias, sql, params)
    return rows
