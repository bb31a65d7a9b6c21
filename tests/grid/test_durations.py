from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.durations import DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=11, minutes=45), "11 d 45 min"),
        (timedelta(hours=6), "6 h"),
        (timedelta(days=1, hours=4, minutes=3, seconds=59), "1 d 4 h 3 min"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(0), "0 s"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_duration_reads_as_days_hours_and_minutes(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


def test_a_duration_is_never_negative() -> None:
    assert format_duration(timedelta(minutes=-3)) == "0 s"


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("6h", timedelta(hours=6)),
        ("36h", timedelta(hours=36)),
        ("1d 4h", timedelta(days=1, hours=4)),
        ("1d4h", timedelta(days=1, hours=4)),
        ("90 min", timedelta(minutes=90)),
        ("90m", timedelta(minutes=90)),
        (" 2 Weeks, 1 day ", timedelta(days=15)),
        ("1.5 h", timedelta(minutes=90)),
        ("1,5 h", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("0 min", timedelta(0)),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write 6h"),
        ("6", "Write 6h"),
        ("h", "Write 6h"),
        ("-6h", "Write 6h"),
        ("6h 5", "Write 6h"),
        ("6 fortnights", "'fortnights' is not a unit"),
        ("6h 2 hours", "names h twice"),
        ("999999999 d", "longer than 100 years"),
        ("٦h", "Write 6h"),
        ("6h\x00", "Write 6h"),
    ],
)
def test_what_is_not_a_duration_is_refused_with_what_would_be(text: str, says: str) -> None:
    with pytest.raises(DurationError, match=says):
        parse_duration(text)


@given(st.integers(0, 36_000 * 1_440))
def test_what_is_shown_can_be_typed_into_the_filter(minutes: int) -> None:
    duration = timedelta(minutes=minutes)

    assert parse_duration(format_duration(duration)) == duration


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(DurationError):
        assert parse_duration(text) >= timedelta(0)
