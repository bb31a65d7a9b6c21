"""The sessions pages: Features: Realtime: Sessions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sessions_app.closing.offer import action_cell, group_offer, offers
from sessions_app.grid.grids import Page
from sessions_app.grid.pages import GridPage, Reach, drill
from sessions_app.grid.rendering import ActionCells
from sessions_app.grid.sessions import SESSIONS
from sessions_app.grid.state import GridState


class RealtimeSessions(GridPage):
    """Who holds what, now or at a past time."""

    grid = SESSIONS
    template_name = "sessions/realtime.html"

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        context = super().context(request, state, reach)
        return context | {"scope_label": state.scope.label if state.scope else ""}

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
