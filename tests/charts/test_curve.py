"""The curve of a feature's usage against a second way to compute it: asking for one moment at a time."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from licstats.models import Feature
from sessions_app.charts.curve import MOST_POINTS, Curve, Figures, usage_curve
from sessions_app.models import UsageInterval
from sessions_app.polling.figures import A_MOMENT
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, UsageIntervalFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
A_DAY = 24 * 60  # minutes
SCALE = 60  # minutes: so that in the property test some of the gaps are longer than a day


def interval(feature: Feature, start: int, end: int, used: int | None, total: int | None = 10) -> UsageInterval:
    return UsageIntervalFactory(
        feature=feature,
        started_at=NOON + start * MINUTE,
        ended_at=NOON + end * MINUTE,
        used=used,
        total=total,
    )


def unread_feature() -> Feature:
    return FeatureFactory(since=None, server=LicenseServerFactory(read_at=None))


def at(curve: Curve, minute: float) -> Figures | None:
    """What the curve says for one moment."""
    moment = NOON + minute * MINUTE
    before = [step for step in curve.steps if step.at <= moment]
    return before[-1].figures if before else None


def curve_of(*features: Feature, minutes: int = 600) -> Curve:
    chosen = Feature.objects.filter(pk__in=[feature.pk for feature in features])
    return usage_curve(chosen, NOON, NOON + minutes * MINUTE, merged=True)


def test_an_interval_stands_until_its_end_and_then_nothing_is_known():
    feature = unread_feature()
    interval(feature, 10, 20, used=3)
    curve = curve_of(feature)
    assert at(curve, 5) is None
    assert at(curve, 10) == Figures(3, 0, 0, 0, 10)
    assert at(curve, 19.9) == Figures(3, 0, 0, 0, 10)
    assert at(curve, 20) is None


def test_a_single_reading_is_known_for_its_moment_and_not_beyond():
    alone, latest = unread_feature(), FeatureFactory(server=LicenseServerFactory(read_at=NOON + HOUR), used=7)
    interval(alone, 10, 10, used=3)
    Feature.objects.filter(pk=latest.pk).update(since=NOON + HOUR)
    for feature, minute, used in ((alone, 10, 3), (latest, 60, 7)):
        steps = curve_of(feature).steps
        assert [(step.at, step.figures and step.figures.used) for step in steps] == [
            (NOON, None),
            (NOON + minute * MINUTE, used),
            (NOON + minute * MINUTE + A_MOMENT, None),
        ]


def test_a_single_reading_of_one_member_makes_the_sum_known_for_its_moment():
    first, second = unread_feature(), unread_feature()
    interval(first, 0, 10, used=2)
    interval(second, 30, 30, used=3)
    curve = curve_of(first, second)
    assert at(curve, 20) is None
    assert at(curve, 30) == Figures(5, 0, 0, 0, 20)
    assert at(curve, 31) is None


def test_intervals_that_touch_leave_no_gap():
    feature = unread_feature()
    interval(feature, 10, 20, used=3)
    interval(feature, 20, 30, used=4)
    steps = curve_of(feature).steps
    assert [(step.figures and step.figures.used) for step in steps] == [None, 3, 4, None]


def test_an_interval_is_drawn_in_the_hour_that_comes_twice():
    warsaw = ZoneInfo("Europe/Warsaw")
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    end = start + 45 * MINUTE
    feature = unread_feature()
    UsageIntervalFactory(feature=feature, started_at=start - HOUR, ended_at=end + HOUR, used=3, total=10)
    curve = usage_curve(Feature.objects.all(), start.astimezone(warsaw), end.astimezone(warsaw), merged=False)
    assert [(step.at, step.figures and step.figures.used) for step in curve.steps] == [(start, 3), (end, None)]


def test_what_stands_now_reaches_to_the_last_reading_and_not_beyond():
    server = LicenseServerFactory(read_at=NOON + HOUR)
    feature = FeatureFactory(server=server, used=7, since=NOON)
    curve = curve_of(feature)
    assert at(curve, 59) == Figures(7, 0, 0, 0, 10)
    assert at(curve, 61) is None


def test_a_period_in_the_middle_of_an_interval_is_cut_to_the_period():
    feature = unread_feature()
    interval(feature, -600, 1200, used=2)
    curve = curve_of(feature)
    assert curve.steps[0].at == NOON
    assert curve.steps[-1].at == NOON + 600 * MINUTE


def test_in_use_unknown_is_neither_zero_nor_a_gap():
    feature = unread_feature()
    interval(feature, 0, 10, used=None)
    assert at(curve_of(feature), 5) == Figures(None, 0, 0, 0, 10)


def test_one_unlimited_member_makes_the_total_unlimited_while_it_counts():
    limited, unlimited = unread_feature(), unread_feature()
    interval(limited, 0, 2000, used=1, total=10)
    interval(unlimited, 20, 40, used=5, total=None)
    curve = curve_of(limited, unlimited, minutes=2000)
    assert at(curve, 10) == Figures(1, 0, 0, 0, 10)
    assert at(curve, 30) == Figures(6, 0, 0, 0, None)
    assert at(curve, 40 + A_DAY - 1) == Figures(6, 0, 0, 0, None)
    assert at(curve, 40 + A_DAY + 1) == Figures(1, 0, 0, 0, 10)


def test_the_sum_does_not_fall_because_license_servers_are_read_at_different_seconds():
    features = [
        FeatureFactory(server=LicenseServerFactory(read_at=NOON + HOUR + n * MINUTE), used=7, since=NOON)
        for n in range(3)
    ]
    curve = curve_of(*features)
    assert [(step.at, step.figures) for step in curve.steps] == [
        (NOON, Figures(21, 0, 0, 0, 30)),
        (NOON + HOUR + 2 * MINUTE, None),
    ]


def test_what_one_license_server_reports_of_a_feature_twice_ends_each_with_its_last_listing():
    server = LicenseServerFactory(read_at=NOON + HOUR)
    FeatureFactory(server=server, place=0, used=2, since=NOON)
    gone = FeatureFactory(server=server, place=1, since=None, last_listed_at=NOON + 10 * MINUTE)
    interval(gone, 0, 10, used=3)
    curve = usage_curve(Feature.objects.all(), NOON, NOON + 2 * HOUR, merged=False)
    assert [(step.at, step.figures) for step in curve.steps] == [
        (NOON, Figures(5, 0, 0, 0, 20)),
        (NOON + 10 * MINUTE + A_MOMENT, Figures(2, 0, 0, 0, 10)),
        (NOON + HOUR, None),
    ]


def test_the_last_reading_is_whole_where_only_one_of_two_headings_changed_with_it():
    server = LicenseServerFactory(read_at=NOON + HOUR)
    FeatureFactory(server=server, place=0, used=2, since=NOON)
    changed = FeatureFactory(server=server, place=1, used=4, since=NOON + HOUR)
    interval(changed, 0, 60, used=3)
    curve = usage_curve(Feature.objects.all(), NOON, NOON + 2 * HOUR, merged=False)
    assert [step.figures and step.figures.used for step in curve.steps] == [5, 6, None]


def test_a_member_counts_in_the_period_with_a_reading_of_before_it():
    first, second = unread_feature(), unread_feature()
    interval(first, -60, -30, used=2)
    interval(second, 0, 60, used=3)
    assert at(curve_of(first, second), 10) == Figures(5, 0, 0, 0, 20)


def test_licenses_are_in_the_total_until_the_end_of_their_last_day_and_again_where_all_have_expired():
    first, second = unread_feature(), unread_feature()
    for feature, days in ((first, 0), (second, 1)):
        interval(feature, 0, 3 * A_DAY, used=2)
        Feature.objects.filter(pk=feature.pk).update(expires=NOON.date() + timedelta(days=days), expired=True)
    curve = curve_of(first, second, minutes=3 * A_DAY)
    midnight = 12 * 60
    assert at(curve, midnight - 1) == Figures(4, 0, 0, 0, 20)
    assert at(curve, midnight + 1) == Figures(4, 0, 0, 0, 10, apart=2)
    assert [at(curve, minute).available for minute in (midnight - 1, midnight + 1, midnight + A_DAY + 1)] == [16, 8, 16]
    assert at(curve, midnight + A_DAY + 1) == Figures(4, 0, 0, 0, 20)


def test_a_long_history_keeps_its_peaks_and_its_gaps():
    feature = unread_feature()
    UsageInterval.objects.bulk_create(
        UsageInterval(
            feature=feature,
            started_at=NOON + n * MINUTE,
            ended_at=NOON + (n + 1) * MINUTE,
            used=99 if n == 4321 else n % 2,
            borrowed=0,
            reserved=0,
            queued=0,
            total=100,
        )
        for n in range(9000)
        if not 5000 <= n < 6000
    )
    curve = curve_of(feature, minutes=9000)
    assert curve.reduced
    assert len(curve.steps) <= MOST_POINTS
    assert max(step.figures.used for step in curve.steps if step.figures) == 99
    assert any(step.figures is None and step.at == NOON + 5000 * MINUTE for step in curve.steps)


def test_a_long_history_falls_when_the_licenses_are_returned_and_stays_down():
    feature = unread_feature()
    changes = [(n, n + 1, 10 if n % 2 else 5) for n in range(2210)] + [(2210, 20_000, 0)]
    UsageInterval.objects.bulk_create(
        UsageInterval(
            feature=feature,
            started_at=NOON + start * MINUTE,
            ended_at=NOON + end * MINUTE,
            used=used,
            borrowed=0,
            reserved=0,
            queued=0,
            total=10,
        )
        for start, end, used in changes
    )
    curve = curve_of(feature, minutes=20_000)
    assert curve.reduced
    assert at(curve, 2100) == Figures(10, 0, 0, 0, 10)
    assert at(curve, 10_000) == Figures(0, 0, 0, 0, 10)


def test_a_busy_history_takes_the_memory_of_what_is_drawn_however_much_changed():
    features = [unread_feature() for _ in range(3)]
    UsageInterval.objects.bulk_create(
        UsageInterval(
            feature=feature,
            started_at=NOON + n * MINUTE,
            ended_at=NOON + (n + 1) * MINUTE,
            used=n % 97,
            borrowed=0,
            reserved=0,
            queued=0,
            total=100,
        )
        for n in range(3000)
        for feature in features
    )
    tracemalloc.start()
    curve = curve_of(*features, minutes=3000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert max(step.figures.used for step in curve.steps if step.figures) == 3 * 96
    assert most < 2 * 2**20


spans = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(1, 30), st.none() | st.integers(0, 9)),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=spans)
def test_at_every_minute_the_curve_is_the_sum_that_a_group_would_have_shown(spans, django_db_blocker):
    """Known: a reading covers the minute. Counting: known, or its last reading is not older than 24 h."""
    Feature.objects.all().delete()
    features = [unread_feature() for _ in range(3)]
    taken: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    told: dict[int, list[tuple[int, int, int | None]]] = {0: [], 1: [], 2: []}
    for member, start, length, used in spans:
        first, last = start * SCALE, (start + length) * SCALE
        minutes = set(range(first, last))
        if not minutes & taken[member]:
            taken[member] |= minutes
            told[member].append((first, last, used))
            interval(features[member], first, last, used)
    curve = curve_of(*features, minutes=100 * SCALE)
    for minute in range(0, 90 * SCALE, SCALE):
        latest = [max(past) for parts in told.values() if (past := [part for part in parts if part[0] <= minute])]
        known = [used for _, end, used in latest if minute < end]
        then = [used for _, end, used in latest if minute < end + A_DAY]
        used = None if None in then else sum(value for value in then if value is not None)
        expected = Figures(used, 0, 0, 0, 10 * len(then)) if known else None
        assert at(curve, minute + 0.5) == expected
