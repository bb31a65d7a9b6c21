"""The state of a grid is its URL: read from a query string, checked, and written back for links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from groups_app.scope import ScopeError
from licstats.moments import Tell, has_offset, minute_here, write_moment
from sessions_app.gaps import Gap, gaps_at
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import Column, Kind, Moment
from sessions_app.grid.filters import TOO_LARGE, GridFilters, MomentField
from sessions_app.grid.given import given_in, scope_params

if TYPE_CHECKING:
    from groups_app.visibility import Login
    from sessions_app.grid.grids import Grid

PAGE_SIZES = (20, 50, 100, 200)
LAST_PAGE = 10**9
VIEW_FIELDS = ("group_by", "sort", "columns", "per_page", "page")
BOUNDS = ("min", "max")
EXACTLY = {Kind.NUMBER: "=5", Kind.DURATION: "=6h"}


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that rows are sorted by."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name

    @classmethod
    def read(cls, text: str) -> SortKey:
        return cls(text.removeprefix("-"), text.startswith("-"))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the parameters that take it away when they are left out."""

    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class GridState:
    """What a query string says about a grid. With `errors` (by parameter) nothing of it may be shown.

    `given` is the query string as it was, without what is empty. Links are made from it, with the `moments` in it as
    times that mean the same in every zone: whoever follows one sees the same rows.
    """

    grid: Grid
    user: Login
    given: Mapping[str, tuple[str, ...]]
    moment: Moment
    filters: GridFilters
    at: datetime | None = None
    scope: Any = None  # what the grid's `read_scope` gives, a Scope of license servers or of users, or what is left
    aggregation: Aggregation | None = None
    sort: tuple[SortKey, ...] = ()
    columns: tuple[Column, ...] = ()
    page: int = 1
    per_page: int = PAGE_SIZES[0]
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    moments: Mapping[str, datetime] = field(default_factory=dict)  # by parameter

    @classmethod
    def read(cls, grid: Grid, params: QueryDict, user: Login, now: datetime, scope: Any = None) -> GridState:
        """`scope`: what these parameters choose, where it was read already."""
        return StateReader(grid, params, user, now, scope).read()

    def link(self, **changes: Any) -> str:
        """The query string of this state with `changes`: a text, a number, a list of texts, or None to leave out."""
        return self.link_on(self.grid, changes)

    def link_on(self, grid: Grid, changes: Mapping[str, Any]) -> str:
        """The same for another grid, with what of this state it can read; ValueError where it cannot read a change."""
        wanted = self._encoded | {name: encoded(name, as_texts(value)) for name, value in changes.items()}
        if "page" not in changes:
            wanted.pop("page", None)
        places = grid.places
        if lost := [name for name in changes.keys() - places.keys() if wanted[name]]:
            raise ValueError(f"The grid {grid.name} has no parameter {lost}.")
        parts = [wanted[name] for name in sorted(wanted.keys() & places, key=places.__getitem__) if wanted[name]]
        return f"?{'&'.join(parts)}" if parts else ""

    @cached_property
    def _encoded(self) -> dict[str, str]:
        """What was given, as links write it."""
        return {name: encoded(name, texts) for name, texts in self.lasting.items()}

    @cached_property
    def lasting(self) -> dict[str, tuple[str, ...]]:
        """What was given, as it means the same to every viewer and at every time of the year.

        A feature has its version and its type, given or not: it need not stay the only one of its name.
        """
        told = {name: (text,) for name, text in self.scope.params().items()} if self.scope else {}
        here = {name: moment.astimezone(self.moment.zone) for name, moment in self.moments.items()}
        return {
            name: (here[name].isoformat(),) if name in here and not has_offset(texts[0]) else texts
            for name, texts in {**told, **self.given}.items()
        }

    @property
    def lasting_link(self) -> str:
        """The same query string where what it means depends on who reads it, and when; else empty."""
        changed = not self.errors and self.given != self.lasting
        return self.link(page=self.given.get("page")) if changed else ""

    def link_without(self, names: Iterable[str]) -> str:
        return self.link(**dict.fromkeys(names))

    @cached_property
    def mended(self) -> str:
        """The query string without what is wrong, and without what says nothing when that is gone."""
        return self.link_without(name for wrong in self.errors for name in (wrong, *self.grid.parts.get(wrong, ())))

    @property
    def here(self) -> str:
        """The query string that shows the same again, and what is wrong with it."""
        wrong = self.given.get("page") if "page" in self.errors else None
        return self.link(page=wrong or (self.page if self.page > 1 else None))

    def inputs_without(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """What a form has to send along beside its own inputs, `names`; always without the page."""
        left_out = {*names, "page"}
        return [(name, text) for name, texts in self.lasting.items() if name not in left_out for text in texts]

    def value(self, name: str) -> str:
        """What was given for one parameter, for its input: a time with its offset as that of the viewer's zone."""
        text = ", ".join(self.given.get(name, ()))
        told_apart = name not in self.moments or not has_offset(text)
        return text if told_apart else write_moment(self.moments[name], self.moment.zone)

    @cached_property
    def base(self) -> QuerySet[Any]:
        """The rows of the scope, before any filter."""
        return self.grid.base(self)

    @cached_property
    def gaps(self) -> Sequence[Gap]:
        """The license servers of the scope that were not read at its past time: of their rows none is known."""
        return gaps_at(self.scope, self.at) if self.at and self.scope and not self.errors else ()

    @cached_property
    def chips(self) -> list[Chip]:
        return self.chips_told(minute_here)

    def chips_told(self, tell: Tell) -> list[Chip]:
        """The filters in words, each for itself but the two bounds of a column."""
        if self.errors:
            return []
        together: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        for name, chosen, value in self.filters.given():
            key = (chosen.column, "" if chosen.part in BOUNDS else name)
            texts, names = together.setdefault(key, ([], []))
            texts.append(chosen.words(tell(value) if isinstance(value, datetime) else value))
            names += [name, self.grid.both_bounds(name)]
        return [
            Chip(f"{self.grid.column_title(column)} {join_bounds(texts)}".strip(), tuple(names))
            for (column, _), (texts, names) in together.items()
        ]

    @cached_property
    def aside(self) -> set[str]:
        """Columns that are not to choose from, as one license server is looked at."""
        of_several, here = (self.grid.offered(scope, self.aggregation) for scope in (None, self.scope))
        return of_several.keys() - here.keys()

    def sorted_by(self, name: str) -> tuple[int, SortKey] | None:
        """The priority (from 1) and direction of a column's sort, if it is sorted by."""
        for place, key in enumerate(self.sort, 1):
            if key.name == name:
                return place, key
        return None

    @property
    def shows(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns)


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


def encoded(name: str, texts: Sequence[str]) -> str:
    return "&".join(f"{name}={quote_plus(text)}" for text in texts)


def as_texts(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value)
    return (str(value),)


def join_bounds(texts: Sequence[str]) -> str:
    """`from 5 to 5` is `is 5`; else the parts one after another."""
    if len(texts) == 2 and texts[0].removeprefix("from ") == texts[1].removeprefix("to "):
        return f"is {texts[0].removeprefix('from ')}"
    return " ".join(texts)
