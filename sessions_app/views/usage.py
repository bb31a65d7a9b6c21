"""Features: Realtime: Usage: the totals of every feature, and the day of the one that is chosen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessions_app.grid.pages import Reach
from sessions_app.grid.state import GridState
from sessions_app.grid.usage import USAGE
from sessions_app.grid.words import feature_words, whose
from sessions_app.views.curves import curve_context
from sessions_app.views.parts import Report
from sessions_app.views.scoped import scoped_context, unknown_context


class RealtimeUsage(Report):
    """What is used, borrowed, reserved and left, feature by feature."""

    grid = USAGE
    url_name = "realtime-usage"
    realtime = True
    template_name = "usage/realtime.html"
    fragment_name = "grid/fragment.html"
    graph_title = "Feature Usage, today"
    draws_curve = True

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        context = super().context(request, state, reach)
        return context | scoped_context(self.url_name, state, realtime=self.realtime)

    def why_empty(self, state: GridState) -> dict[str, Any]:
        scope = state.scope
        reason = f"No feature{whose(scope)} is listed now."
        if scope.one_feature:
            reason = f"The feature {feature_words(scope)} of {scope.label} is not listed now."
        return unknown_context(state) | {"empty_reason": reason}

    def graph(self, state: GridState) -> dict[str, Any]:
        scope = state.scope
        if scope is None or not scope.one_feature:
            return {"chart_note": "Choose a feature to see its day."}
        now = timezone.localtime(state.moment.now)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return curve_context(scope, midnight, midnight + timedelta(days=1), now)
