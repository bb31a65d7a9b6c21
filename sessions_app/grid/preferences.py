"""What a login chose for its grids is kept, and used where the URL says nothing."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from groups_app.visibility import Login
from sessions_app.grid.state import GridState
from sessions_app.models import GridPreference

KEPT = frozenset({"columns", "sort", "per_page"})


def kept_choices(grid: str, login: Login) -> dict[str, str]:
    """The parameters that `login` chose last for `grid`."""
    found = GridPreference.objects.filter(grid=grid, login_id=login.pk).values_list("choices", flat=True).first()
    return {name: str(value) for name, value in (found or {}).items() if name in KEPT}


def keep_choices(state: GridState) -> None:
    """Remember what this state says about columns, order and page size; refused values are not kept."""
    if state.errors:
        return
    choices = {name: ",".join(state.given[name]) for name in KEPT if name in state.given}
    if state.aggregation is not None:  # its order and columns are another grid's
        choices = kept_choices(state.grid.name, state.user) | {
            name: choice for name, choice in choices.items() if name == "per_page"
        }
    GridPreference.objects.update_or_create(login_id=state.user.pk, grid=state.grid.name, defaults={"choices": choices})


def forget_choices(grid: str, login: Login) -> None:
    GridPreference.objects.filter(grid=grid, login_id=login.pk).delete()


def expanded(state: GridState) -> str:
    """The query string with the login's own choices, where the URL says nothing of them; else empty."""
    if any(name in state.given for name in (*KEPT, "group_by")):
        return ""
    choices: dict[str, Any] = kept_choices(state.grid.name, state.user)
    if not choices:
        return ""
    target = state.link(**choices)
    again = GridState.read(state.grid, QueryDict(target.removeprefix("?")), state.user, state.moment.now)
    return "" if again.errors.keys() & KEPT else target  # a column may be gone since it was chosen
