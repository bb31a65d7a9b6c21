"""A page of rows in their order, in the way that takes PostgreSQL least.

A page near the beginning or the end of an index costs nearly nothing, as long as its rows are among the first. Where
filters leave few rows, they may be anywhere in it: then all that fit are sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

from sessions_app.grid.columns import Column

FEW = 20_000  # rows that are sorted sooner than an index is walked for them
MANY = 2_000  # rows from which on ids are sorted, and not all that is shown


def order_by(column: Column, descending: bool) -> OrderBy:
    """By a column; `-path` in its declaration sorts against the path."""
    against = column.order.startswith("-")
    path = column.order.removeprefix("-")
    return OrderBy(F(path), descending=descending != against, nulls_last=True if column.nullable else None)


def sorted_in_memory(order: Sequence[OrderBy]) -> list[OrderBy]:
    """The same order by what no index has: PostgreSQL would walk one in that order until enough rows fit the filters,
    and where few do, that is nearly all of it.
    """
    unindexed = [
        OrderBy(Coalesce(key.expression, key.expression), descending=key.descending, nulls_last=key.nulls_last)
        for key in order[:2]  # the second too, as a first that is the same in all rows leaves the order to it
    ]
    return [*unindexed, *order[2:]]


def fetched(
    rows: QuerySet[Any],
    order: Sequence[OrderBy],
    start: int,
    stop: int,
    total: int,
    wanted: Sequence[str],
    *,
    indexed: bool = False,
) -> list[dict[str, Any]]:
    """Rows `start` to `stop` of `total`, counted from whichever end is nearer. `indexed`: an index leads to them."""
    in_memory = not indexed and total <= FEW
    ordered = rows.order_by(*(sorted_in_memory(order) if in_memory else order))
    cut = cut_by_id if in_memory and total > MANY else cut_whole
    if start <= total - stop:
        return list(cut(ordered, start, stop, wanted))
    return list(cut(ordered.reverse(), total - stop, total - start, wanted))[::-1]


def cut_whole(ordered: QuerySet[Any], start: int, stop: int, wanted: Sequence[str]) -> QuerySet[Any]:
    return cast(QuerySet[Any], ordered.values(*wanted)[start:stop])


def cut_by_id(ordered: QuerySet[Any], start: int, stop: int, wanted: Sequence[str]) -> QuerySet[Any]:
    """What PostgreSQL sorts are ids, joined with what is shown for the rows of the page only; tables have ids."""
    meta = ordered.model._meta
    if not meta.managed or meta.is_composite_pk:
        return cut_whole(ordered, start, stop, wanted)
    return cast(QuerySet[Any], ordered.filter(pk__in=ordered.values("pk")[start:stop]).values(*wanted))
