"""Usage over time: intervals (never samples) and what is added up from them by the hour and the day."""

from __future__ import annotations

from django.db import models

from licstats.models import Feature


class UsageInterval(models.Model):
    """A feature's figures from `started_at` to `ended_at`. Between two intervals may be a gap: nothing was known.
    A single reading, with nothing to confirm it, is one of a microsecond.

    Partitioned by the month of `ended_at`. `used` and `total` as on the feature. The interval that still runs is not
    here: it stands on the feature.
    """

    pk = models.CompositePrimaryKey("feature_id", "ended_at")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    used = models.BigIntegerField(null=True)
    borrowed = models.BigIntegerField()
    reserved = models.BigIntegerField()
    queued = models.BigIntegerField()
    total = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.feature_id} {self.started_at} to {self.ended_at}"


class Rollup(models.Model):
    """A feature's figures over a stretch of time: averages weighted by the time that each figure stood.

    `known_seconds` is how much of the stretch is covered by readings; a stretch of which nothing is known has no row.
    The figures of `used` are null where in use was unknown throughout, those of `total` where it was unlimited.
    """

    known_seconds = models.FloatField()
    used_average = models.FloatField(null=True)
    used_min = models.BigIntegerField(null=True)
    used_max = models.BigIntegerField(null=True)
    borrowed_average = models.FloatField()
    borrowed_max = models.BigIntegerField()
    reserved_average = models.FloatField()
    reserved_max = models.BigIntegerField()
    queued_average = models.FloatField()
    queued_max = models.BigIntegerField()
    total_average = models.FloatField(null=True)
    total_min = models.BigIntegerField(null=True)
    total_max = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class UsageHour(Rollup):
    """One hour of UTC. Partitioned by the month of `started_at`."""

    pk = models.CompositePrimaryKey("feature_id", "started_at")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="+", db_index=False)
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.feature_id} {self.started_at:%Y-%m-%d %H}h"


class UsageDay(Rollup):
    """One day in the installation's time zone (`LICSTATS_TIME_ZONE`), which has 23 or 25 hours twice a year."""

    pk = models.CompositePrimaryKey("feature_id", "day")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(db_index=True)

    def __str__(self) -> str:
        return f"{self.feature_id} {self.day}"
