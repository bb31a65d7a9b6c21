"""What exists: license servers, what they serve, and what their last reading said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Cast, Concat, Length
from django.utils import timezone as clock

from licstats.durations import format_duration
from licstats.managers.base import AddressError, Manager
from licstats.managers.reading import FeatureType, Status, Verdict
from licstats.managers.registry import MANAGERS
from licstats.names import plain_name
from licstats.timezones import validate_timezone

site_name = RegexValidator(r"\A[a-z0-9][a-z0-9_-]*\Z", "A site is small letters, digits, - and _, as in 'krakow'.")


def _between(least: timedelta, most: timedelta) -> list[BaseValidator]:
    return [
        MinValueValidator(least, f"It must be {format_duration(least)} or longer."),
        MaxValueValidator(most, f"It must be {format_duration(most)} or shorter."),
    ]


class LicenseServer(models.Model):
    """One deployment that is polled. The upper half is configuration; what polling found stands below."""

    name = models.CharField(max_length=100, unique=True, validators=[plain_name])
    manager = models.CharField("license manager", max_length=20)
    address = models.CharField(max_length=500, help_text="27000@host; a redundant triad is 27000@a,27000@b,27000@c")
    site = models.CharField(
        max_length=50, default="main", validators=[site_name], help_text="Workers of this site poll it."
    )
    timezone = models.CharField(
        "time zone", max_length=64, default="UTC", validators=[validate_timezone], help_text="Where it runs."
    )
    interval = models.DurationField(
        default=timedelta(seconds=60), validators=_between(timedelta(seconds=5), timedelta(days=1))
    )
    timeout = models.DurationField(
        "time-out",
        default=timedelta(seconds=15),
        validators=_between(timedelta(seconds=1), timedelta(minutes=10)),
        help_text="A tool that has not answered by then is killed.",
    )
    enabled = models.BooleanField(default=True)
    description = models.CharField(max_length=500, blank=True)

    status = models.CharField(max_length=10, blank=True, editable=False, choices=[(s, s.title()) for s in Status])
    verdict = models.CharField(max_length=10, blank=True, editable=False, choices=[(v, v.title()) for v in Verdict])
    reason = models.TextField(blank=True, editable=False)  # why the last query failed or is partial
    response_time = models.FloatField(null=True, editable=False)  # seconds
    clock_offset = models.DurationField(null=True, editable=False)  # its date less ours
    asked_at = models.DateTimeField(null=True, editable=False)
    read_at = models.DateTimeField(null=True, editable=False)  # the last reading that did not fail
    next_poll_at = models.DateTimeField(default=clock.now, editable=False, db_index=True)
    claimed_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # in a row
    revision = models.BigIntegerField(default=0, editable=False)  # moves on when anything of it changed
    digest = models.BinaryField(default=b"", editable=False)  # of the outputs that were stored last

    class Meta:
        ordering = ["name"]
        verbose_name = "license server"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.manager not in MANAGERS:
            known = ", ".join(MANAGERS)
            raise ValidationError({"manager": f"'{self.manager}' is not a license manager. Known are: {known}."})
        try:
            self.address = self.license_manager.check_address(self.address)
        except AddressError as error:
            raise ValidationError({"address": str(error)}) from error

    @property
    def license_manager(self) -> Manager:
        return MANAGERS[self.manager]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class ServerReport(models.Model):
    """The parts of the last reading that only `/servers/` shows: nodes, vendor daemons, and what was not understood."""

    server = models.OneToOneField(LicenseServer, on_delete=models.CASCADE, primary_key=True, related_name="report")
    nodes = models.JSONField(default=list)  # [{host, status, role, version}]
    daemons = models.JSONField(default=list)  # [{vendor, status, version}]
    problems = models.JSONField(default=list)  # [{kind, message, line, text, vendor, feature}], the first 1,000
    problem_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"report of {self.server}"


class QueryOutput(models.Model):
    """The last output of a query that is asked less often than at each poll, such as `lmstat -i`."""

    server = models.ForeignKey(LicenseServer, on_delete=models.CASCADE, related_name="outputs")
    query = models.CharField(max_length=20)
    text = models.TextField()
    exit_status = models.IntegerField(null=True)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "query"], name="one_output_for_each_query")]

    def __str__(self) -> str:
        return f"{self.query} of {self.server}"


def _apart(*names: str) -> Iterator[Combinable]:
    """The columns as texts, each with its length, so that none runs into the next whatever is in it."""
    for name in names:
        text = Cast(name, models.TextField())
        yield from (Cast(Length(text), models.TextField()), Value(":", models.TextField()), text)


class Feature(models.Model):
    """A thing one can check out, with its current figures and the time since when they stand.

    `total` null: unlimited or uncounted. `used` null: in use unknown. `since` null: not known now, because the server
    does not answer or no longer reports it. `last_listed_at` is null while the server's last reading lists it.
    `expired`: all licenses of `total` were, by the server's clock at its last reading; a day later it may be some.
    In the table, what groups add up stands before the names, which saves them a third of the time (migration 0008).
    """

    server = models.ForeignKey(LicenseServer, on_delete=models.CASCADE, related_name="features")
    vendor = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    version = models.CharField(max_length=100, blank=True)
    type = models.CharField(max_length=20, blank=True, choices=[(t, t.capitalize()) for t in FeatureType if t])
    place = models.PositiveSmallIntegerField(default=0)  # among headings of one vendor and name
    version_listed = models.BooleanField(default=True)

    total = models.BigIntegerField(null=True)
    used = models.BigIntegerField(null=True)
    borrowed = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    queued = models.BigIntegerField(default=0)
    denied = models.BigIntegerField(null=True)
    expires = models.DateField(null=True)
    expired = models.BooleanField(default=False, db_default=False)
    permanent = models.BooleanField(default=False)
    adds_up = models.BooleanField(default=True)
    since = models.DateTimeField(null=True)
    last_listed_at = models.DateTimeField(null=True)
    reservations = models.JSONField(default=list)  # [{kind, name, count}]
    queue = models.JSONField(default=list)  # [{user, host, display, count}]
    kind = models.GeneratedField(  # what groups merge by: 16 bytes to compare instead of four texts
        expression=Cast(
            MD5(Concat(*_apart("vendor", "name", "version", "type", "version_listed"))), models.UUIDField()
        ),
        output_field=models.UUIDField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["name", "version", "type", "place", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["server", "vendor", "name", "version", "type", "place"], name="one_feature_of_a_kind"
            ),
        ]
        indexes = [
            models.Index(fields=["name", "version", "type"], name="feature_identity"),
            # Sessions are sorted by what their feature is: its features in order, then the sessions of each.
            models.Index(fields=["vendor", "id"], name="feature_vendor"),
            models.Index(fields=["version", "id"], name="feature_version"),
            models.Index(fields=["type", "id"], name="feature_type"),
            models.Index(fields=["expires", "id"], name="feature_expires"),
            # Groups add these up apart from the many that are listed and have not expired.
            models.Index(
                fields=["server"],
                name="feature_out_of_use",
                condition=Q(expired=True) | Q(last_listed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.version, self.type) if part)


class Pool(models.Model):
    """The part of a feature's licenses that share an expiration date. `total` null: not told."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="pools")
    place = models.PositiveSmallIntegerField()
    total = models.BigIntegerField(null=True)
    expires = models.DateField(null=True)
    permanent = models.BooleanField(default=False)
    version = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["feature", "place"]
        constraints = [models.UniqueConstraint(fields=["feature", "place"], name="pools_have_places")]

    def __str__(self) -> str:
        return f"pool {self.place} of {self.feature}"
