"""What is drawn of a curve and of holders, against what each moment and each user is known to hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils.html import strip_tags
from hypothesis import given, settings
from hypothesis import strategies as st

from groups_app.scope import Scope
from sessions_app.charts.curve import Curve, Figures, Step
from sessions_app.charts.figures import FEW, FIRST_BARS, holders_figure, usage_figure
from sessions_app.charts.holders import Bar, Holders
from sessions_app.charts.notes import MOST_ROWS, curve_note, curve_rows, holder_rows, holders_note, nobody_note

NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UTC_ZONE = ZoneInfo("UTC")
EVERYTHING = Scope(AnonymousUser())
counts = st.integers(0, 12)
known = st.builds(Figures, st.none() | counts, counts, counts, counts, st.none() | counts)


def curve(*steps: tuple[int, Figures | None], minutes: int = 60, reduced: bool = False) -> Curve:
    """Steps at so many minutes after noon."""
    return Curve(NOON, NOON + minutes * MINUTE, [Step(NOON + at * MINUTE, each) for at, each in steps], reduced)


def traces(figure: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in figure["data"]}


def drawn(trace: dict[str, Any], at: datetime) -> int | None:
    """What a line of steps shows at one moment: the last of its points until then."""
    before = [y for x, y in zip(trace["x"], trace["y"], strict=True) if datetime.fromisoformat(x) <= at]
    return before[-1] if before else None


def wanted(name: str, figures: Figures | None) -> int | None:
    if figures is None:
        return None
    if name == "Available":
        if figures.total is None or figures.used is None:
            return None
        return figures.total - figures.used - figures.reserved + figures.apart
    value: int | None = getattr(figures, name.lower())
    return value


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 59), st.none() | known, min_size=1))
def test_each_line_shows_at_each_minute_what_was_known_then(steps: dict[int, Figures | None]) -> None:
    figure = usage_figure(curve(*sorted(steps.items())), UTC_ZONE)
    lines = traces(figure)
    totals = any(each is not None and each.total is not None for each in steps.values())
    assert lines.keys() == {"Used", "Borrowed", "Reserved", *(("Total", "Available") if totals else ())}
    for minute in range(60):
        stands = [steps[at] for at in sorted(steps) if at <= minute]
        moment = (NOON + minute * MINUTE).replace(tzinfo=None)
        for name, line in lines.items():
            assert drawn(line, moment) == wanted(name, stands[-1] if stands else None), (name, minute)


def test_a_line_is_drawn_to_the_moment_at_which_nothing_is_known_any_more() -> None:
    line = traces(usage_figure(curve((0, Figures(3, 0, 0, 0, 10)), (20, None), (30, None)), UTC_ZONE))["Used"]
    ends = [y for x, y in zip(line["x"], line["y"], strict=True) if x == "2026-03-16T12:20:00"]
    assert ends == [3, None]


def test_where_nothing_is_known_nothing_is_drawn_not_even_axes() -> None:
    for unknown in (curve(), curve((0, None)), curve((0, None), (20, None))):
        assert not any(list(line["x"]) for line in usage_figure(unknown, UTC_ZONE)["data"])


@pytest.mark.parametrize(("borrowed", "shown"), [(0, "legendonly"), (1, True)])
def test_what_was_never_borrowed_is_in_the_legend_alone(borrowed: int, shown: object) -> None:
    lines = traces(usage_figure(curve((0, Figures(3, borrowed, 0, 0, None))), UTC_ZONE))
    assert (lines["Used"]["visible"], lines["Borrowed"]["visible"]) == (True, shown)


def test_times_are_those_of_the_clock_on_the_viewers_wall() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    figure = usage_figure(curve((0, Figures(1, 0, 0, 0, 2))), zone, NOON + 5 * MINUTE)
    axis = figure["layout"]["xaxis"]
    assert traces(figure)["Used"]["x"][0] == "2026-03-16T17:30:00"
    assert list(axis["range"]) == ["2026-03-16T17:30:00", "2026-03-16T18:30:00"]
    assert axis["title"]["text"] == "Time (Asia/Kolkata)"
    (now,) = figure["layout"]["shapes"]
    assert now["x0"] == now["x1"] == "2026-03-16T17:35:00"


def test_where_no_moment_is_now_no_line_stands_at_it() -> None:
    assert not usage_figure(curve((0, None)), UTC_ZONE)["layout"].get("shapes")


@pytest.mark.parametrize(("most", "step"), [(0, 1), (FEW, 1), (FEW + 1, None)])
def test_there_are_no_marks_at_halves_of_licenses(most: int, step: int | None) -> None:
    figure = usage_figure(curve((0, Figures(most, 0, 0, 0, None))), UTC_ZONE)
    assert figure["layout"]["yaxis"].get("dtick") == step
    assert held(("ada", most, 0))["layout"]["yaxis"].get("dtick") == step


def held(*bars: tuple[str, int, int]) -> dict[str, Any]:
    return holders_figure(Holders([Bar(*each) for each in bars], len(bars)))


def test_a_bar_is_what_a_user_holds_and_says_how_much_of_how_much() -> None:
    figure = held(("ada", 5, 2), ("ben", 3, 0))
    lines = traces(figure)
    assert {name: list(line["y"]) for name, line in lines.items()} == {"Used": [3, 3], "Borrowed": [2, 0]}
    assert list(lines["Borrowed"]["customdata"]) == [5, 3]
    assert figure["layout"]["barmode"] == "stack"


def test_where_nothing_is_borrowed_the_legend_does_not_speak_of_it() -> None:
    assert traces(held(("ada", 5, 0))).keys() == {"Used"}


@pytest.mark.parametrize(
    ("users", "last", "slider"), [(1, 0.5, False), (2, 1.5, True), (FIRST_BARS + 9, FIRST_BARS - 0.5, True)]
)
def test_the_first_bars_are_in_sight_and_the_slider_leads_to_the_rest(users: int, last: float, slider: bool) -> None:
    axis = held(*((f"user{number}", 1, 0) for number in range(users)))["layout"]["xaxis"]
    assert list(axis["range"]) == [-0.5, last]
    assert axis["rangeslider"]["visible"] is slider


def noted(shown: Curve) -> str:
    return curve_note(shown, UTC_ZONE, UTC_ZONE)


@pytest.mark.parametrize(("users", "gap"), [(1, 11 / 12), (3, 0.75), (12, 0.2), (40, 0.2)])
def test_few_bars_are_no_wider_than_many(users: int, gap: float) -> None:
    assert held(*((f"user{number}", 1, 0) for number in range(users)))["layout"]["bargap"] == pytest.approx(gap)


class TestInWords:
    def test_steps_are_told_newest_first_by_the_clock_of_the_graph(self) -> None:
        shown = curve((0, Figures(1_234, 2, 3, 4, 5_678)), (1, None), (2, Figures(None, 0, 0, 0, None)))
        rows = curve_rows(shown, ZoneInfo("Asia/Kolkata"), EVERYTHING)
        assert [(strip_tags(at), *others) for at, *others in rows] == [
            ("2026-03-16 17:32:00", "unknown", "0", "0", "0", "unlimited"),
            ("2026-03-16 17:31:00", "not known", "", "", "", ""),
            ("2026-03-16 17:30:00", "1,234", "2", "3", "4", "5,678"),
        ]

    def test_each_time_at_which_something_is_known_leads_to_the_sessions_of_then(self) -> None:
        shown = curve((0, Figures(1, 0, 0, 0, 2)), (1, None))
        gap, step = curve_rows(shown, ZoneInfo("Asia/Kolkata"), EVERYTHING)
        assert gap[0] == "2026-03-16 17:31:00"
        assert "at=2026-03-16T12%3A00%3A00Z" in step[0]

    def test_of_very_many_steps_the_last_are_told(self) -> None:
        shown = curve(*((at, Figures(at, 0, 0, 0, None)) for at in range(MOST_ROWS + 7)))
        rows = curve_rows(shown, UTC_ZONE, EVERYTHING)
        assert (len(rows), rows[0][1], rows[-1][1]) == (MOST_ROWS, str(MOST_ROWS + 6), "7")

    def test_what_cannot_be_read_off_the_line_is_said(self) -> None:
        stands = (0, Figures(1, 0, 0, 0, 2))
        assert noted(curve(stands)) == ""
        assert noted(curve((0, None))) == noted(curve()) == "Nothing is known of this period."
        assert "each column shows the highest figure in it" in noted(curve(stands, reduced=True))

    def test_who_is_not_drawn_is_counted(self) -> None:
        some = Holders([Bar("ada", 5_000, 1_000), Bar("ben", 1_200, 0)], 2_002)
        assert "The 2 users with the most licenses of 2,002 are drawn" in holders_note(some)
        assert "each of the 2,000 others holds 1,200 at most" in holders_note(some)
        assert holders_note(Holders(some.bars, 2)) == ""
        assert holder_rows(some)[0] == ("ada", "5,000", "1,000")

    @pytest.mark.parametrize(
        ("filtered", "past", "words"),
        [
            (True, False, "No session fits the filters."),
            (True, True, "No session fits the filters."),
            (False, True, "Nobody held a license here then."),
            (False, False, "Nobody holds a license here."),
        ],
    )
    def test_why_nobody_is_drawn(self, filtered: bool, past: bool, words: str) -> None:
        assert nobody_note(filtered=filtered, past=past) == words
