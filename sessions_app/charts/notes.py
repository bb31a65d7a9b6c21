"""What a graph says in words: its note below it, and its figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from sessions_app.charts.curve import Curve
from sessions_app.charts.holders import Holders

MOST_ROWS = 500
CURVE_COLUMNS = ("From", "Used", "Borrowed", "Reserved", "Queued", "Total")
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
    return [(bar.user, f"{bar.used:,}", f"{bar.borrowed:,}") for bar in holders.bars]


def curve_note(curve: Curve) -> str:
    """What is not to be read off the line."""
    if not curve.known:
        return "Nothing is known of this period."
    if curve.reduced:
        return "More changes than the graph has columns: each column shows the highest figure in it."
    return ""


def curve_rows(curve: Curve) -> Sequence[Sequence[Any]]:
    """The last steps of the curve, newest first; gaps in words."""
    rows: list[Sequence[Any]] = []
    for step in reversed(curve.steps[-MOST_ROWS:]):
        at = f"{timezone.localtime(step.at):%Y-%m-%d %H:%M:%S}"
        figures = step.figures
        if figures is None:
            rows.append((at, "not known", "", "", "", ""))
        else:
            used = "unknown" if figures.used is None else f"{figures.used:,}"
            total = "unlimited" if figures.total is None else f"{figures.total:,}"
            rows.append((at, used, f"{figures.borrowed:,}", f"{figures.reserved:,}", f"{figures.queued:,}", total))
    return rows
