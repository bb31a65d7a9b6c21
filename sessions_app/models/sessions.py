"""Open sessions (one small hot table), closed ones (append-only, a partition for each month), and their changes."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from licstats.models import Feature, LicenseServer


class Session(models.Model):
    """One checkout. Text as the license manager printed it; times in UTC.

    Identity: feature, user, host, display, handle, checkout time, and `place` among equals where all of these repeat.
    """

    server = models.ForeignKey(
        LicenseServer, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    feature = models.ForeignKey(
        Feature, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    user = models.TextField()
    host = models.TextField()
    ip = models.TextField(blank=True, default="")
    display = models.TextField(blank=True, default="")
    version = models.TextField(blank=True, default="")  # the one checked out
    server_host = models.TextField(blank=True, default="")
    port = models.TextField(blank=True, default="")
    handle = models.TextField(blank=True, default="")
    place = models.IntegerField(default=0)
    used = models.BigIntegerField()
    checked_out_at = models.DateTimeField(null=True)
    borrow_expires_at = models.DateTimeField(null=True)
    linger = models.BigIntegerField(null=True)  # seconds
    raw = models.TextField(blank=True, default="")
    first_seen_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.user}@{self.host} {self.feature_id}"


class OpenSession(Session):
    """A session of the last reading, or one that is kept because that reading cannot be trusted about it.

    Foreign keys that are checked row by row took half the time of storing a large license server. In their place a
    reading locks the features that it stores sessions of, and a trigger removes the sessions of deleted features.
    """

    last_seen_at = models.DateTimeField(null=True)  # set while it is unconfirmed
    missed = models.PositiveSmallIntegerField(default=0)  # complete readings in a row without it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feature", "user", "host", "display", "handle", "checked_out_at", "place"],
                nulls_distinct=False,
                name="one_open_session_of_an_identity",
            )
        ]
        indexes = [
            # Sums by feature and user are read from this index alone, which is half as wide as that of the identity.
            models.Index(fields=["feature", "user"], include=["used"], name="open_feature_user"),
            models.Index(fields=["user", "id"], name="open_user"),
            models.Index(fields=["host", "id"], name="open_host"),
            models.Index(fields=["ip", "id"], name="open_ip"),
            models.Index(fields=["used", "id"], name="open_used"),
            models.Index(fields=["checked_out_at", "id"], name="open_checked_out"),
            models.Index(fields=["server", "id"], name="open_server"),
            models.Index(
                fields=["borrow_expires_at", "id"], name="open_borrowed", condition=Q(borrow_expires_at__isnull=False)
            ),
            models.Index(fields=["server"], name="open_unconfirmed", condition=Q(last_seen_at__isnull=False)),
            # A reading waits less where new entries are put in order later, by vacuum: 64 MB of them.
            GinIndex(
                OpClass(Upper("user"), name="gin_trgm_ops"), name="open_user_contains", gin_pending_list_limit=65536
            ),
            GinIndex(
                OpClass(Upper("host"), name="gin_trgm_ops"), name="open_host_contains", gin_pending_list_limit=65536
            ),
        ]


class ClosedSession(Session):
    """A session that ended: `closed_at` is the first reading without it, `last_seen_at` the last one with it."""

    pk = models.CompositePrimaryKey("id", "closed_at")
    id = models.BigIntegerField()  # the open session's
    closed_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["feature", "closed_at"], name="closed_feature"),
            models.Index(fields=["server", "closed_at"], name="closed_server"),
            models.Index(fields=["user", "closed_at"], name="closed_user"),
        ]


class SessionChange(models.Model):
    """What a session held until `until`, where its licenses or its borrowing changed while it was open."""

    pk = models.CompositePrimaryKey("session_id", "until")
    session_id = models.BigIntegerField()
    until = models.DateTimeField()
    used = models.BigIntegerField()
    borrow_expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"session {self.session_id} until {self.until}"
