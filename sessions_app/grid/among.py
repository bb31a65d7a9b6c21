"""The sessions that are added up in groups, as a condition on sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, QuerySet, Subquery
from django.db.models.sql.compiler import SQLCompiler


class Among(Func):
    """Whether a row has the keys of one of `groups`, an aggregated queryset; PostgreSQL computes those once."""

    output_field = BooleanField()

    def __init__(self, keys: Sequence[str], groups: QuerySet[Any, Any]) -> None:
        super().__init__(*(F(key) for key in keys), Subquery(groups.order_by().values(*keys)))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        compiled = [compiler.compile(expression) for expression in self.source_expressions]
        *keys, (groups, _) = compiled
        params = [param for _, each in compiled for param in each]
        return f"({', '.join(key for key, _ in keys)}) IN {groups}", params
