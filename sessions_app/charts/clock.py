"""By which clock a graph tells its times: Plotly draws them as a clock on the wall shows them, and knows no zones."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sessions_app.charts.curve import Curve

DAY = timedelta(days=1)
UNIVERSAL = ZoneInfo("UTC")


def clock_of(curve: Curve, zone: ZoneInfo) -> ZoneInfo:
    """`zone`, or UTC where an hour of the period comes twice there: by that clock the curve would run back."""
    return UNIVERSAL if _is_set_back(curve, zone) else zone


def _is_set_back(curve: Curve, zone: ZoneInfo) -> bool:
    days = (curve.end - curve.start) // DAY
    moments = [*(curve.start + day * DAY for day in range(days + 1)), curve.end]
    offsets = [moment.astimezone(zone).utcoffset() or timedelta() for moment in moments]
    return any(later < earlier for earlier, later in pairwise(offsets))
