"""What a grid is: its columns, filters, aggregations and rows. Pages, exports and charts all take them from here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any, ClassVar, cast

from django.db.models import Count, F, Model, QuerySet, Window
from django.db.models.expressions import OrderBy

from groups_app.scope import SCOPE_FIELDS, Scope
from groups_app.visibility import Login
from sessions_app.grid import fetching
from sessions_app.grid.aggregation import SUMS, Aggregated, Aggregation
from sessions_app.grid.among import Among
from sessions_app.grid.columns import FEATURE, SERVER, Column, GridTable, Row
from sessions_app.grid.counts import UNCOUNTED, Counts
from sessions_app.grid.fetching import fetched, order_by
from sessions_app.grid.filters import Elapsed, GridFilters, Is
from sessions_app.grid.state import VIEW_FIELDS, GridState, SortKey

SERVER_NAME = "server__name"
PARAMETERS = {
    "feature": FEATURE,
    "version": f"{FEATURE} Version",
    "type": f"{FEATURE} Type",
    "period": "Period",
    "from": "From",
    "to": "To",
    "at": "Time",
    "group_by": "Aggregation",
    "sort": "Sort order",
    "columns": "Columns",
    "per_page": "Rows a page",
    "page": "Page",
}


@dataclass(frozen=True)
class Page:
    """The rows of one page. `first` is the number of the first row, from 1; 0 where there is none."""

    rows: Sequence[Row]
    total: int
    number: int
    per_page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.per_page + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * self.per_page, self.total)


class Grid(ABC):
    """A declaration, shared by all requests. Subclasses say what the rows are."""

    name: ClassVar[str]  # of preferences and files
    title: ClassVar[str]
    noun: ClassVar[tuple[str, str]]  # "session", "sessions"
    table: ClassVar[type[GridTable]]
    filters: ClassVar[type[GridFilters]]
    model: ClassVar[type[Model]]
    aggregations: ClassVar[Sequence[Aggregation]] = ()
    scope_fields: ClassVar[tuple[str, ...]] = SCOPE_FIELDS
    scope_title: ClassVar[str] = SERVER  # of the field that chooses the scope
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {  # what says nothing without that
        "scope": SCOPE_FIELDS,
        "feature": SCOPE_FIELDS[1:],
    }
    default_sort: ClassVar[tuple[str, ...]]
    key_fields: ClassVar[tuple[str, ...]] = ("id",)  # what tells a row from the others, as long as it is on the page
    row_fields: ClassVar[tuple[str, ...]] = ("id",)  # that every row has, whichever columns are shown
    has_past: ClassVar[bool] = False  # whether it can show how things were at a time
    always: ClassVar[frozenset[str]] = frozenset()  # columns that are not in the column menu
    follows_readings: ClassVar[bool] = False  # whether rows change with each reading, though it finds nothing new

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        return self.table.declared()

    @cached_property
    def ranges(self) -> tuple[str, ...]:
        """Names with a lower and an upper bound, which also take one value for both."""
        names = self.filters.base_filters
        return tuple(name[:-4] for name in names if name.endswith("_min") and f"{name[:-4]}_max" in names)

    @cached_property
    def filter_parameters(self) -> tuple[str, ...]:
        """Every parameter of a filter."""
        names = self.filters.base_filters
        return (*names, *(name for name in self.ranges if name not in names))

    @cached_property
    def may_be_empty(self) -> frozenset[str]:
        """Parameters that say something where they are empty."""
        return frozenset(name for name, each in self.filters.base_filters.items() if isinstance(each, Is))

    def both_bounds(self, name: str) -> str:
        """The parameter that gives a bound and the other one together, if there is one; else `name`."""
        base = name.removesuffix("_min").removesuffix("_max")
        return base if base in self.ranges else name

    @cached_property
    def has_borrowed(self) -> bool:
        return "borrowed" in self.filters.base_filters

    @cached_property
    def has_groups(self) -> bool:
        return "host_group" in self.filters.base_filters

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter of the query string, in the order in which links write them."""
        return (*self.scope_fields, *(("at",) if self.has_past else ()), *self.filter_parameters, *VIEW_FIELDS)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Of each parameter, where links write it."""
        return {name: place for place, name in enumerate(self.parameters)}

    @cached_property
    def elapsed_parameters(self) -> frozenset[str]:
        """Those of durations until now."""
        names = {name for name, each in self.filters.base_filters.items() if isinstance(each, Elapsed)}
        return frozenset(names | {name[:-4] for name in names if name[:-4] in self.ranges})

    def moves(self, params: Mapping[str, str]) -> bool:
        """Whether these parameters show other rows as time goes by, though nothing changes."""
        return any(params.get(name) for name in self.elapsed_parameters)

    def read_scope(self, params: Mapping[str, str], user: Login) -> Any:
        """What the pick lists chose; ScopeError where it cannot be shown."""
        return Scope.read(params, user)

    def moments_of(self, scope: Any) -> Mapping[str, datetime]:
        """The times in a scope, by their parameters."""
        return {}

    def aggregation(self, name: str) -> Aggregation | None:
        return next((each for each in self.aggregations if each.name == name), None)

    def column_title(self, name: str) -> str:
        return self.columns[name].title if name in self.columns else ""

    def parameter_title(self, name: str) -> str:
        """What the page calls a parameter of the query string."""
        declared = self.filters.base_filters.get(name) or self.filters.base_filters.get(f"{name}_min")
        if declared is None:
            return self.scope_title if name == "scope" else PARAMETERS.get(name, name)
        return self.column_title(declared.column) or declared.words("")

    def offered(self, scope: Any, aggregation: Aggregation | None) -> dict[str, Column]:
        """The columns that these rows can have, shown or not; not those of the license server where one is chosen."""
        one_server = getattr(scope, "server", None) is not None
        return {
            name: column
            for name, column in self.columns.items()
            if (aggregation is None or name in aggregation.columns) and not (one_server and column.group == SERVER)
        }

    def shown_first(self, column: Column, aggregation: Aggregation | None) -> bool:
        """Whether a column is shown where nobody chose columns."""
        return not column.hidden

    def first_sort(self, scope: Any, aggregation: Aggregation | None) -> tuple[SortKey, ...]:
        """The order where nobody chose one."""
        keys = [SortKey.read(text) for text in self.default_sort]
        if aggregation is None:
            return tuple(keys)
        fitting = [key for key in keys if aggregation.sorts(key.name)]
        rest = [SortKey(name) for name in self.columns if aggregation.sorts(name)]
        return tuple(fitting or rest[:1])

    @abstractmethod
    def base(self, state: GridState) -> QuerySet[Any]:
        """The rows of the scope, before any filter."""

    # ---- rows ---------------------------------------------------------------------------------------------

    def restricted(self, state: GridState) -> QuerySet[Any]:
        """The rows that are listed, or that are added up to groups."""
        restrict = state.filters.restrict_before if state.aggregation else state.filters.restrict_rows
        return restrict(state.base)

    def added_up(self, state: GridState) -> QuerySet[Any]:
        """The rows that are on screen, or in what is on screen: on aggregated rows filters of sums leave out groups."""
        rows = self.restricted(state)
        if state.aggregation is None or not (asked := state.filters.sums_asked()):
            return rows
        groups = state.filters.restrict_sums(Aggregated(state.aggregation, rows).keyed(asked))
        return rows.filter(Among(state.aggregation.keys, groups))

    def page(self, state: GridState, version: str = "") -> Page:
        """The page that the state asks for, or the last one where there are fewer. `version` is that of the rows."""
        source = self.source(state, Counts.at(version, state.scope))
        start = (state.page - 1) * state.per_page
        if found := source.counted_slice(start, start + state.per_page):
            return Page(found[0], found[1], state.page, state.per_page)
        total = source.count()
        number = min(state.page, max(1, -(-total // state.per_page)))
        start = (number - 1) * state.per_page
        rows = source.slice(start, min(start + state.per_page, total), total) if total else []
        return Page(rows, total, number, state.per_page)

    def source(self, state: GridState, counts: Counts = UNCOUNTED) -> RowSource:
        if state.aggregation:
            return AggregatedRows(self, state, counts, state.aggregation)
        return PlainRows(self, state, counts)

    def tie_breakers(self, state: GridState) -> tuple[str, ...]:
        """Paths that make every order one and the same each time."""
        return ("pk",)


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
