"""The period of a history report."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.charts.periods import Period, PeriodError

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 18, 23, 30, tzinfo=UTC)  # already Thursday in Warsaw


def read(**params: str) -> Period:
    return Period.read(params, NOW, WARSAW)


@pytest.mark.parametrize(
    ("question", "during", "covered"),
    [
        ({"period": "today"}, "today", "2026-03-19"),
        ({"period": "last-month"}, "last month", "2026-02-01 to 2026-02-28"),
        ({"from": "2026-03-01", "to": "2026-03-02"}, "from 2026-03-01 00:00 to 2026-03-02 00:00", "2026-03-01"),
        (
            {"from": "2026-03-01T08:00", "to": "2026-03-02"},
            "from 2026-03-01 08:00 to 2026-03-02 00:00",
            "2026-03-01 08:00 to 2026-03-02 00:00",
        ),
    ],
)
def test_a_period_is_told_by_its_name_and_by_the_days_that_it_covers(question, during, covered):
    period = read(**question)
    assert (period.during(), period.covered) == (during, covered)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("today", "2026-03-19", "2026-03-20"),
        ("yesterday", "2026-03-18", "2026-03-19"),
        ("week", "2026-03-16", "2026-03-20"),
        ("last-week", "2026-03-09", "2026-03-16"),
        ("month", "2026-03-01", "2026-03-20"),
        ("last-month", "2026-02-01", "2026-03-01"),
        ("quarter", "2026-01-01", "2026-03-20"),
        ("last-quarter", "2025-10-01", "2026-01-01"),
        ("year", "2026-01-01", "2026-03-20"),
        ("last-year", "2025-01-01", "2026-01-01"),
    ],
)
def test_a_named_period_follows_the_calendar_of_the_viewers_zone(name, start, end):
    period = read(period=name)
    assert (f"{period.start:%Y-%m-%d %H:%M}", f"{period.end:%Y-%m-%d %H:%M}") == (f"{start} 00:00", f"{end} 00:00")
    assert period.start.tzinfo is WARSAW


def test_without_a_choice_it_is_this_week():
    assert read().name == "week"


def test_a_custom_period_is_in_the_viewers_zone():
    period = read(**{"from": "2026-01-01T08:00", "to": "2026-01-02T08:00"})
    assert period.start == datetime(2026, 1, 1, 7, 0, tzinfo=UTC)


def test_a_custom_period_of_another_zone_is_told_in_the_viewers():
    period = read(**{"from": "2026-01-01T00:00-23:59", "to": "2026-01-03T00:00Z"})
    assert period.during() == "from 2026-01-02 00:59 to 2026-01-03 01:00"


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({"period": "fortnight"}, "period", "'fortnight' is not a period"),
        ({"period": "custom", "from": "soon"}, "from", "'soon' is not a time"),
        ({"period": "custom"}, "from", "is not a time"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to", "ends before it begins"),
        ({"from": "1970-01-01", "to": "2026-01-01"}, "from", "ten years"),
        ({"from": "0001-01-01T00:00+14:00", "to": "0002-01-01"}, "from", "a year from 1900 to 9998"),
        ({"from": "9998-01-01", "to": "9999-12-31T23:59-12:00"}, "to", "a year from 1900 to 9998"),
    ],
)
def test_a_wrong_period_is_refused_at_its_field(params, field, words):
    with pytest.raises(PeriodError, match=words) as refused:
        read(**params)
    assert refused.value.field == field


def test_a_period_goes_forward_through_the_hour_that_comes_twice():
    period = read(**{"from": "2026-10-25T02:30+02:00", "to": "2026-10-25T02:15+01:00"})
    assert period.start.isoformat() == "2026-10-25T02:30:00+02:00"
    assert period.end.isoformat() == "2026-10-25T02:15:00+01:00"


def test_a_period_that_goes_back_through_the_hour_that_comes_twice_is_refused():
    with pytest.raises(PeriodError, match="ends before it begins"):
        read(**{"from": "2026-10-25T02:15+01:00", "to": "2026-10-25T02:30+02:00"})


def test_a_period_without_any_time_in_it_is_refused():
    with pytest.raises(PeriodError, match="ends before it begins"):
        read(**{"from": "2026-03-01T08:00", "to": "2026-03-01T08:00"})


def test_ten_years_are_shown_and_not_a_day_more():
    assert read(**{"from": "2016-03-01", "to": "2026-03-09"}).name == "custom"
    with pytest.raises(PeriodError, match="ten years"):
        read(**{"from": "2016-03-01", "to": "2026-03-10"})


def test_a_day_whose_midnight_comes_twice_begins_with_the_first():
    havana = ZoneInfo("America/Havana")  # at one o'clock of this day clocks go back to midnight
    now = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    period = Period.read({"period": "today"}, now, havana)
    assert now.astimezone(havana).fold == 1
    assert period.start.astimezone(UTC) == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert period.end - period.start == timedelta(days=1)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(("Europe/Warsaw", "America/Havana", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Apia")),
)
def test_a_past_period_ends_where_the_present_one_begins(now, name):
    zone = ZoneInfo(name)
    for past, present in {
        "yesterday": "today",
        "last-week": "week",
        "last-month": "month",
        "last-quarter": "quarter",
        "last-year": "year",
    }.items():
        before, here = (Period.read({"period": each}, now, zone) for each in (past, present))
        assert before.start < before.end == here.start <= now < here.end
        assert {before.start.time(), here.start.time(), here.end.time()} == {time()}


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_is_in_its_quarter(month):
    first = {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7, 10: 10, 11: 10, 12: 10}[month]
    period = Period.read({"period": "quarter"}, datetime(2026, month, 15, 12, tzinfo=UTC), WARSAW)
    assert (period.start.month, period.start.day) == (first, 1)
