"""Where the rows of a grid come from: counted, cut to a page, or all of them, in the order of its state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Count, F, QuerySet, Window
from django.db.models.expressions import OrderBy

from sessions_app.grid import fetching
from sessions_app.grid.aggregation import SUMS, Aggregated, Aggregation
from sessions_app.grid.columns import Column, Row
from sessions_app.grid.counts import Counts
from sessions_app.grid.fetching import fetched, order_by

if TYPE_CHECKING:
    from sessions_app.grid.grids import Grid
    from sessions_app.grid.state import GridState

SERVER_NAME = "server__name"


class RowSource(ABC):
    """The rows of a state, in order: counted, a page of them, or all."""

    def __init__(self, grid: Grid, state: GridState, counts: Counts) -> None:
        self.grid = grid
        self.state = state
        self.counts = counts

    @abstractmethod
    def count(self) -> int: ...

    def counted_slice(self, start: int, stop: int) -> tuple[Sequence[Row], int] | None:
        """Rows and how many there are in all, in one pass; None where that is not the faster way, or finds none."""
        return None

    @abstractmethod
    def slice(self, start: int, stop: int, total: int) -> Sequence[Row]:
        """Rows `start` to `stop` (from 0, without the last) with all that their cells look at."""

    @abstractmethod
    def every(self, columns: Sequence[Column]) -> Iterator[Row]:
        """Every row with what `columns` look at; in flat memory."""

    def written(self, columns: Sequence[Column]) -> QuerySet[Any] | None:
        """Every row as exports write it, by the database; None where that takes Python."""
        return None


class PlainRows(RowSource):
    """One row of the database is one row of the grid."""

    @cached_property
    def rows(self) -> QuerySet[Any]:
        return self.grid.restricted(self.state)

    def count(self) -> int:
        return self.counts.of(self.rows.values("pk"))

    @cached_property
    def whole(self) -> bool:
        """Whether nothing leaves rows out. Then the first ones of an index are those of the page, however many."""
        return not self.rows.query.where

    def order(self) -> list[OrderBy]:
        """By the sort keys, what is not known last, and then so that no two rows are equal."""
        keys = [order_by(self.grid.columns[key.name], key.descending) for key in self.state.sort]
        down = bool(keys) and keys[-1].descending
        ties = [OrderBy(F(path), descending=down) for path in self.grid.tie_breakers(self.state)]
        return [*keys, *ties]

    def wanted(self) -> tuple[str, ...]:
        """The paths that the cells of a row look at, in an order that does not change, so that no statement does."""
        needed = (path for column in self.state.columns for path in column.needs)
        return tuple(dict.fromkeys((*self.grid.row_fields, *needed)))

    def slice(self, start: int, stop: int, total: int) -> Sequence[Row]:
        wanted = self.wanted()
        first = self.grid.columns[self.state.sort[0].name] if self.state.sort else None
        if first is not None and first.nullable:
            return self._known_first(first, start, stop, total, wanted)
        if first is not None and first.path == SERVER_NAME and total > fetching.FEW and self.counts.version:
            return self._of_servers(start, stop, wanted)
        return fetched(self.rows, self.order(), start, stop, total, wanted, indexed=self.whole)

    def every(self, columns: Sequence[Column]) -> Iterator[Row]:
        paths = dict.fromkeys(path for column in columns for path in column.needs)
        if not paths:  # Django takes no names for all
            return iter(())
        return iter(self.rows.order_by(*self.order()).values(*paths).iterator(chunk_size=2_000))

    def written(self, columns: Sequence[Column]) -> QuerySet[Any] | None:
        expressions = {f"written_{column.name}": column.written(self.state.moment) for column in columns}
        if None in expressions.values() or not expressions:  # Django takes no names for all
            return None
        written = self.rows.order_by(*self.order()).annotate(**expressions)
        return cast(QuerySet[Any], written.values_list(*expressions))

    def _known_first(self, column: Column, start: int, stop: int, total: int, wanted: Sequence[str]) -> Sequence[Row]:
        """What is known, in the order of its index, and then what is not: "nulls last" has no index of its own."""
        order = self.order()
        known_order = [OrderBy(order[0].expression, descending=order[0].descending), *order[1:]]
        known = self.rows.filter(**{f"{column.path}__isnull": False})
        if start <= total // 2:
            rows = fetched(known, known_order, start, stop, total * 2, wanted, indexed=self.whole)
            if len(rows) == stop - start:
                return rows
        count = self.counts.of(known.values("pk"))
        rows = []
        if start < count:
            rows = fetched(known, known_order, start, min(stop, count), count, wanted, indexed=self.whole)
        if stop > count:
            unknown = self.rows.filter(**{f"{column.path}__isnull": True})
            rows += fetched(unknown, order[1:], max(0, start - count), stop - count, total - count, wanted)
        return rows

    def _of_servers(self, start: int, stop: int, wanted: Sequence[str]) -> Sequence[Row]:
        """Sorted by license server, from those that are on the page: an order by name sorts all sessions of each."""
        down = self.state.sort[0].descending
        counts: list[tuple[int, int]] = self.counts.remembered("servers", self.rows, self._count_by_server)
        ordered = counts[::-1] if down else counts
        ends = accumulate(count for _server, count in ordered)
        places = [(server, end - count, end) for (server, count), end in zip(ordered, ends, strict=True)]
        on_page = [(server, begin, end) for server, begin, end in places if begin < stop and end > start]
        if not on_page:
            return []
        before, after = on_page[0][1], on_page[-1][2]
        rows = self.rows.filter(server__in=[server for server, _begin, _end in on_page])
        one = len(on_page) == 1  # then their names are all the same, and what is left may be the order of an index
        order, indexed = self.order()[one:], one and len(self.state.sort) == 1
        return fetched(rows, order, start - before, stop - before, after - before, wanted, indexed=indexed)

    def _count_by_server(self) -> list[tuple[int, int]]:
        """(id, rows) of each license server, in the order of their names."""
        return list(
            self.rows.order_by(SERVER_NAME).values_list("server").annotate(of=Count("*")).values_list("server", "of")
        )


class AggregatedRows(RowSource):
    """Many rows of the database are one row of the grid."""

    def __init__(self, grid: Grid, state: GridState, counts: Counts, aggregation: Aggregation) -> None:
        super().__init__(grid, state, counts)
        self.aggregation = aggregation
        self.aggregated = Aggregated(aggregation, grid.restricted(state))

    @cached_property
    def groups(self) -> QuerySet[Any, dict[str, Any]]:
        sums = self.state.filters.sums_asked()
        sums |= {name for name in self.order_paths() if name in SUMS}
        return self.state.filters.restrict_sums(self.aggregated.groups(sums))

    def order_paths(self) -> list[str]:
        return [self.aggregation.order_path(key.name, self.grid.columns[key.name].path) for key in self.state.sort]

    def ordered(self) -> QuerySet[Any, dict[str, Any]]:
        keys = zip(self.order_paths(), self.state.sort, strict=True)
        order = [
            OrderBy(
                F(path), descending=key.descending, nulls_last=True if self.grid.columns[key.name].nullable else None
            )
            for path, key in keys
        ]
        return self.aggregated.ordered(self.groups, order)

    @cached_property
    def counted(self) -> QuerySet[Any, dict[str, Any]]:
        """The same groups, with no sums but those that decide which there are: whatever the order, one count."""
        return self.state.filters.restrict_sums(self.aggregated.keyed(self.state.filters.sums_asked()))

    def count(self) -> int:
        return self.counts.of(self.counted)

    def counted_slice(self, start: int, stop: int) -> tuple[Sequence[Row], int] | None:
        """An order by a sum needs all groups, which counts them as well; one by a key follows an index instead."""
        if not SUMS.keys() & set(self.order_paths()[:1]):
            return None
        known = self.counts.known(self.counted)
        if known is not None:
            return (self.slice(start, stop, known), known) if start < known else None
        groups = list(self.ordered().annotate(of=Window(Count("*")))[start:stop])
        if not groups:
            return None
        self.counts.learn(self.counted, groups[0]["of"])
        return self.aggregated.described(groups), groups[0]["of"]

    def slice(self, start: int, stop: int, total: int) -> Sequence[Row]:
        return self.aggregated.described(list(self.ordered()[start:stop]))

    def every(self, columns: Sequence[Column]) -> Iterator[Row]:
        return self.aggregated.all_described(self.ordered())
