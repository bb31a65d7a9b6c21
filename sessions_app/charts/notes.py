"""What a graph says in words: its note below it, and its figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groups_app.scope import Scope
from sessions_app.charts.curve import Curve
from sessions_app.charts.holders import Holders

MOST_ROWS = 500
CURVE_COLUMNS = ("Used", "Borrowed", "Reserved", "Queued", "Total")
HOLDER_COLUMNS = ("User", "Licenses", "of them borrowed")


def nobody_note(*, filtered: bool, past: bool) -> str:
    """Why nobody is drawn."""
    if filtered:
        return "No session fits the filters."
    return "Nobody held a license here then." if past else "Nobody holds a license here."


def holders_note(holders: Holders) -> str:
    """Who is drawn, and who is not."""
    if not holders.left_out:
        return ""
    return (
        f"The {len(holders.bars):,} users with the most licenses of {holders.users:,} are drawn; each of the "
        f"{holders.left_out:,} others holds {holders.smallest:,} at most. Filters of the grid narrow the graph as well."
    )


def holder_rows(holders: Holders) -> Sequence[Sequence[Any]]:
    return [(bar.name, f"{bar.used:,}", f"{bar.borrowed:,}") for bar in holders.bars]


def curve_note(curve: Curve, zone: ZoneInfo, clock: ZoneInfo) -> str:
    """What is not to be read off the line; `clock` tells its times, of which the viewer's `zone` has some twice."""
    if not curve.known:
        return "Nothing is known of this period."
    told = [f"The times are in UTC: in {zone.key} an hour of this period comes twice."] if clock != zone else []
    if curve.reduced:
        told.append("More changes than the graph has columns: each column shows the highest figure in it.")
    return " ".join(told)


def curve_columns(zone: ZoneInfo, clock: ZoneInfo) -> Sequence[str]:
    return ("From" if clock == zone else f"From ({clock.key})", *CURVE_COLUMNS)


def curve_rows(curve: Curve, clock: ZoneInfo, scope: Scope) -> Sequence[Sequence[Any]]:
    """The last steps of the curve, newest first; gaps in words. Each time leads to the sessions of `scope` then."""
    address = f"{reverse('realtime-sessions')}?{urlencode(scope.params())}"
    rows: list[Sequence[Any]] = []
    for step in reversed(curve.steps[-MOST_ROWS:]):
        at = f"{step.at.astimezone(clock):%Y-%m-%d %H:%M:%S}"
        figures = step.figures
        if figures is None:
            rows.append((at, "not known", "", "", "", ""))
            continue
        used = "unknown" if figures.used is None else f"{figures.used:,}"
        total = "unlimited" if figures.total is None else f"{figures.total:,}"
        others = (f"{figures.borrowed:,}", f"{figures.reserved:,}", f"{figures.queued:,}")
        rows.append((_sessions_at(step.at, at, address), used, *others, total))
    return rows


def _sessions_at(moment: datetime, shown: str, address: str) -> SafeString:
    at = quote(moment.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    return format_html('<a href="{}&at={}" aria-label="Sessions at {}">{}</a>', address, at, shown, shown)
