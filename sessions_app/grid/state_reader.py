"""Reads the state of a grid from a query string, and says what is wrong with it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from groups_app.scope import ScopeError
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import Column, Kind, Moment
from sessions_app.grid.filters import TOO_LARGE, GridFilters, MomentField
from sessions_app.grid.given import given_in, scope_params
from sessions_app.grid.state import PAGE_SIZES, GridState, SortKey

if TYPE_CHECKING:
    from groups_app.visibility import Login
    from sessions_app.grid.grids import Grid

LAST_PAGE = 10**9
EXACTLY = {Kind.NUMBER: "=5", Kind.DURATION: "=6h"}


def read_state(grid: Grid, params: QueryDict, user: Login, now: datetime, scope: Any = None) -> GridState:
    """`scope`: what these parameters choose, where it was read already."""
    return StateReader(grid, params, user, now, scope).read()


class StateReader:
    """Reads one query string; collects what is wrong instead of stopping at the first."""

    def __init__(self, grid: Grid, params: QueryDict, user: Login, now: datetime, scope: Any) -> None:
        self.grid = grid
        self.scope = scope
        self.user = user
        self.now = now
        self.given = given_in(params, grid)
        self.unknown = tuple(sorted(name for name in params if name not in grid.parameters))
        self.errors: dict[str, list[str]] = {}

    def read(self) -> GridState:
        self._refuse_nul()
        at = self._at()
        moment = Moment.of(at or self.now)
        scope = self._scope()
        filters = self._filters(moment.now)
        aggregation = self._aggregation()
        columns = self._columns(scope, aggregation)
        moments = {"at": at, **filters.form.cleaned_data, **self.grid.moments_of(scope)}
        return GridState(
            grid=self.grid,
            user=self.user,
            given=self.given,
            moment=moment,
            at=at,
            scope=scope,
            filters=filters,
            aggregation=aggregation,
            sort=self._sort(scope, aggregation),
            columns=columns,
            page=self._page(),
            per_page=self._per_page(),
            errors=self.errors,
            unknown=self.unknown,
            moments={name: each for name, each in moments.items() if name in self.given and type(each) is datetime},
        )

    def _refuse_nul(self) -> None:
        """PostgreSQL takes no NUL in a text."""
        for name in [name for name, texts in self.given.items() if any("\0" in text for text in texts)]:
            self._error(name, "A text cannot hold the character NUL.")
            del self.given[name]

    def _error(self, name: str, message: str) -> None:
        said = self.errors.setdefault(name, [])
        if message not in said:  # one value may be that of both bounds
            said.append(message)

    def _single(self, name: str) -> str:
        if (times := len(self.given.get(name, ()))) > 1:
            self._error(name, f"It is given {times} times.")
        return self._first(name)

    def _first(self, name: str) -> str:
        return self.given[name][0].strip() if name in self.given else ""

    def _at(self) -> datetime | None:
        try:
            at = MomentField(required=False).clean(self._single("at"))
        except ValidationError as error:
            self._error("at", error.messages[0])
            return None
        if at is not None and at > self.now:
            self._error("at", f"{self.given['at'][0]} has not come yet.")
            return None
        return at

    def _scope(self) -> Any:
        for name in self.grid.scope_fields:
            self._single(name)
        if self.scope is not None:
            return self.scope
        try:
            return self.grid.read_scope(scope_params(self.grid, self.given), self.user)
        except ScopeError as error:
            self._error(error.field, str(error))
            return error.scope  # what else was chosen, where only a part of it is wrong

    def _filters(self, now: datetime) -> GridFilters:
        filters = self.grid.filters(self._filter_data(), self.grid.model._default_manager.none(), now=now)
        for name, messages in filters.errors.items():
            for message in messages:
                self._error(self._said_by(name), str(message))
        return filters

    def _said_by(self, name: str) -> str:
        """The parameter that gave the filter `name` its value: `=5` and NAME=5 give it to both bounds."""
        base = name.removesuffix("_min").removesuffix("_max")
        if base not in self.grid.ranges:
            return name
        if self._first(f"{base}_min").startswith("="):
            return f"{base}_min"
        return base if base in self.given else name

    def _filter_data(self) -> QueryDict:
        """The filters' parameters; `=5` as a lower bound, and NAME=5 beside NAME_min, stand for both bounds."""
        data = QueryDict(mutable=True)
        for name, declared in self.grid.filters.base_filters.items():
            if name in self.given:
                if not declared.several:
                    self._single(name)
                data.setlist(name, list(self.given[name]))
        for name in self.grid.ranges:
            lower, upper = f"{name}_min", f"{name}_max"
            exact = data.get(lower, "").strip()
            beside = {upper, name} if exact.startswith("=") else {lower, upper}
            if exact.startswith("="):
                exact = exact[1:].strip() or self._nothing_after(lower)
            elif name in self.given:
                exact = self._single(name)
            else:
                continue
            for other in sorted(beside & self.given.keys()):
                self._error(other, f"Leave it out: exactly {exact} is asked for already.")
            data[lower] = data[upper] = exact
        return data

    def _nothing_after(self, lower: str) -> str:
        column = self.grid.columns[self.grid.filters.base_filters[lower].column]
        self._error(lower, f"Write a value after the =, as in {EXACTLY[column.kind]}.")
        return ""

    def _aggregation(self) -> Aggregation | None:
        name = self._single("group_by")
        if not name:
            return None
        wanted = ",".join(part.strip() for part in name.split(","))
        chosen = self.grid.aggregation(wanted)
        if chosen is None:
            known = ", ".join(f"'{each.name}'" for each in self.grid.aggregations)
            self._error("group_by", f"Rows cannot be aggregated by '{name}'. It can be {known or 'nothing'}.")
        return chosen

    def _names(self, name: str) -> list[str]:
        texts = [part.strip() for text in self.given.get(name, ()) for part in text.split(",")]
        return [text for text in texts if text]

    def _columns(self, scope: Any, aggregation: Aggregation | None) -> tuple[Column, ...]:
        offered = self.grid.offered(scope, aggregation)
        names = self._names("columns")
        for name in names:
            if name not in self.grid.columns:
                self._error("columns", f"There is no column '{name}'.")
        if not {*names} & offered.keys() - self.grid.always:  # none chosen, or none that these rows have
            return tuple(column for column in offered.values() if self.grid.shown_first(column, aggregation))
        return tuple(column for name, column in offered.items() if name in names or column.name in self.grid.always)

    def _sort(self, scope: Any, aggregation: Aggregation | None) -> tuple[SortKey, ...]:
        """What these rows can be sorted by; a column that their scope does not offer counts where it does."""
        offered = self.grid.offered(scope, aggregation)
        keys: dict[str, SortKey] = {}
        for text in self._names("sort"):
            key = SortKey.read(text)
            column = self.grid.columns.get(key.name)
            if column is None or not column.sortable:
                self._error("sort", f"Rows cannot be sorted by '{key.name}'.")
            elif aggregation is not None and not aggregation.sorts(key.name):
                self._error("sort", why_unsorted(column, aggregation))
            elif key.name in offered and key.name not in keys:
                keys[key.name] = key
        return tuple(keys.values()) or self.grid.first_sort(scope, aggregation)

    def _whole(self, name: str, default: int, most: int) -> int:
        text = self._single(name)
        if not text:
            return default
        digits = text.lstrip("0")
        if not (digits.isascii() and digits.isdigit()):
            self._error(name, f"'{text}' is not a whole number from 1.")
        elif len(digits) > 10 or int(digits) > most:
            self._error(name, TOO_LARGE)
        else:
            return int(digits)
        return default

    def _page(self) -> int:
        return self._whole("page", 1, LAST_PAGE)

    def _per_page(self) -> int:
        size = self._whole("per_page", PAGE_SIZES[0], LAST_PAGE)
        if size not in PAGE_SIZES:
            self._error("per_page", f"A page has {', '.join(map(str, PAGE_SIZES))} rows.")
            return PAGE_SIZES[0]
        return size


def why_unsorted(column: Column, aggregation: Aggregation) -> str:
    rows = f"Rows that are aggregated by {aggregation.label.lower()}"
    if column.name in aggregation.columns:
        return f"{rows} cannot be sorted by {column.title}: a list of addresses has no order."
    return f"{rows} have no {column.title}."
