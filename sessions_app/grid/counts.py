"""How many rows a query has, remembered for as long as nothing changed: to count is most of the work of a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from groups_app.visibility import sees_all

KEPT_FOR = 300  # seconds


@dataclass(frozen=True, slots=True)
class Counts:
    """`version` is that of all that the queries read (`Reach.version`); without one nothing is remembered."""

    version: str = ""

    @classmethod
    def at(cls, version: str, scope: Any) -> Counts:
        """Of the rows of `scope`. What is hidden from a login is looked up by its queries, and changes no version."""
        return cls(version if scope is not None and (scope.group or sees_all(scope.user)) else "")

    def of(self, rows: QuerySet[Any]) -> int:
        """How many rows there are."""
        count: int = self.remembered("rows", rows, rows.count)
        return count

    def remembered(self, what: str, rows: QuerySet[Any], count: Callable[[], Any]) -> Any:
        """What `count` gives, which depends on `rows` and the version only; `what` names it."""
        key = self._key(rows, what)
        found = cache.get(key) if key else None
        if found is None:
            found = count()
            if key:
                cache.set(key, found, KEPT_FOR)
        return found

    def known(self, rows: QuerySet[Any]) -> int | None:
        """How many rows there are, where that need not be counted."""
        key = self._key(rows)
        found: int | None = cache.get(key) if key else None
        return found

    def learn(self, rows: QuerySet[Any], count: int) -> None:
        """Another query told how many rows there are."""
        if key := self._key(rows):
            cache.set(key, count, KEPT_FOR)

    def _key(self, rows: QuerySet[Any], what: str = "rows") -> str:
        """Empty where nothing is remembered."""
        if not self.version:
            return ""
        try:
            sql, params = rows.order_by().query.sql_with_params()
        except EmptyResultSet:
            return ""
        digest = blake2b(f"{self.version}\0{sql}\0{params!r}".encode(), digest_size=16)
        return f"{what}-{digest.hexdigest()}"


UNCOUNTED = Counts()
