from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from licstats.models import Feature
from sessions_app import usage
from sessions_app.models import UsageDay, UsageHour
from tests.factories import FeatureFactory, LicenseServerFactory, UsageIntervalFactory

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 3, 16, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


def past(feature: Feature, begin: float, end: float, used: int | None, **figures: int | None) -> None:
    UsageIntervalFactory(feature=feature, started_at=at(begin), ended_at=at(end), used=used, **figures)


@pytest.fixture
def feature() -> Feature:
    return FeatureFactory(since=None)


def test_an_hour_is_weighted_by_the_time_that_figures_stood(feature: Feature) -> None:
    past(feature, 9, 9.25, 8, queued=2)
    past(feature, 9.25, 10, 4, borrowed=4)
    usage.add_up(at(9), at(10))
    hour = UsageHour.objects.get()
    assert (hour.started_at, hour.known_seconds) == (at(9), 3600)
    assert (hour.used_average, hour.used_min, hour.used_max) == (5.0, 4, 8)
    assert (hour.queued_average, hour.queued_max) == (0.5, 2)
    assert (hour.borrowed_average, hour.borrowed_max) == (3.0, 4)
    assert (hour.total_average, hour.total_min, hour.total_max) == (10, 10, 10)


def test_what_is_not_known_counts_neither_as_zero_nor_as_anything(feature: Feature) -> None:
    past(feature, 9, 9.5, 6)
    past(feature, 12, 12.5, None, total=None)
    usage.add_up(at(9), at(13))
    known, unknown = UsageHour.objects.order_by("started_at")
    assert (known.known_seconds, known.used_average) == (1800, 6.0)
    assert (unknown.started_at, unknown.used_average, unknown.used_max, unknown.total_average) == (
        at(12),
        None,
        None,
        None,
    )


def test_the_interval_that_still_runs_is_known_up_to_the_last_reading() -> None:
    feature = FeatureFactory(server=LicenseServerFactory(read_at=at(9.5)), since=at(8.5), used=7)
    usage.add_up(at(8), at(10))
    hours = UsageHour.objects.order_by("started_at").values_list("started_at", "known_seconds", "used_average")
    assert list(hours) == [(at(8), 1800, 7.0), (at(9), 1800, 7.0)]
    (running,) = usage.intervals([feature.pk], at(0), at(24))
    assert (running.started_at, running.ended_at, running.used) == (at(8.5), at(9.5), 7)


def test_a_single_reading_is_known_and_adds_up_to_no_time(feature: Feature) -> None:
    running = FeatureFactory(server=LicenseServerFactory(read_at=at(9.5)), since=at(9.5), used=7)
    past(feature, 9, 9, 3)
    found = usage.intervals([feature.pk, running.pk], at(9), at(10))
    assert [(one.started_at, one.ended_at, one.used) for one in found] == [(at(9), at(9), 3), (at(9.5), at(9.5), 7)]
    assert not [*usage.intervals([feature.pk, running.pk], at(9.6), at(10))]
    assert not [*usage.intervals([feature.pk, running.pk], at(8), at(9))]
    usage.add_up(at(8), at(10))
    assert not UsageHour.objects.exists()


def test_a_days_hours_are_those_of_the_installations_zone(feature: Feature, settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Warsaw"
    begin = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # midnight in Warsaw; the clocks go on at 2:00
    UsageIntervalFactory(
        feature=feature,
        started_at=begin,
        ended_at=begin + timedelta(hours=24),
        used=2,
    )
    usage.add_up(begin, begin + timedelta(hours=24))
    days = UsageDay.objects.order_by("day").values_list("day", "known_seconds")
    assert list(days) == [(date(2026, 3, 29), 23 * 3600), (date(2026, 3, 30), 3600)]


def test_adding_up_again_corrects_what_became_known_later(feature: Feature) -> None:
    past(feature, 9, 9.5, 4)
    usage.add_up(at(9), at(10))
    past(feature, 9.5, 10, 8)
    usage.add_up(at(9), at(10))
    assert UsageHour.objects.get().used_average == 6.0
    assert UsageDay.objects.get().known_seconds == 3600


def test_the_hourly_task_adds_up_everything_once_and_then_what_is_new(feature: Feature) -> None:
    past(feature, 1, 3, 4)
    usage.roll_up(at(5))
    assert UsageHour.objects.count() == 2
    UsageHour.objects.filter(started_at=at(1)).delete()  # it is not made again: it was done long ago
    past(feature, 20, 21, 5)
    usage.roll_up(at(21.5))
    assert set(UsageHour.objects.values_list("started_at", flat=True)) == {at(2), at(20)} | {at(1)}


def test_days_beyond_the_retention_are_dropped(feature: Feature, settings: Settings) -> None:
    settings.LICSTATS_RETENTION_MONTHS = 1
    past(feature, 9, 10, 1)
    usage.add_up(at(9), at(10))
    usage.drop_expired_days(at(24 * 30))
    assert UsageDay.objects.count() == 1
    usage.drop_expired_days(at(24 * 33))
    assert UsageDay.objects.count() == 0


stretches = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.none() | st.integers(0, 9)), max_size=6)


@given(stretches)
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_intervals_add_up_to_the_same_minute_by_minute(parts: list[tuple[int, int, int | None]]) -> None:
    feature = FeatureFactory(since=None)
    minutes: dict[int, int | None] = {}
    now = 0
    for gap, length, used in parts:
        begin, now = now + gap, now + gap + length
        if length:
            past(feature, begin / 60, now / 60, used)
            minutes.update(dict.fromkeys(range(begin, now), used))
    usage.add_up(at(0), at(24))
    hours = {row.started_at: row for row in UsageHour.objects.filter(feature=feature)}
    for hour in range(24):
        known = [minutes[minute] for minute in range(hour * 60, hour * 60 + 60) if minute in minutes]
        counted = [used for used in known if used is not None]
        row = hours.get(at(hour))
        assert (row.known_seconds if row else 0) == pytest.approx(60 * len(known))
        if row:
            expected = sum(counted) / len(counted) if counted else None
            assert row.used_average == (expected if expected is None else pytest.approx(expected))
            assert (row.used_min, row.used_max) == (min(counted, default=None), max(counted, default=None))


@pytest.mark.parametrize(
    "started", ["1999-12-31T23:59:59.999999Z", "2026-03-29T01:00:00.000001Z", "2301-02-03T04:05:06.7Z"]
)
def test_times_of_intervals_are_told_to_the_microsecond(feature: Feature, started: str) -> None:
    begin = datetime.fromisoformat(started)
    UsageIntervalFactory(feature=feature, started_at=begin, ended_at=begin + timedelta(microseconds=3), used=1)
    (found,) = usage.intervals([feature.pk], begin, begin + timedelta(hours=1))
    assert (found.started_at, found.ended_at) == (begin, begin + timedelta(microseconds=3))
