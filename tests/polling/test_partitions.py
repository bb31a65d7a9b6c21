from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from licstats.models import Feature
from sessions_app.models import ClosedSession, OpenSession, SessionChange, UsageInterval
from sessions_app.polling import partitions
from sessions_app.polling.partitions import TABLES, Month
from tests.factories import FeatureFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
APRIL = datetime(2031, 4, 10, 12, 0, tzinfo=UTC)
INTERVALS = next(table for table in TABLES if "interval" in table.name)


def interval(feature: Feature, ended_at: datetime) -> UsageInterval:
    return UsageInterval.objects.create(
        feature=feature, started_at=ended_at - timedelta(hours=1), ended_at=ended_at, borrowed=0, reserved=0, queued=0
    )


def partition_of(row: UsageInterval) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM sessions_app_usageinterval WHERE feature_id = %s AND ended_at = %s",
            [row.feature_id, row.ended_at],
        )
        return str(cursor.fetchone()[0])


def test_this_month_and_the_next_three_are_created_for_every_table() -> None:
    partitions.maintain(APRIL)
    for table in TABLES:
        assert {Month(2031, month) for month in (4, 5, 6, 7)} <= table.months()
    partitions.maintain(APRIL)  # again changes nothing
    assert list(partitions.missing(APRIL)) == []


def test_a_row_without_a_partition_is_stored_and_moved_later() -> None:
    feature = FeatureFactory()
    rows = [interval(feature, datetime(2033, 5, day, tzinfo=UTC)) for day in (1, 31)]
    border = interval(feature, datetime(2033, 6, 1, tzinfo=UTC))
    assert {partition_of(row) for row in rows} == {"sessions_app_usageinterval_default"}
    partitions.maintain(APRIL)
    assert {partition_of(row) for row in rows} == {"sessions_app_usageinterval_y2033m05"}
    assert partition_of(border) == "sessions_app_usageinterval_y2033m06"
    assert UsageInterval.objects.count() == 3
    assert not INTERVALS.stray_months()


def test_what_is_older_than_the_retention_is_dropped(settings: Settings) -> None:
    settings.LICSTATS_RETENTION_MONTHS = 2
    feature = FeatureFactory()
    partitions.maintain(datetime(2031, 1, 10, tzinfo=UTC))
    old, kept = (
        interval(feature, datetime(2031, 1, 31, tzinfo=UTC)),
        interval(feature, datetime(2031, 2, 1, tzinfo=UTC)),
    )
    stray = interval(feature, datetime(2019, 1, 1, tzinfo=UTC))
    partitions.maintain(APRIL)
    assert set(UsageInterval.objects.values_list("ended_at", flat=True)) == {kept.ended_at}
    assert Month(2031, 1) not in INTERVALS.months()
    assert {old.pk, stray.pk}.isdisjoint({row.pk for row in UsageInterval.objects.all()})


def test_nothing_is_dropped_where_all_is_kept(settings: Settings) -> None:
    settings.LICSTATS_RETENTION_MONTHS = 0
    interval(FeatureFactory(), datetime(1999, 1, 1, tzinfo=UTC))
    partitions.maintain(APRIL)
    assert UsageInterval.objects.count() == 1


def test_a_missing_month_is_a_warning_that_says_what_to_do() -> None:
    partitions.maintain()
    assert not [message for message in run_checks(databases=["default"]) if message.id == "sessions_app.W001"]
    INTERVALS.drop(Month.of(datetime.now(UTC)))
    (warning,) = [message for message in run_checks(databases=["default"]) if message.id == "sessions_app.W001"]
    assert INTERVALS.partition(Month.of(datetime.now(UTC))) in warning.msg
    assert "maintenance" in str(warning.hint)


@pytest.mark.parametrize(("month", "later"), [(Month(2026, 12), Month(2027, 1)), (Month(2026, 11), Month(2026, 12))])
def test_months_follow_each_other(month: Month, later: Month) -> None:
    assert month.plus(1) == later
    assert later.plus(-1) == month
    assert month.plus(12).year == month.year + 1


def test_a_month_is_one_of_utc() -> None:
    assert Month.of(datetime.fromisoformat("2026-03-01T00:30:00+01:00")) == Month(2026, 2)


def test_sessions_and_usage_go_with_a_deleted_feature_even_where_django_does_not_delete_it() -> None:
    session = OpenSessionFactory()
    other = OpenSessionFactory()
    fields = {field.attname: getattr(session, field.attname) for field in OpenSession._meta.fields}
    fields = {name: value for name, value in fields.items() if name not in ("last_seen_at", "missed")}
    ClosedSession.objects.create(**fields, closed_at=APRIL, last_seen_at=APRIL)
    interval(session.feature, APRIL)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM licstats_feature WHERE id = %s", [session.feature_id])
    assert list(OpenSession.objects.all()) == [other]
    assert not ClosedSession.objects.exists()
    assert not UsageInterval.objects.exists()


def test_a_license_server_is_deleted_with_all_that_it_had() -> None:
    session = OpenSessionFactory()
    interval(session.feature, APRIL)
    SessionChange.objects.create(session_id=session.pk, until=APRIL, used=1)
    session.server.delete()
    assert not OpenSession.objects.exists()
    assert not UsageInterval.objects.exists()


def test_the_models_are_what_the_migrations_made() -> None:
    call_command("makemigrations", "sessions_app", check=True, dry_run=True)
