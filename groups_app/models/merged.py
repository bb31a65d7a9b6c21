"""The features of a license server group as rows, without a table of their own: one query makes them."""

from __future__ import annotations

from django.db import models

from licstats.managers.reading import FeatureType


class MergedFeature(models.Model):
    """The features of one name, version and type in a group, summed over the members that count.

    Licenses that have expired are not in `total`, unless all have; `expired_used` of them are in use, or more where
    `used` is null. Made by `groups_app.merging.merged_features` only. `total` null: unlimited, or not told. `used`
    null: in use unknown on a member. `last_update` is the oldest of the members' last readings, and `interval` such
    that the age of this row is the age of its oldest member in that member's own query intervals.
    """

    pk = models.CompositePrimaryKey("name", "version", "type")
    name = models.TextField()
    version = models.TextField()
    type = models.TextField(choices=[(t, t.capitalize()) for t in FeatureType if t])
    vendor = models.TextField()  # of all members, joined with ", "
    used = models.BigIntegerField(null=True)
    borrowed = models.BigIntegerField()
    reserved = models.BigIntegerField()
    queued = models.BigIntegerField()
    total = models.BigIntegerField(null=True)
    available = models.BigIntegerField(null=True)
    utilization = models.FloatField(null=True)  # percent of the total in use
    expires = models.DateField(null=True)  # the soonest of what is in the total
    expired = models.BooleanField()  # all of them
    expired_used = models.BigIntegerField()
    expired_reserved = models.BigIntegerField()
    permanent = models.BooleanField()  # all that is in the total, without a date
    adds_up = models.BooleanField()
    members = models.IntegerField()  # how many count
    left_out = models.IntegerField()  # how many do not, with a last reading older than 24 h
    last_update = models.DateTimeField()
    interval = models.DurationField()

    class Meta:
        managed = False
        default_permissions = ()
        ordering = ["name", "version", "type"]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.version, self.type) if part)
