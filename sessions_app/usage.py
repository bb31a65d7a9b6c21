"""Usage over time: the intervals of features, exactly, and the hours and days that are added up from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone as clock

from licstats.derived import rows_of
from licstats.models import LicenseServer
from sessions_app.models import UsageDay, UsageHour, UsageInterval
from sessions_app.polling.figures import A_MOMENT, INTERVALS_TO_A_GAP

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE = 2_000  # rows that are fetched together
AT_LEAST_AGAIN = timedelta(hours=2)  # of what was added up before: a reading can still make known what was not

# All intervals that touch a stretch of time, with the one that still stands on the feature. That one is known up to the
# last reading that listed the feature; where that is its only one, it has no length yet and touches what it begins.
INTERVALS = """
SELECT feature_id, started_at, ended_at, used, borrowed, reserved, queued, total
FROM sessions_app_usageinterval
WHERE ended_at >= %(begin)s AND (ended_at > %(begin)s OR started_at = %(begin)s) AND started_at < %(end)s
  AND (%(every)s OR feature_id = ANY(%(features)s))
UNION ALL
SELECT f.id, f.since, coalesce(f.last_listed_at, s.read_at), f.used, f.borrowed, f.reserved, f.queued, f.total
FROM licstats_feature f JOIN licstats_licenseserver s ON s.id = f.server_id
WHERE f.since < %(end)s AND coalesce(f.last_listed_at, s.read_at) >= greatest(f.since, %(begin)s)
  AND (coalesce(f.last_listed_at, s.read_at) > %(begin)s OR f.since = %(begin)s)
  AND (%(every)s OR f.id = ANY(%(features)s))
"""
# Their times as microseconds: Django reads each time in Python, some 9 µs, and a busy year of a feature has 20,000.
COUNTED = f"""
SELECT feature_id, (extract(epoch FROM started_at) * 1000000)::bigint, (extract(epoch FROM ended_at) * 1000000)::bigint,
       used, borrowed, reserved, queued, total
FROM ({INTERVALS}) interval ORDER BY started_at, ended_at
"""  # noqa: S608 - our own statement
FIGURES = (
    "known_seconds", "used_average", "used_min", "used_max", "borrowed_average", "borrowed_max", "reserved_average",
    "reserved_max", "queued_average", "queued_max", "total_average", "total_min", "total_max",
)  # fmt: skip
ADD_UP = """
WITH bucket AS (
    SELECT {key} AS key, begin, finish FROM (
        SELECT day, day AT TIME ZONE %(zone)s AS begin, (day + {step}) AT TIME ZONE %(zone)s AS finish
        FROM generate_series(%(begin)s::timestamptz AT TIME ZONE %(zone)s,
                             %(end)s::timestamptz AT TIME ZONE %(zone)s - {step}, {step}) AS day
    ) AS span
), part AS (
    SELECT feature_id, key, used, borrowed, reserved, queued, total,
           extract(epoch FROM least(ended_at, finish) - greatest(started_at, begin))::float8 AS seconds
    FROM ({intervals}) i JOIN bucket ON ended_at > begin AND started_at < finish
)
INSERT INTO {table} AS r (feature_id, {column}, {figures})
SELECT feature_id, key, sum(seconds),
       sum(used * seconds) / nullif(sum(seconds) FILTER (WHERE used IS NOT NULL), 0), min(used), max(used),
       sum(borrowed * seconds) / sum(seconds), max(borrowed),
       sum(reserved * seconds) / sum(seconds), max(reserved),
       sum(queued * seconds) / sum(seconds), max(queued),
       sum(total * seconds) / nullif(sum(seconds) FILTER (WHERE total IS NOT NULL), 0), min(total), max(total)
FROM part WHERE seconds > 0 GROUP BY feature_id, key
ON CONFLICT (feature_id, {column}) DO UPDATE SET ({figures}) = ROW ({excluded})
WHERE ({stored}) IS DISTINCT FROM ({excluded})
"""


class Interval(NamedTuple):
    """A feature's figures from `started_at` to `ended_at`; `used` None: unknown, `total` None: unlimited."""

    feature_id: int
    started_at: datetime
    ended_at: datetime
    used: int | None
    borrowed: int
    reserved: int
    queued: int
    total: int | None


def intervals(features: Collection[int], begin: datetime, end: datetime) -> Iterator[Interval]:
    """All that is known of `features` (ids) between `begin` and `end`, in the order in which they begin.

    The first and the last may reach beyond. What lies between two of a feature is not known: a chart shows a gap there.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(COUNTED, {"begin": begin, "end": end, "every": False, "features": list(features)})
        while rows := cursor.fetchmany(AT_ONCE):
            for feature, started, ended, *figures in rows:
                yield Interval(feature, _moment(started), _moment(ended), *figures)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def interval_rows(features: Collection[int], begin: datetime, end: datetime) -> QuerySet[UsageInterval]:
    """The same as rows of a grid."""
    return rows_of(UsageInterval, INTERVALS, {"begin": begin, "end": end, "every": False, "features": list(features)})


def add_up(begin: datetime, end: datetime) -> None:
    """Makes the hours and the days that touch `begin` to `end` anew from the intervals; for an import, too."""
    zone = ZoneInfo(settings.TIME_ZONE)
    with transaction.atomic():
        _add_up(UsageHour, "started_at", "hour", "begin", UTC, _hour(begin), _hour(end - A_MOMENT) + HOUR)
        _add_up(UsageDay, "day", "day", "day::date", zone, _midnight(begin, zone), _midnight(end - A_MOMENT, zone, 1))


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _midnight(at: datetime, zone: tzinfo, days_later: int = 0) -> datetime:
    day = at.astimezone(zone).date() + timedelta(days=days_later)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def roll_up(now: datetime | None = None) -> None:
    """Adds up what came since the last time, and again what a late reading may have made known."""
    now = now or clock.now()
    longest = LicenseServer.objects.filter(enabled=True).aggregate(Max("interval"))["interval__max"] or timedelta()
    again = max(AT_LEAST_AGAIN, (INTERVALS_TO_A_GAP + 1) * longest)
    last = UsageHour.objects.aggregate(Max("started_at"))["started_at__max"] or _earliest()
    if last is not None:
        add_up(min(last, now) - again, now)


def drop_expired_days(now: datetime | None = None) -> None:
    """Hours go with their partitions; days, which are few, row by row."""
    if settings.LICSTATS_RETENTION_MONTHS:
        kept = (now or clock.now()) - timedelta(days=31 * settings.LICSTATS_RETENTION_MONTHS)
        UsageDay.objects.filter(day__lt=kept.astimezone(UTC).date()).delete()


def _earliest() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT min(started_at) FROM sessions_app_usageinterval), "
            "(SELECT min(since) FROM licstats_feature))"
        )
        earliest: datetime | None = cursor.fetchone()[0]
        return earliest


def _add_up(
    model: type[UsageHour] | type[UsageDay],
    column: str,
    unit: str,
    key: str,
    zone: tzinfo,
    begin: datetime,
    end: datetime,
) -> None:
    statement = ADD_UP.format(
        table=model._meta.db_table,
        column=column,
        unit=unit,
        key=key,
        step=f"interval '1 {unit}'",
        intervals=INTERVALS,
        figures=", ".join(FIGURES),
        stored=", ".join(f"r.{name}" for name in FIGURES),
        excluded=", ".join(f"excluded.{name}" for name in FIGURES),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"begin": begin, "end": end, "zone": str(zone), "every": True, "features": []})
