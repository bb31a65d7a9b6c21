"""The HTML of a grid's rows, by a short loop of our own: a table's template tags would cost 60 µs for each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from sessions_app.grid.columns import Column, Kind, Row
from sessions_app.grid.filters import Filter
from sessions_app.grid.grids import Page
from sessions_app.grid.state import GridState, SortKey
from sessions_app.templatetags.licstats import icon

ActionCells = Mapping[int, str]
Addresses = Mapping[int, str]
HELD = "held"


@dataclass(frozen=True)
class Header:
    """A column's header: its sort links, one alone and one added to the others, and its mark."""

    column: Column
    css: str
    direction: str = ""  # "ascending", "descending" or ""
    place: str = ""  # the priority, where several columns are sorted by
    link: str = ""
    adding: str = ""


@dataclass(frozen=True)
class HeaderGroup:
    """Adjoining columns under one upper header; without `label` its one column spans both lines."""

    label: str
    headers: Sequence[Header]

    @property
    def css(self) -> str:
        """A header over one column stays in sight with it."""
        held = len(self.headers) == 1 and HELD in self.headers[0].css
        return f"group {HELD}" if held else "group"


@dataclass(frozen=True)
class FilterInput:
    """One input of the filter line."""

    name: str
    part: str
    value: str
    values: Sequence[str]
    errors: Sequence[str]
    choices: Sequence[tuple[str, str]]
    label: str


@dataclass(frozen=True)
class FilterCell:
    """What stands in the filter line under one column."""

    column: Column
    css: str
    inputs: Sequence[FilterInput]


def css_classes(columns: Sequence[Column]) -> dict[str, str]:
    """By the names of columns. The one that tells whose row it is stays in sight where there is little room."""
    classes = {column.name: css_class(column) for column in columns}
    texts = [name for name, css in classes.items() if css == "text"]
    for name in ["user"] if "user" in texts else texts[:1]:
        classes[name] += f" {HELD}"
    return classes


def css_class(column: Column) -> str:
    if column.numeric:
        return "num"
    if column.name == "action":
        return "act"
    return "nowrap" if column.kind in (Kind.DATETIME, Kind.DATE) else "text"


def header_groups(state: GridState) -> list[HeaderGroup]:
    """The two lines of the header."""
    classes = css_classes(state.columns)
    headers = [header(state, column, classes[column.name]) for column in state.columns]
    groups: list[HeaderGroup] = []
    for label, members in groupby(headers, key=lambda each: each.column.group):
        listed = list(members)
        groups += [HeaderGroup(label, listed)] if label else [HeaderGroup("", [each]) for each in listed]
    return groups


def header(state: GridState, column: Column, css: str) -> Header:
    name = column.name
    if not column.sortable or (state.aggregation is not None and not state.aggregation.sorts(name)):
        return Header(column, css)
    found = state.sorted_by(name)
    others = [str(key) for key in state.sort if key.name != name]
    if found is None:
        return Header(column, css, link=ordered(state, [name]), adding=ordered(state, [*others, name]))
    place, key = found
    turned = SortKey(name, not key.descending)
    added = [str(turned if each.name == name else each) for each in state.sort]
    return Header(
        column,
        css,
        direction="descending" if key.descending else "ascending",
        place=str(place) if len(state.sort) > 1 else "",
        link=ordered(state, [str(turned)]),
        adding=ordered(state, added),
    )


def ordered(state: GridState, keys: Sequence[str]) -> str:
    """The link to that order. What else was sorted by, and is only of several license servers, goes along for them."""
    given = [text.strip() for text in ",".join(state.given.get("sort", ())).split(",")]
    aside = [text for text in given if SortKey.read(text).name in state.aside]
    return state.link(sort=",".join([*aside, *keys]))


def filter_cells(state: GridState) -> list[FilterCell]:
    """The filter line: for each column the inputs of the filters that are declared for it."""
    declared: dict[str, list[tuple[str, Filter]]] = {}
    for name, each in state.grid.filters.base_filters.items():
        if each.part != "is":
            declared.setdefault(each.column, []).append((name, each))
    classes = css_classes(state.columns)
    return [
        FilterCell(
            column,
            classes[column.name],
            [filter_input(state, name, each) for name, each in declared.get(column.name, ())],
        )
        for column in state.columns
    ]


def filter_input(state: GridState, name: str, declared: Filter) -> FilterInput:
    exact = name.removesuffix("_min") if declared.part == "min" else ""
    value = state.value(name)
    if exact in state.given and not value:
        value = f"={state.value(exact)}"
    errors = [*state.errors.get(name, ()), *(state.errors.get(exact, ()) if exact else ())]
    title = state.grid.columns[declared.column].title
    words = {"min": "from", "max": "to"}.get(declared.part, "")
    if state.grid.columns[declared.column].kind in (Kind.DATE, Kind.DATETIME):
        words = {"min": "after", "max": "before"}[declared.part]
    return FilterInput(
        name=name,
        part=declared.part,
        value=value,
        values=state.given.get(name, ()),
        errors=errors,
        choices=getattr(state.grid.columns[declared.column], "choices", ()),
        label=f"{title} {words}".strip(),
    )


def body(
    state: GridState,
    page: Page,
    actions: ActionCells | None = None,
    inside: Addresses | None = None,
) -> SafeString:
    """The `<tr>`s of a page. `inside` leads from the number of an aggregated row to what was added up in it."""
    moment, columns = state.moment, state.columns
    classes = css_classes(columns)
    opened = [f'<td class="{classes[column.name]}"{quiet(column)}>' for column in columns]
    parts: list[str] = []
    for number, row in enumerate(page.rows, page.first):
        key = row_key(state, row)
        parts.append(
            f'<tr data-key="{key}"><th scope="row" class="number hold" data-quiet>{number_cell(number, inside)}</th>'
        )
        for column, start in zip(columns, opened, strict=True):
            if column.name == "action":
                cell = actions.get(row.get("id", number), "") if actions else ""
            else:
                cell = column.cell(row, moment)
            parts.append(f"{start}{cell}</td>")
        parts.append("</tr>\n")
    return mark_safe("".join(parts))  # noqa: S308 - cells escape what they hold


def number_cell(number: int, inside: Addresses | None) -> str:
    if not inside:
        return f"{number:,}"
    words = f'title="Show the sessions of this row" aria-label="Show the sessions of row {number:,}"'
    return f'<a class="inside" href="{escape(inside[number])}" {words}>{number:,}{icon("chevron")}</a>'


def quiet(column: Column) -> str:
    """What changes with the clock alone is no news."""
    return " data-quiet" if column.kind is Kind.DURATION else ""


def row_key(state: GridState, row: Row) -> str:
    """What tells a row from the others, for as long as it is on the page; no two texts run together."""
    keys = state.grid.key_fields if state.aggregation is None else state.aggregation.keys
    texts = [str(row[key]) for key in keys]
    return f"row-{escape(texts[0]) if len(texts) == 1 else '/'.join(quote(text, safe='') for text in texts)}"
