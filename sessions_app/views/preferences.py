"""What a login chose for a grid: kept, or forgotten."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from sessions_app.closing.history import CLOSES
from sessions_app.grid import preferences
from sessions_app.grid.features import FEATURES
from sessions_app.grid.grids import Grid
from sessions_app.grid.history import HISTORY
from sessions_app.grid.intervals import INTERVALS
from sessions_app.grid.sessions import SESSIONS, USER_SESSIONS
from sessions_app.grid.state_reader import read_state
from sessions_app.grid.usage import USAGE

GRIDS: dict[str, Grid] = {
    grid.name: grid for grid in (SESSIONS, USER_SESSIONS, USAGE, HISTORY, INTERVALS, FEATURES, CLOSES)
}


@require_POST
def grid_preferences(request: HttpRequest, name: str) -> HttpResponse:
    """The column menu's form: `column` (several) with `keep`, or `forget`; `path` and `query` say where it stood."""
    grid = GRIDS.get(name)
    if grid is None:
        raise Http404(f"There is no grid '{name}'.")
    path = request.POST.get("path", "/")
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        path = "/"
    params = QueryDict(request.POST.get("query", "").removeprefix("?"))
    state = read_state(grid, params, request.user, timezone.now())
    if "forget" in request.POST:
        preferences.forget_choices(state)
        return HttpResponseRedirect(path + state.link_without(preferences.KEPT))
    chosen = [name for name in request.POST.getlist("column") if name in grid.columns]
    target = state.link(columns=preferences.with_columns(state, chosen))
    state = read_state(grid, QueryDict(target.removeprefix("?")), request.user, timezone.now())
    preferences.keep_choice(state, "columns")
    return HttpResponseRedirect(path + target)
