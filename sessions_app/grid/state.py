"""The state of a grid is its URL: what one says of it, and the links to others. `state_reader` reads one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from django.db.models import QuerySet

from licstats.moments import Tell, has_offset, minute_here, write_moment
from sessions_app.gaps import Gap, gaps_at
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import Column, Moment
from sessions_app.grid.filters import GridFilters

if TYPE_CHECKING:
    from groups_app.visibility import Login
    from sessions_app.grid.grids import Grid

PAGE_SIZES = (20, 50, 100, 200)
BOUNDS = ("min", "max")
VIEW_FIELDS = ("group_by", "sort", "columns", "per_page", "page")


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
        """The license servers of the scope that were not read at its past time."""
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
