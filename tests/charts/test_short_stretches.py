"""What is drawn of a curve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from sessions_app.charts.curve import Curve, Figures, Step
from sessions_app.charts.figures import Figure, usage_figure
from sessions_app.polling.figures import A_MOMENT
from tests.factories import NOON

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NOTHING_ELSE = {"borrowed": 0, "reserved": 0, "queued": 0}


def known(used: int | None, total: int | None = 10) -> Figures:
    return Figures(used=used, total=total, **NOTHING_ELSE)


def drawn(*steps: tuple[timedelta, Figures | None], zone: str = "UTC") -> Figure:
    curve = Curve(NOON, NOON + DAY, [Step(NOON + after, figures) for after, figures in steps])
    return usage_figure(curve, ZoneInfo(zone))


def dotted(figure: Figure, name: str = "Used") -> Sequence[tuple[str, int]]:
    """Where a series has dots: time and value."""
    trace = next(trace for trace in figure["data"] if trace["name"] == name)
    sizes = trace["marker"]["size"] if "markers" in trace["mode"] else [0] * len(trace["x"])
    return [(x, y) for x, y, size in zip(trace["x"], trace["y"], sizes, strict=True) if size]


def test_a_single_reading_between_two_gaps_is_a_dot():
    hour = 60 * MINUTE
    alone = ((2 * hour, known(3)), (2 * hour + A_MOMENT, None))
    figure = drawn((timedelta(), known(2)), (hour, None), *alone, (5 * hour, known(4)), (6 * hour, None))
    assert dotted(figure) == [("2026-03-16T14:00:00", 3)]
    assert dotted(figure, "Total") == [("2026-03-16T14:00:00", 10)]


def test_a_line_that_can_be_seen_has_no_dots():
    figure = drawn((timedelta(), known(2)), (60 * MINUTE, None), (61 * MINUTE, None))
    assert [trace["mode"] for trace in figure["data"] if trace["name"] == "Used"] == ["lines"]


def test_a_stretch_too_short_for_a_line_that_can_be_seen_has_a_dot():
    figure = drawn((timedelta(), None), (MINUTE, known(2)), (2 * MINUTE, known(3)), (3 * MINUTE, None))
    assert dotted(figure) == [("2026-03-16T12:01:00", 2)]


def test_a_line_goes_on_until_in_use_is_not_known_any_more():
    figure = drawn((timedelta(), known(2)), (60 * MINUTE, known(None)), (90 * MINUTE, None))
    used = next(trace for trace in figure["data"] if trace["name"] == "Used")
    assert list(zip(used["x"], used["y"], strict=True))[:3] == [
        ("2026-03-16T12:00:00", 2),
        ("2026-03-16T13:00:00", 2),
        ("2026-03-16T13:00:00", None),
    ]
