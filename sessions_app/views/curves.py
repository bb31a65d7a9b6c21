"""The graph of one feature's usage, for the reports that draw it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from groups_app.scope import Scope
from sessions_app.charts.clock import clock_of
from sessions_app.charts.curve import usage_curve
from sessions_app.charts.figures import usage_figure
from sessions_app.charts.notes import curve_columns, curve_note, curve_rows


def curve_context(scope: Scope, start: datetime, end: datetime, now: datetime | None = None) -> dict[str, Any]:
    """What charts/figure.html wants: the usage of the feature that `scope` chose, with a line at `now`."""
    curve = usage_curve(scope.features(), start, end, merged=scope.group is not None)
    zone = ZoneInfo(str(timezone.get_current_timezone()))
    clock = clock_of(curve, zone)
    return {
        "figure": usage_figure(curve, clock, now),
        "chart_note": curve_note(curve, zone, clock),
        "chart_columns": curve_columns(zone, clock),
        "chart_rows": curve_rows(curve, clock, scope),
        "chart_rows_note": "Each time leads to the sessions of that moment." if curve.known else "",
    }
