"""What a login chose for its grids is kept, and used where the URL says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import QueryDict

from groups_app.visibility import Login
from sessions_app.grid.state import GridState
from sessions_app.grid.state_reader import read_state
from sessions_app.models import GridPreference

KEPT = frozenset({"columns", "sort", "per_page"})
OF_GRID = frozenset({"per_page"})  # the same however its rows are added up


def rows_name(state: GridState) -> str:
    """Under which choices are kept: rows that are added up have columns and an order of their own."""
    return f"{state.grid.name} by {state.aggregation.name}" if state.aggregation else state.grid.name


def kept_under(login: Login, *names: str) -> dict[str, dict[str, str]]:
    """By these names, the parameters that `login` chose last."""
    found = GridPreference.objects.filter(grid__in=names, login_id=login.pk).values_list("grid", "choices")
    return {grid: {name: str(value) for name, value in kept.items() if name in KEPT} for grid, kept in found}


def kept_choices(state: GridState) -> dict[str, str]:
    """The parameters that its login chose last for rows as these."""
    grid, rows = state.grid.name, rows_name(state)
    kept = kept_under(state.user, grid, rows)
    of_grid = {name: value for name, value in kept.get(grid, {}).items() if name in OF_GRID}
    return of_grid | kept.get(rows, {})


def keep_choice(state: GridState, name: str) -> None:
    """Remember what this state says about `name`, beside what is kept already; a refused value is not kept."""
    if name not in KEPT or state.errors.keys() & {name, "group_by"}:
        return
    under = state.grid.name if name in OF_GRID else rows_name(state)
    choices = kept_under(state.user, under).get(under, {})
    choices.pop(name, None)
    if name in state.given:
        choices[name] = ",".join(state.given[name])
    GridPreference.objects.update_or_create(login_id=state.user.pk, grid=under, defaults={"choices": choices})


def standing_aside(state: GridState) -> set[str]:
    """Columns that were not to choose from, as one license server is looked at, and that are shown of several."""
    named = {name for text in state.given.get("columns", ()) for name in text.split(",")}
    if named:
        return state.aside & named
    return {name for name in state.aside if state.grid.shown_first(state.grid.columns[name], state.aggregation)}


def with_columns(state: GridState, chosen: Sequence[str]) -> str:
    """`chosen` of those to choose from, for a query string, with those that stand aside."""
    beside = standing_aside(state) if chosen else set()
    return ",".join([*(name for name in state.grid.columns if name in beside), *chosen])


def left_open(state: GridState) -> str:
    """As a query string, what this page shows of that which its login may choose and its address leaves open."""
    chosen = [column.name for column in state.columns if column.name not in state.grid.always]
    shown = {
        "sort": ",".join(map(str, state.sort)),
        "columns": with_columns(state, chosen),
        "per_page": str(state.per_page),
    }
    return urlencode({name: text for name, text in shown.items() if text and name not in state.given})


def forget_choices(state: GridState) -> None:
    """Those of rows as these, and what is the same for all of the grid; what only others look like stays."""
    kept = GridPreference.objects.filter(login_id=state.user.pk)
    kept.filter(grid=rows_name(state)).delete()
    for of_grid in kept.filter(grid=state.grid.name):
        of_grid.choices = {name: value for name, value in of_grid.choices.items() if name not in OF_GRID}
        of_grid.save(update_fields=["choices"])


def expanded(state: GridState) -> str:
    """The query string with the login's own choices where the URL says nothing of them; empty where there are none."""
    asked = KEPT - state.given.keys()
    kept = kept_choices(state) if asked and "group_by" not in state.errors else {}
    choices = {name: kept[name] for name in asked & kept.keys()}
    if not choices:
        return ""
    again = QueryDict(state.link(**choices).removeprefix("?"))
    wrong = read_state(state.grid, again, state.user, state.moment.now).errors
    choices = {name: choice for name, choice in choices.items() if name not in wrong}  # a column may be gone meanwhile
    return state.link(**choices, page=state.given.get("page")) if choices else ""
