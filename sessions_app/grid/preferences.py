"""What a login chose for its grids is kept, and used where the URL says nothing."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import QueryDict

from groups_app.visibility import Login
from sessions_app.grid.state import GridState
from sessions_app.models import GridPreference

KEPT = frozenset({"columns", "sort", "per_page"})
OF_AGGREGATED = frozenset({"per_page"})  # the order and the columns of aggregated rows are another grid's


def kept_choices(grid: str, login: Login) -> dict[str, str]:
    """The parameters that `login` chose last for `grid`."""
    found = GridPreference.objects.filter(grid=grid, login_id=login.pk).values_list("choices", flat=True).first()
    return {name: str(value) for name, value in (found or {}).items() if name in KEPT}


def concerned(state: GridState) -> frozenset[str]:
    """What of it is kept and used for the rows of this state."""
    return OF_AGGREGATED if "group_by" in state.given else KEPT


def keep_choice(state: GridState, name: str) -> None:
    """Remember what this state says about `name`, beside what is kept already; a refused value is not kept."""
    if name not in concerned(state) or name in state.errors:
        return
    choices = kept_choices(state.grid.name, state.user)
    choices.pop(name, None)
    if name in state.given:
        choices[name] = ",".join(state.given[name])
    GridPreference.objects.update_or_create(login_id=state.user.pk, grid=state.grid.name, defaults={"choices": choices})


def forget_choices(grid: str, login: Login) -> None:
    GridPreference.objects.filter(grid=grid, login_id=login.pk).delete()


def expanded(state: GridState, params: QueryDict) -> str:
    """The query string with the login's own choices where the URL says nothing of them; empty where there are none.

    What of `params` says nothing to the grid, such as figures=1, goes along: it may say something to the page.
    """
    asked = concerned(state) - state.given.keys()
    kept = kept_choices(state.grid.name, state.user) if asked else {}
    choices = {name: kept[name] for name in asked & kept.keys()}
    if not choices:
        return ""
    again = QueryDict(state.link(**choices).removeprefix("?"))
    wrong = GridState.read(state.grid, again, state.user, state.moment.now).errors
    choices = {name: choice for name, choice in choices.items() if name not in wrong}  # a column may be gone meanwhile
    if not choices:
        return ""
    link = state.link(**choices, page=state.given.get("page"))
    beside = urlencode([(name, text) for name in state.unknown for text in params.getlist(name)])
    return f"{link}&{beside}" if link and beside else link
