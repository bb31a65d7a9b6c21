"""The clock of a graph: the viewer's, but where an hour comes twice by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sessions_app.charts.clock import clock_of
from sessions_app.charts.curve import Curve, Figures, Step
from sessions_app.charts.figures import usage_figure

WARSAW = ZoneInfo("Europe/Warsaw")


def local(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=WARSAW).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "clock"),
    [
        (local(10, 25), local(10, 26), "UTC"),  # the day of 25 hours
        (local(10, 25), local(10, 25, 2).replace(minute=59), "Europe/Warsaw"),  # before the clocks go back
        (local(10, 25), datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "UTC"),  # they go back at its end
        (local(10, 25, 3), local(10, 26), "Europe/Warsaw"),  # after it
        (local(3, 29), local(3, 30), "Europe/Warsaw"),  # the day of 23 hours has no hour twice
        (local(1, 1), local(12, 31), "UTC"),
    ],
)
def test_a_period_with_an_hour_that_comes_twice_is_drawn_in_utc(start: datetime, end: datetime, clock: str) -> None:
    assert clock_of(Curve(start, end), WARSAW).key == clock
    assert clock_of(Curve(start, end), ZoneInfo("UTC")).key == "UTC"


def test_no_curve_runs_back_on_the_day_of_25_hours() -> None:
    start, end = local(10, 25), local(10, 26)
    steps = [Step(start + hour * timedelta(hours=1), Figures(hour, 0, 0, 0, 30)) for hour in range(25)]
    curve = Curve(start, end, [*steps, Step(end, None)])

    figure = usage_figure(curve, clock_of(curve, WARSAW))

    times = list(figure["data"][0]["x"])
    assert times == sorted(times)
    assert len(set(times)) == 26  # each hour in its own place
    assert figure["layout"]["xaxis"]["title"]["text"] == "Time (UTC)"
    assert figure["layout"]["xaxis"]["range"] == ["2026-10-24T22:00:00", "2026-10-25T23:00:00"]
