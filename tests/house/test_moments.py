"""Times as people write them into a filter or an address."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.moments import MomentError, has_offset, parse_moment, write_moment

WARSAW = ZoneInfo("Europe/Warsaw")
SEVEN = datetime(2026, 11, 21, 18, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21 19:05", SEVEN),
        ("2026-11-21T19:05", SEVEN),
        ("2026-11-21 19", SEVEN.replace(minute=0)),
        ("2026-11-21 19:05:30", SEVEN.replace(second=30)),
        ("2026-11-21T18:05Z", SEVEN),
        ("2026-11-21T18:05+00:00", SEVEN),
        ("2026-11-21T13:05-05:00", SEVEN),
        ("2026-11-21", datetime(2026, 11, 20, 23, 0, tzinfo=UTC)),  # a day begins at midnight
        ("2026-07-21 19:05", datetime(2026, 7, 21, 17, 5, tzinfo=UTC)),
        ("1900-01-02", datetime(1900, 1, 1, 22, 36, tzinfo=UTC)),
        ("9998-12-31 23:59", datetime(9998, 12, 31, 22, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_of_the_viewers_zone_where_it_names_none(text: str, moment: datetime) -> None:
    assert parse_moment(text, WARSAW) == moment


@pytest.mark.parametrize(
    "text",
    ["", " ", "now", "2026-02-30", "2026-13-01", "2026-11-21 24:30", "2026-11-21 19:60", "21.11.2026", "11/21/2026",
     "2026-11-21 19:05 Warsaw", "2026-11-21T19:05+25:00", "2026-11-21\0", "\u202e2026-11-21"],
)  # fmt: skip
def test_what_is_no_time_is_told_with_two_that_are(text: str) -> None:
    with pytest.raises(MomentError) as raised:
        parse_moment(text, WARSAW)
    assert str(raised.value) == f"'{text}' is not a time. Write 2026-11-21 19:05 or 2026-11-21."


@pytest.mark.parametrize("text", ["1899-12-31", "0001-01-01", "9999-01-01", "9999-12-31T23:59:59-23:00"])
def test_a_year_out_of_range_is_told_with_the_range(text: str) -> None:
    with pytest.raises(MomentError) as raised:
        parse_moment(text, WARSAW)
    assert str(raised.value) == f"'{text}' is out of range. Choose a year from 1900 to 9998."


@given(st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31)), st.timezones())
def test_whatever_is_written_is_read_as_it_stands_in_its_zone(local: datetime, zone: ZoneInfo) -> None:
    local = local.replace(microsecond=0)
    found = parse_moment(f"{local:%Y-%m-%d %H:%M:%S}", zone)
    assert found == local.replace(tzinfo=zone).astimezone(UTC)
    assert found.tzinfo is UTC


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(MomentError):
        assert parse_moment(text, WARSAW).tzinfo is UTC


@given(st.datetimes(datetime(1900, 1, 2), datetime(9998, 12, 30)), st.timezones())
def test_whatever_is_written_of_a_time_is_read_as_that_time(moment: datetime, zone: ZoneInfo) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_moment(write_moment(moment, zone), zone) == moment


@pytest.mark.parametrize(
    ("hour", "written"),
    [
        (22, "2026-10-25 00:30"),
        (24, "2026-10-25 02:30+0200"),
        (25, "2026-10-25 02:30+0100"),
        (26, "2026-10-25 03:30"),
    ],
)
def test_only_the_hour_that_comes_twice_is_written_with_its_offset(hour: int, written: str) -> None:
    moment = datetime(2026, 10, 24, 0, 30, tzinfo=UTC) + timedelta(hours=hour)
    assert write_moment(moment, WARSAW) == written
    assert has_offset(written) == (hour in (24, 25))
