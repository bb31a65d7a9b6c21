"""The dashboard: the start page of a login, with the panes that it pinned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from licstats.live import VERSION_HEADER, mark, unchanged
from licstats.moments import minute_anywhere
from sessions_app.grid.available import is_available
from sessions_app.grid.pages import is_fragment
from sessions_app.grid.state import GridState
from sessions_app.grid.state_reader import read_state
from sessions_app.grid.words import described
from sessions_app.models.dashboard import DashboardFull, DashboardPane, Part, Width
from sessions_app.views.history import HistorySessions, HistoryUsage
from sessions_app.views.parts import TARGET_SUFFIX, Report
from sessions_app.views.sessions import RealtimeSessions, UserSessions
from sessions_app.views.usage import RealtimeUsage

REPORTS: dict[str, type[Report]] = {
    report.url_name: report for report in (RealtimeSessions, RealtimeUsage, UserSessions, HistorySessions, HistoryUsage)
}
STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True)
class ShownPane:
    """A pane as the login may see it, and the past time of its rows. Not `available`: what it showed is not there for
    this login any more.

    Its title may name what is hidden now; `stand_in` is shown instead, with a number, as several may be alike.
    """

    pane: DashboardPane
    address: str
    available: bool
    stand_in: str
    at: datetime | None = None
    number: int = 0

    @property
    def title(self) -> str:
        if self.available:
            return self.pane.title
        return f"Not available {self.number}: {self.stand_in}" if self.number else f"Not available: {self.stand_in}"

    @property
    def id(self) -> str:
        return f"pane-{self.pane.pk}"

    @property
    def data_id(self) -> str:
        return f"{self.id}{TARGET_SUFFIX}"

    @property
    def is_graph(self) -> bool:
        return self.pane.part == Part.GRAPH


@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """The panes; one that is open, and asks whether others are available by now, loads again where they are."""
    panes = [shown(pane, request) for pane in DashboardPane.objects.filter(login=request.user.pk)]
    version = ",".join(str(each.pane.pk) for each in panes if not each.available)
    if VERSION_HEADER in request.headers:
        return unchanged(request, version) or HttpResponseClientRefresh()
    context = {"panes": list(numbered(panes)), "version": version, "widths": Width.choices}
    return mark(render(request, "dashboard/dashboard.html", context))


def shown(pane: DashboardPane, request: HttpRequest) -> ShownPane:
    report = REPORTS[pane.report]
    state = state_of(request, report, pane.query)
    stand_in = report.graph_title if pane.part == Part.GRAPH else state.grid.title
    return ShownPane(pane, f"{reverse(pane.report)}?{pane.query}", is_available(state), stand_in, state.at)


def numbered(panes: list[ShownPane]) -> Iterator[ShownPane]:
    """Those that are not available have a number, in their order."""
    numbers = count(1)
    for pane in panes:
        yield pane if pane.available else replace(pane, number=next(numbers))


def state_of(request: HttpRequest, report: type[Report], query: str) -> GridState:
    params = QueryDict(query)
    return read_state(report.grid_of(params), params, request.user, timezone.now())


@require_POST
def pin(request: HttpRequest) -> HttpResponse:
    """Put a pane of a report on the dashboard: `report`, `part`, `title`, and the report's `query` as it stands."""
    report = REPORTS.get(request.POST.get("report", ""))
    part = request.POST.get("part", "")
    if report is None or part not in Part.values or (part == Part.GRAPH and not report.graph_title):
        raise Http404("There is no such pane to pin.")
    query = request.POST.get("query", "").removeprefix("?")
    state = state_of(request, report, query)
    if state.errors or state.unknown:
        messages.error(request, "It was not pinned: a choice on the page could not be understood. It is marked there.")
    else:
        put_up(request, state, report, part)
    return HttpResponseRedirect(f"{reverse(report.url_name)}?{query}")


def put_up(request: HttpRequest, state: GridState, report: type[Report], part: str) -> None:
    """Pins what the state shows, and says so; what is on the dashboard already is not pinned again."""
    sums = part == Part.GRID or state.filters.sums_asked()  # of a graph they only say who is drawn
    drawn = state if sums else replace(state, aggregation=None)
    title = f"{written_title(request) or state.grid.title}: {described(drawn, minute_anywhere)}"
    what = {"report": report.url_name, "part": part, "query": state.link().removeprefix("?")}
    try:
        pane, is_new = DashboardPane.pin(request.user.pk or 0, title=title, **what)
    except DashboardFull as full:
        messages.error(request, str(full))
        return
    words = "'{}' is on your dashboard{}. <a href='{}#pane-{}'>Show it there</a>"
    already = "" if is_new else " already"
    messages.success(request, format_html(words, pane.title, already, reverse("dashboard"), pane.pk))


def written_title(request: HttpRequest) -> str:
    """PostgreSQL takes no NUL in a text."""
    return request.POST.get("title", "").replace("\0", "").strip()


@require_POST
def change_pane(request: HttpRequest, pk: int) -> HttpResponse:
    """`action`: move (with `place` or `step`), rename (with `title`), resize (with `width`), remove; one's own only.

    Afterwards the dashboard is shown with the focus where it was: on the pane's menu.
    """
    pane = get_object_or_404(DashboardPane, pk=pk, login=request.user.pk)
    actions: dict[str, Any] = {"move": move, "rename": rename, "resize": resize, "remove": remove}
    action = actions.get(request.POST.get("action", ""))
    if action is None:
        raise Http404("A pane can be moved, renamed, resized and removed.")
    action(request, pane)
    if is_fragment(request):
        return HttpResponse(status=204)
    menu = f"#pane-{pk}-menu" if action is not remove else ""
    return HttpResponseRedirect(reverse("dashboard") + menu)


def move(request: HttpRequest, pane: DashboardPane) -> None:
    """By `step` from wherever it is, so that it is right after others were dragged; or to `place`."""
    place, step = request.POST.get("place", ""), request.POST.get("step", "")
    if step in STEPS:
        pane.move_by(STEPS[step])
    elif place.isascii() and place.isdigit() and len(place) < 6:
        pane.move_to(int(place))


def rename(request: HttpRequest, pane: DashboardPane) -> None:
    title = written_title(request)
    if not title:
        messages.error(request, f"'{shown(pane, request).title}' keeps its name: a pane has to have one.")
        return
    pane.title = title[:120]
    pane.save(update_fields=["title"])


def resize(request: HttpRequest, pane: DashboardPane) -> None:
    width = request.POST.get("width", "")
    if width in Width.values:
        pane.width = width
        pane.save(update_fields=["width"])


def remove(request: HttpRequest, pane: DashboardPane) -> None:
    title = shown(pane, request).title
    pane.remove()
    messages.success(request, f"'{title}' is off your dashboard; its report is where it was.")
