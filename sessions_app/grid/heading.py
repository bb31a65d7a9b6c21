"""The HTML of a grid's header: two lines of titles with their sort links, and the line of filters under them.

By plain strings, as the rows are: templates took a quarter of the page's time for what is the same in every column.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe

from sessions_app.grid.columns import Kind
from sessions_app.grid.rendering import FilterCell, FilterInput, Header, HeaderGroup
from sessions_app.grid.state_reader import EXACTLY
from sessions_app.templatetags.grids import boxes
from sessions_app.templatetags.licstats import icon

DAY_HINT = "A day as 2026-11-21"
HINTS = {
    Kind.TEXT: "Contains, whatever the case",
    Kind.NUMBER: "A whole number",
    Kind.DURATION: "6h, 90 min or 1d 4h",
    Kind.DATETIME: "A time as 2026-11-21 19:05, or a day as 2026-11-21",
    Kind.DATE: DAY_HINT,
}
BOUNDS = {"min": "from", "max": "to"}
TIME_BOUNDS = {"min": "after", "max": "before"}


def head(groups: Sequence[HeaderGroup], cells: Sequence[FilterCell], path: str) -> SafeString:
    """The `<thead>`; `path` is that of the page, for links that work from anywhere."""
    first = "".join(upper(group, path) for group in groups)
    second = "".join(titled(each, path) for group in groups if group.label for each in group.headers)
    filters = "".join(filter_cell(cell) for cell in cells)
    return mark_safe(  # noqa: S308 - every part escapes what it holds
        f'<thead><tr class="head-1" hx-boost="true"><th scope="col" rowspan="2" class="number hold">'
        f'<abbr title="Row number">#</abbr></th>{first}</tr>\n<tr class="head-2" hx-boost="true">{second}</tr>\n'
        f'<tr class="head-3"><td class="number hold">{icon("filter", "Filters")}</td>{filters}</tr></thead>'
    )


def upper(group: HeaderGroup, path: str) -> str:
    """The upper header of adjoining columns, or a column that has none and spans both lines."""
    if not group.label:
        return titled(group.headers[0], path, single=True)
    label, span = escape(group.label), len(group.headers)
    return f'<th scope="colgroup" colspan="{span}" class="{group.css}" data-key="group-{label}">{label}</th>'


def titled(header: Header, path: str, *, single: bool = False) -> str:
    column = header.column
    attributes = ' rowspan="2"' if single else ""
    attributes += f' aria-sort="{header.direction}"' if header.direction else ""
    attributes += f' title="{escape(column.help_text)}"' if column.help_text else ""
    css = f"{header.css} single" if single else header.css
    return f'<th scope="col" class="{css}" data-key="head-{column.name}"{attributes}>{sort_link(header, path)}</th>'


def sort_link(header: Header, path: str) -> str:
    label = escape(header.column.label)
    if not header.link:
        return label
    of_group = f'<span class="visually-hidden">{escape(header.column.group)} </span>' if header.column.group else ""
    mark = ""
    if header.direction:
        mark = f' <span class="sorted">{header.place}{icon(header.direction, header.direction)}</span>'
    return (
        f'<a href="{escape(path + header.link)}" data-adding="{escape(path + header.adding)}" '
        f'title="Sort by {escape(header.column.title)}; with Shift as one more key">{of_group}{label}{mark}</a>'
    )


def filter_cell(cell: FilterCell) -> str:
    start = f'<td class="filter {cell.css}" data-key="filter-{cell.column.name}">'
    if not cell.inputs:
        return f"{start}</td>"
    kind = cell.column.kind
    two = " two" if len(cell.inputs) > 1 else ""
    inputs = "".join(choice(each) if each.choices else field(each, kind) for each in cell.inputs)
    return f'{start}<div class="filter-inputs{two} kind-{kind}">{inputs}</div></td>'


def field(given: FilterInput, kind: Kind) -> str:
    """An input of its column's kind; what is wrong with it stands under it."""
    bounds = TIME_BOUNDS if kind in (Kind.DATETIME, Kind.DATE) else BOUNDS
    exactly = f"; {EXACTLY[kind]} for exactly that" if given.part == "min" and kind in EXACTLY else ""
    attributes = f' title="{HINTS[kind]}{exactly}"'
    if kind is Kind.TEXT:
        attributes += ' type="search"'
    else:
        attributes += f' type="text" placeholder="{bounds.get(given.part, "")}"'
    if kind is Kind.NUMBER:
        attributes += ' inputmode="numeric"'
    if given.errors:
        attributes += f' aria-invalid="true" aria-describedby="error-{given.name}"'
    return (
        f'<input class="form-control{filled(given)}" id="filter-{given.name}" name="{given.name}" '
        f'value="{escape(given.value)}" aria-label="{escape(given.label)}" autocomplete="off" '
        f'spellcheck="false" maxlength="300"{attributes}>'
        f"{error(given)}"
    )


def choice(given: FilterInput) -> str:
    """A menu with a box for each word."""
    chosen = "".join(f"<span>{escape(label)}</span> " for value, label in given.choices if value in given.values)
    listed = boxes(given.name, ((value, label, value in given.values) for value, label in given.choices))
    label = escape(given.label)
    return (
        f'<details class="menu choices">'
        f'<summary class="form-select{filled(given)}" aria-label="{label}">{chosen}</summary>'
        f'<div class="menu-list">{listed}<noscript><button type="submit">Filter</button></noscript></div></details>'
        f"{error(given)}"
    )


def filled(given: FilterInput) -> str:
    return " filled" if given.value else ""


def error(given: FilterInput) -> str:
    if not given.errors:
        return ""
    return f'<span class="field-error" id="error-{given.name}" role="alert">{escape(given.errors[0])}</span>'
