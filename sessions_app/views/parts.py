"""Reports whose graph and rows can be asked for alone: by the report's own graph, and by the dashboard's panes."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRefresh

from groups_app.scope import SCOPE_FIELDS
from licstats.live import VERSION_HEADER, mark, unchanged
from sessions_app.charts.periods import Period
from sessions_app.gaps import told
from sessions_app.grid.available import is_available
from sessions_app.grid.exports import exported
from sessions_app.grid.grids import Grid
from sessions_app.grid.pages import GridPage, Reach
from sessions_app.grid.people import GROUPS
from sessions_app.grid.rendering import body, header_groups
from sessions_app.grid.state import GridState
from sessions_app.grid.words import described, kept_words
from sessions_app.models.dashboard import Part
from sessions_app.servers import without_fresh_reading
from sessions_app.views.scoped import no_data_context

PART_HEADER = "X-Part"
TARGET_SUFFIX = "-data"
FIGURES = "figures"  # in the query string: the graph's figures as a table at once, for browsers without scripts
NOTHING: dict[str, Any] = {"data": [], "layout": {}}
ARRANGING = {"sort", "page", "per_page", "columns"}  # of rows; no graph looks at it, nor asks anew (chart.js)
READ_BY_THEN = timedelta(hours=1)
REFUSED = "There is no graph, because a choice could not be understood."


class Report(GridPage, ABC):
    """A grid page that answers with one part of itself where the header X-Part names it.

    The element that asks keeps its id: several panes of the same report stand on one dashboard.
    """

    fields_beside = True
    url_name: ClassVar[str]
    graph_title: ClassVar[str] = ""
    realtime: ClassVar[bool] = False  # whether it is about now, and so says where that is not known
    draws_curve: ClassVar[bool] = False  # whether its graph is one feature's usage, known up to the last reading

    @classmethod
    def grid_of(cls, params: QueryDict) -> Grid:
        """The grid that these parameters are about."""
        return cls.grid

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.grid = self.grid_of(request.GET)  # type: ignore[misc]  # a view lives for one request

    def get(self, request: HttpRequest, extension: str = "") -> HttpResponseBase:
        part = request.headers.get(PART_HEADER, "")
        if extension or part not in Part.values:
            response = super().get(request, extension)
        else:
            response = self.part(request, Part(part))
        patch_vary_headers(response, [PART_HEADER])
        return response

    def part(self, request: HttpRequest, part: Part) -> HttpResponse:
        now = timezone.now()
        reach = self.reach_of(request, now)
        if reach is not None and (answer := unchanged(request, reach.version, reach.read_at)):
            return answer
        state = self.state_of(request, now, reach)
        context = self.part_context(request, state, reach)
        if not context["follows"] and not is_available(state):
            return HttpResponseClientRefresh()  # the dashboard says so, and does not name it
        if part is Part.GRAPH and mistyped(state) and VERSION_HEADER in request.headers and context["follows"]:
            return HttpResponse(status=204)  # the grid says what is wrong; meanwhile the graph stays as it is
        if part is Part.GRAPH:
            context |= self.graph_or_reason(state, refusal(state, has_fields=bool(context["follows"])))
        elif not state.errors:
            state = replace(state, columns=tuple(exported(state)))  # without buttons, which a pane has none of
            page = self.grid.page(state, reach.version if reach else "")
            context |= {"page": page, "body": body(state, page), "header_groups": header_groups(state)}
            context |= {} if page.total else self.why_empty(state)
        template = "charts/figure.html" if context["follows"] else "dashboard/part.html"
        return mark(render(request, template, context), reach.read_at if reach else None)

    def depends_on(self, request: HttpRequest, scope: Any, reach: Reach, now: datetime) -> Sequence[object]:
        """The graph's own, where it is asked for: rows may stay as they are while a curve goes on until now.

        A group has a reading with nearly every question, and adding up its curve takes a while: each minute is enough.
        """
        if not self.draws_curve or request.headers.get(PART_HEADER) != Part.GRAPH:
            return super().depends_on(request, scope, reach, now)
        if not scope.one_feature or over(scope, reach.read_at):
            return []
        return [f"{now:%H:%M}"] if scope.group else [reach.read_at, f"{now:%H:%M}"]

    def part_context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        target = request.headers.get("HX-Target", "").removesuffix(TARGET_SUFFIX)
        follows = self.grid.name if target.startswith(f"{self.grid.name}-") else ""
        read_at = reach.read_at if reach else None
        no_data = no_data_context(state)["no_data"] if self.realtime and not follows else ""
        return {
            "chart_id": target or self.grid.name,
            "chart_title": self.graph_title,
            "address": request.get_full_path(),
            "version": reach.version if reach else "",
            "live": "at" not in state.given,
            "read_at": read_at,
            "read_interval": None,
            "follows": follows,
            "state": state,
            "described": described(state),
            "chart_no_data": no_data,
            "not_known": [*filter(None, [no_data]), *told(state.gaps)],
            "grid": self.grid,
            **({} if over(state.scope, read_at) else freshness(state, reach)),
        }

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        """With an empty graph that asks for its figure once the page stands; with none where a choice is wrong."""
        context = super().context(request, state, reach)
        page = context["page"]
        address = reverse(self.url_name) + state.here
        chart_id = f"{self.grid.name}-graph"
        return context | {
            **self.graph_at_once(request, state),
            **freshness(state, reach),
            **(self.why_empty(state) if page and not page.total else {}),
            "figures_address": f"{address}{'&' if state.here else '?'}{FIGURES}=1#{chart_id}{TARGET_SUFFIX}",
            "report": self.url_name,
            "query": state.here.removeprefix("?"),
            "chart_id": chart_id,
            "chart_title": self.graph_title,
            "picture_name": ", ".join(filter(None, [self.graph_title, *kept_words(state)])),
            "address": address,
            "follows": self.grid.name,
        }

    @abstractmethod
    def why_empty(self, state: GridState) -> dict[str, Any]:
        """What grid/empty.html wants where there are no rows: `empty_reason`, and where they help `unknown`,
        `memberless` and `empty_step` (an address, and what it shows)."""

    def graph_at_once(self, request: HttpRequest, state: GridState) -> dict[str, Any]:
        """What of the graph is on the page from the beginning: why there is none, or its figures as a table."""
        if graph_refused(state):
            return self.graph_or_reason(state, REFUSED)  # at its field the page says the rest
        return self.graph(state) | {"figure": ""} if FIGURES in request.GET else {}

    def graph_or_reason(self, state: GridState, reason: str) -> dict[str, Any]:
        """What charts/figure.html wants: a figure, or `reason` where there is none."""
        found = {"figure": NOTHING} | ({"chart_note": reason} if graph_refused(state) else self.graph(state))
        return found | {"figure": json.dumps(found["figure"])}

    def graph(self, state: GridState) -> dict[str, Any]:
        """`figure`, `chart_note`, `chart_columns`, `chart_rows` and `chart_rows_note` of charts/figure.html."""
        return {}


def over(scope: Any, read_at: datetime | None) -> bool:
    """Whether all that is to be known of its period has been read, of each license server."""
    period: Period | None = getattr(scope, "period", None)
    return period is not None and read_at is not None and period.end <= read_at - READ_BY_THEN


def freshness(state: GridState, reach: Reach | None) -> dict[str, Any]:
    """For the header of the rows: by which interval their age counts, or which of several license servers are old."""
    if reach is None:
        return {}
    scope = state.scope
    if scope.server:
        return {"read_interval": scope.server.interval}
    address = reverse("group", args=[scope.group.pk]) if scope.group else reverse("servers")
    return {
        "read_interval": None,
        "without_fresh_reading": without_fresh_reading(reach.unfresh, reach.expected),
        "servers_address": address,
    }


def graph_refused(state: GridState) -> bool:
    return not state.errors.keys() <= ARRANGING


def choice_refused(state: GridState) -> list[str]:
    """Why what was chosen from a list cannot be shown: it is gone, or it is not for this login any more."""
    return [message for name in (*SCOPE_FIELDS, *GROUPS) for message in state.errors.get(name, ())]


def mistyped(state: GridState) -> bool:
    """Whether only a value is wrong, which its reader is about to mend."""
    return graph_refused(state) and not choice_refused(state)


def refusal(state: GridState, *, has_fields: bool) -> str:
    """Why there is no graph; what is wrong with a value is said at its field, where the page has fields."""
    reasons = choice_refused(state)
    if not has_fields:
        reasons = [message for name, each in state.errors.items() if name not in ARRANGING for message in each]
    return " ".join(["There is no graph.", *reasons]) if reasons else REFUSED
