"""Where a date or a time is just allowed, and where it is no longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.managers.dates import Careful, Expiry, local_time, read_expiry
from tests.managers.test_dates import WARSAW, calendar


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1-jan-1", Expiry(date(2001, 1, 1))),
        ("1-jan-22", Expiry(date(2022, 1, 1))),
        ("1-jan-99", Expiry(date(2099, 1, 1))),
        ("1-jan-100", Expiry(date(100, 1, 1))),
        ("31-dec-9999", Expiry(date(9999, 12, 31))),
        ("29-feb-2024", Expiry(date(2024, 2, 29))),
        ("29-feb-2023", None),
        ("0-jan-2024", None),
        ("31-foo-0", Expiry(permanent=True)),  # year 0 is never, whatever stands before it
        ("LIFETIME", Expiry(permanent=True)),
        ("permanently", None),
        (" 1-jan-2024", None),
        ("1-jan-2024 ", None),
        ("1-jan-20240", None),
        ("", None),
    ],
)
def test_years_of_expiration_dates(text: str, expected: Expiry | None) -> None:
    assert read_expiry(text) == expected


@given(st.dates(date(2001, 1, 1), date(9999, 12, 31)))
def test_a_day_that_lmstat_prints_is_that_day(day: date) -> None:
    month = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")[day.month - 1]
    for text in (f"{day.day}-{month}-{day.year}", f"{day.day:02}-{month.title()}-{day.year}"):
        assert read_expiry(text) == Expiry(day)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("0:00", (0, 0, 0)),
        ("23:59", (23, 59, 0)),
        ("23:59:59", (23, 59, 59)),
        ("24:00", None),
        ("23:60", None),
        ("23:59:60", None),
    ],
)
def test_times_of_a_day(clock: str, expected: tuple[int, int, int] | None) -> None:
    found = calendar("2026-03-19T11:00").resolve("Wed", "3/18", clock)
    wanted = expected and datetime(2026, 3, 18, *expected, tzinfo=WARSAW).astimezone(UTC)
    assert found == wanted


def test_the_fast_way_takes_the_same_times_of_a_day() -> None:
    clocks = calendar("2026-03-18T11:00").clocks
    assert (clocks["0:00"], clocks["23:59"]) == (timedelta(0), timedelta(hours=23, minutes=59))
    for text in ("24:00", "23:60", "99:00"):
        with pytest.raises(Careful):
            _ = clocks[text]


def test_a_time_24_hours_after_the_report_still_fits_and_a_second_more_does_not() -> None:
    report = calendar("2026-03-18T11:00")
    assert report.resolve("Thu", "3/19", "11:00") == datetime(2026, 3, 19, 10, 0, tzinfo=UTC)
    assert report.resolve("Thu", "3/19", "11:00:01") == datetime(2020, 3, 19, 10, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "found"),
    [("3/18/26", 2026), ("3/18/1980", 1980), ("3/18/2199", 2199), ("3/18/1979", None), ("3/18/2200", None)],
)
def test_a_year_that_is_printed_counts_where_it_is_plausible(day: str, found: int | None) -> None:
    moment = calendar("2026-03-18T11:00").resolve("Wed", day, "9:05")
    assert (moment and moment.year) == found


@pytest.mark.parametrize(("report", "year"), [("2026-03-18T11:00", 2016), ("2027-03-18T11:00", None)])
def test_a_day_may_be_ten_years_back_and_no_longer(report: str, year: int | None) -> None:
    found = calendar(report).resolve("Mon", "2/29", "8:00")
    assert (found and found.year) == year


@pytest.mark.parametrize(("back", "old"), [(365, False), (366, True)])
def test_a_day_is_old_after_365_days(back: int, old: bool) -> None:
    report = calendar("2026-03-18T11:00")
    assert report.is_old(date(2026, 3, 18) - timedelta(days=back)) is old


def test_a_time_that_is_there_twice_is_the_one_nearest_to_our_clock() -> None:
    day, earlier, later = (
        date(2025, 10, 26),
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    )
    assert local_time(day, 2, 30, 0, WARSAW) == earlier
    assert local_time(day, 2, 30, 0, WARSAW, near=earlier - timedelta(hours=9)) == earlier
    assert local_time(day, 2, 30, 0, WARSAW, near=later + timedelta(minutes=1)) == later
    assert local_time(day, 3, 30, 0, WARSAW, near=earlier) == datetime(2025, 10, 26, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", ["3/29", "10/25"])
def test_the_day_that_the_clocks_change_is_read_with_care(day: str) -> None:
    with pytest.raises(Careful):
        _ = calendar("2026-11-18T11:00").days[f"Sun {day}"]


@pytest.mark.parametrize("report", ["2027-03-19T11:00", "2026-03-16T11:00"])  # it has grown old; it is to come yet
def test_what_another_report_reads_otherwise_is_not_kept(report: str) -> None:
    first = calendar("2026-03-18T11:00")
    assert first.resolve("Tue", "3/17", "8:00")
    assert not first.moves_to(datetime.fromisoformat(report).replace(tzinfo=WARSAW))


def test_what_fits_no_year_fits_none_a_day_later() -> None:
    report = calendar("2026-03-18T11:00")
    assert report.resolve("Foo", "3/17", "8:00") is None
    assert report.moves_to(datetime(2026, 3, 19, 11, 0, tzinfo=WARSAW))


def test_the_zone_decides_which_day_the_report_is_of() -> None:
    moment = datetime(2026, 3, 18, 23, 30, tzinfo=UTC)
    assert calendar("2026-03-18T23:30", ZoneInfo("UTC")).today == date(2026, 3, 18)
    assert calendar(moment.astimezone(WARSAW).replace(tzinfo=None).isoformat()).today == date(2026, 3, 19)
