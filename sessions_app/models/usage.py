"""Usage over time as intervals: the current figures stand on the feature, past ones here."""

from __future__ import annotations

from django.db import models

from licstats.models import Feature


class UsageInterval(models.Model):
    """A feature's figures from `started_at` to `ended_at`. Between two intervals may be a gap: nothing was known.

    Partitioned by the month of `ended_at`. `used` and `total` as on the feature.
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
