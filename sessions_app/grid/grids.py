"""What a grid is: its columns, filters, aggregations and rows. Pages, exports and charts all take them from here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Model, QuerySet

from groups_app.scope import SCOPE_FIELDS, Scope
from groups_app.visibility import Login
from sessions_app.grid.aggregation import Aggregated, Aggregation
from sessions_app.grid.among import Among
from sessions_app.grid.columns import FEATURE, SERVER, Column, GridTable, Row
from sessions_app.grid.counts import UNCOUNTED, Counts
from sessions_app.grid.filters import Elapsed, GridFilters, Is
from sessions_app.grid.rows import AggregatedRows, PlainRows, RowSource
from sessions_app.grid.state import VIEW_FIELDS, GridState, SortKey

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
