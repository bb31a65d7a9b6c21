"""A SELECT written by hand as a queryset, to be filtered, ordered, counted and cut like that of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.datastructures import BaseTable

PARAMETER = re.compile(r"%\((\w+)\)s")
Row = TypeVar("Row", bound=models.Model)


def rows_of(model: type[Row], sql: str, values: Mapping[str, Any]) -> models.QuerySet[Row]:
    """The rows of `sql`, which has the columns of `model` and `%(name)s` where a value stands."""
    statement, names = _positional(sql)
    rows: models.QuerySet[Row] = model._default_manager.all()
    alias = rows.query.get_initial_alias() or model._meta.db_table
    params = tuple(values[name] for name in names)
    rows.query.alias_map[alias] = DerivedTable(model._meta.db_table, alias, statement, params)
    return rows


@lru_cache
def _positional(sql: str) -> tuple[str, list[str]]:
    """The SQL as Django writes it, and the names of its parameters in their order."""
    return PARAMETER.sub("%s", sql), PARAMETER.findall(sql)


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
