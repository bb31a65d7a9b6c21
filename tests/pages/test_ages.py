from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.ages import Age, format_ago, format_interval
from licstats.durations import parse_duration

NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

intervals = st.integers(5, 86_400).map(lambda seconds: timedelta(seconds=seconds))
elapsed = st.integers(0, 10_000_000).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), Age.FRESH),
        (2 * MINUTE, Age.FRESH),
        (2 * MINUTE + timedelta(seconds=1), Age.LATE),
        (5 * MINUTE, Age.LATE),
        (5 * MINUTE + timedelta(seconds=1), Age.STALE),
        (timedelta(days=400), Age.STALE),
    ],
)
def test_an_age_is_fresh_for_two_intervals_and_late_for_five(age: timedelta, expected: Age) -> None:
    assert Age.of(NOW - age, MINUTE, NOW) is expected


def test_a_server_that_was_never_read_has_no_age() -> None:
    assert Age.of(None, MINUTE, NOW) is Age.NEVER


def test_a_reading_from_the_future_is_fresh() -> None:
    assert Age.of(NOW + timedelta(hours=3), MINUTE, NOW) is Age.FRESH


@given(interval=intervals, elapsed=elapsed)
def test_the_age_depends_only_on_how_many_intervals_went_by(interval: timedelta, elapsed: timedelta) -> None:
    intervals_ago = elapsed / interval
    expected = Age.FRESH if intervals_ago <= 2 else Age.LATE if intervals_ago <= 5 else Age.STALE
    assert Age.of(NOW - elapsed, interval, NOW) is expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-7, "just now"),
        (4, "just now"),
        (12, "12 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (3_600, "1 h ago"),
        (86_399, "23 h ago"),
        (200_000, "2 d ago"),
    ],
)
def test_the_words_name_the_largest_unit_that_fits(seconds: int, words: str) -> None:
    assert format_ago(timedelta(seconds=seconds)) == words


@given(interval=intervals)
def test_an_interval_is_written_so_that_reading_it_gives_the_same(interval: timedelta) -> None:
    assert parse_duration(format_interval(interval)) == interval


def test_intervals_are_written_as_an_administrator_would() -> None:
    written = [format_interval(timedelta(seconds=seconds)) for seconds in (30, 60, 90, 300, 3_600, 7_200)]
    assert written == ["30 s", "60 s", "90 s", "5 min", "60 min", "2 h"]
