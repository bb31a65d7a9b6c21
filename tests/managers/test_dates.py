from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licstats.managers.dates import Calendar, Careful, Expiry, read_expiry

WARSAW = ZoneInfo("Europe/Warsaw")


def calendar(text: str, zone: ZoneInfo = WARSAW) -> Calendar:
    return Calendar(datetime.fromisoformat(text).replace(tzinfo=zone), zone)


@pytest.mark.parametrize(
    ("report", "start", "expected"),
    [
        ("2026-03-18T11:00", "Wed 3/18 9:05", "2026-03-18T09:05"),
        ("2026-01-05T11:00", "Tue 12/30 9:05", "2025-12-30T09:05"),
        ("2025-12-31T23:59", "Thu 1/1 0:01", "2026-01-01T00:01"),  # the report's clock is behind
        ("2026-03-18T11:00", "Thu 3/19 10:59", "2026-03-19T10:59"),
        ("2026-03-18T11:00", "Thu 3/19 11:01", "2020-03-19T11:01"),  # more than 24 hours ahead
        ("2026-03-18T11:00", "Sat 2/29 8:00", "2020-02-29T08:00"),
        ("2026-03-18T11:00", "Tue 2/29 8:00", None),  # the last one was in 2000, too long ago
        ("2026-03-18T11:00", "Wed 13/1 8:00", None),
        ("2026-03-18T11:00", "Foo 3/18 8:00", None),
        ("2026-03-18T11:00", "Wed 3/18 24:00", None),
        ("2012-05-01T11:00", "Mon 4/11 8:00", "2011-04-11T08:00"),
        ("2026-03-18T11:00", "Wed 3/18/26 9:05", "2026-03-18T09:05"),
        ("2026-03-18T11:00", "Tue 3/18/2025 9:05:09", "2025-03-18T09:05:09"),
    ],
)
def test_the_year_is_the_newest_that_fits(report: str, start: str, expected: str | None) -> None:
    found = calendar(report).resolve(*start.split(" "))
    wanted = expected and datetime.fromisoformat(expected).replace(tzinfo=WARSAW).astimezone(UTC)
    assert found == wanted


def test_an_ambiguous_time_is_the_earlier_and_a_skipped_one_comes_after() -> None:
    assert calendar("2025-11-01T11:00").resolve("Sun", "10/26", "2:30") == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert calendar("2025-11-01T11:00").resolve("Sun", "3/30", "2:30") == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2030, 12, 31)),
    st.timedeltas(timedelta(minutes=-2900), timedelta(days=800)),
    st.sampled_from(["UTC", "Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_the_fast_and_the_careful_way_agree_with_a_search_over_years(
    report: datetime, age: timedelta, name: str
) -> None:
    zone = ZoneInfo(name)
    report = report.replace(second=0, microsecond=0, tzinfo=zone)
    start = (report.replace(tzinfo=None) - age).replace(second=0, microsecond=0)
    text = (f"{start:%a}", f"{start.month}/{start.day}", f"{start.hour}:{start:%M}")
    fitting = [
        start.replace(year=year)
        for year in range(report.year - 10, report.year + 2)
        if (start.month, start.day) != (2, 29) or year % 4 == 0
        if start.replace(year=year).weekday() == start.weekday()
        if start.replace(year=year) <= report.replace(tzinfo=None) + timedelta(days=1)
    ]
    expected = max(fitting).replace(tzinfo=zone).astimezone(UTC) if fitting else None
    one = Calendar(report, zone)
    assert one.resolve(*text) == expected
    with contextlib.suppress(Careful):
        assert one.days[f"{text[0]} {text[1]}"] + one.clocks[text[2]] == expected


def test_a_calendar_says_whether_a_later_report_reads_the_same() -> None:
    one = calendar("2026-03-18T11:00")
    assert one.days["Wed 3/18"] == datetime(2026, 3, 17, 23, 0, tzinfo=UTC)
    later = datetime(2026, 3, 18, 11, 1, tzinfo=WARSAW)
    assert one.moves_to(later)
    assert one.resolve("Fri", "3/20", "8:00") == datetime(2020, 3, 20, 7, 0, tzinfo=UTC)
    assert one.moves_to(later + timedelta(hours=1))
    assert not one.moves_to(later + timedelta(days=2))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15-dec-2022", Expiry(date(2022, 12, 15))),
        ("1-OCT-2022", Expiry(date(2022, 10, 1))),
        ("1-jan-0", Expiry(permanent=True)),
        ("01-jan-0000", Expiry(permanent=True)),
        ("1-jan-00", Expiry(permanent=True)),
        ("permanent", Expiry(permanent=True)),
        ("permanent(no expiration date)", Expiry(permanent=True)),
        ("31-feb-2022", None),
        ("1-foo-2022", None),
        ("soon", None),
    ],
)
def test_expiration_dates(text: str, expected: Expiry | None) -> None:
    assert read_expiry(text) == expected
