"""The sessions pages: Features: Realtime: Sessions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sessions_app.charts.figures import holders_figure
from sessions_app.charts.holders import holders
from sessions_app.charts.notes import HOLDER_COLUMNS, holder_rows, holders_note
from sessions_app.closing.offer import action_cell, group_offer, offers
from sessions_app.grid.grids import Page
from sessions_app.grid.pages import Reach, drill
from sessions_app.grid.rendering import ActionCells
from sessions_app.grid.sessions import SESSIONS
from sessions_app.grid.state import GridState
from sessions_app.views.parts import Report
from sessions_app.views.scoped import scoped_context


class RealtimeSessions(Report):
    """Who holds what, now or at a past time."""

    grid = SESSIONS
    url_name = "realtime-sessions"
    graph_title = "Realtime License Usage"
    template_name = "sessions/realtime.html"
    fragment_name = "grid/fragment.html"

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        context = super().context(request, state, reach)
        context |= scoped_context(self.url_name, state, whole=not request.htmx)
        return context | {"scope_label": state.scope.label if state.scope else ""}

    def graph(self, state: GridState) -> dict[str, Any]:
        """The licenses of each user, by the same filters as the grid."""
        held = holders(self.grid.restricted(state))
        return {
            "figure": holders_figure(held),
            "chart_note": holders_note(held),
            "chart_columns": HOLDER_COLUMNS,
            "chart_rows": holder_rows(held),
        }

    def actions(self, request: HttpRequest, state: GridState, page: Page) -> ActionCells:
        """The X of each row, which the past does not have."""
        if state.at is not None:
            return {}
        if aggregation := state.aggregation:
            addresses = [drill(state, aggregation, row).removeprefix("?") for row in page.rows]
            return {
                number: action_cell(group_offer(request.user, address), "the sessions of this row")
                for number, address in enumerate(addresses, page.first)
            }
        offered = offers(request.user, page.rows)
        return {
            row["id"]: action_cell(offered[row["id"]], f"the session of {row['user']} on {row['host']}")
            for row in page.rows
        }

    def more(self, request: HttpRequest, state: GridState) -> Any:
        aggregation = state.aggregation
        return (lambda row: request.path + drill(state, aggregation, row)) if aggregation else None
