"""Rows of a license server group, each of which is a merged feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet, Window

from groups_app.members import Identity
from sessions_app.grid.columns import Row
from sessions_app.grid.rows import PlainRows


def identity_of(row: Row) -> Identity:
    return Identity(row["name"], row["version"], row["type"])


class MergedRows(PlainRows):
    """To count them takes adding up all features of the group: the rows of a page come from the same pass."""

    def counted_slice(self, start: int, stop: int) -> tuple[Sequence[Row], int] | None:
        found = self.counted(self.rows, self.wanted(), start, stop)
        return (found, found[0]["of"]) if found else None

    def counted(self, rows: QuerySet[Any], paths: Sequence[str], start: int, stop: int) -> list[Row]:
        """What stands at `paths` in some of the rows, in order; in each, as "of", how many there are in all."""
        return list(rows.order_by(*self.order()).annotate(of=Window(Count("*"))).values(*paths, "of")[start:stop])

    def slice(self, start: int, stop: int, total: int) -> Sequence[Row]:
        return list(self.rows.order_by(*self.order()).values(*self.wanted())[start:stop])
