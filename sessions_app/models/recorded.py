"""Every session that is on record, open or closed, as one table to read: a view over the two."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When

from licstats.models import Feature, LicenseServer
from sessions_app.models.sessions import SessionChange
from sessions_app.models.usage import UsageInterval


class RecordedSessions(models.QuerySet["RecordedSession"]):
    """Queries over open and closed sessions alike."""

    def open_at(self, at: datetime, unread: Collection[int] = ()) -> RecordedSessions:
        """Those that were open at `at`, with the licenses and the borrowing that they had then.

        From the first reading with it to the first reading without it: what a grid showed at that time. Unconfirmed,
        and last seen when its feature was last listed, is one of a feature without figures then; not where its license
        server was not read at all (`unread`, ids).

        A page asks that for its own rows only, and in subqueries that PostgreSQL cannot hash: of all intervals.
        """
        began = self.filter(first_seen_at__lte=at).filter(Q(closed_at__gt=at) | Q(closed_at__isnull=True))
        change = SessionChange.objects.filter(session_id=OuterRef("id"), until__gt=at).order_by("until")
        figures = UsageInterval.objects.filter(feature=OuterRef("feature"))
        last_listed = figures.filter(ended_at__lt=at).order_by("-ended_at").values("ended_at")
        return began.alias(
            figures_since=Subquery(Feature.objects.filter(pk=OuterRef("feature")).values("since")),
            next_figures_since=Subquery(figures.filter(ended_at__gte=at).order_by("ended_at").values("started_at")[:1]),
        ).annotate(
            used=Case(When(Exists(change), then=Subquery(change.values("used")[:1])), default=F("last_used")),
            borrow_expires_at=Case(
                When(Exists(change), then=Subquery(change.values("borrow_expires_at")[:1])),
                default=F("last_borrow_expires_at"),
            ),
            last_seen_at=Case(
                When(Q(server__in=unread) | Q(figures_since__lte=at) | Q(next_figures_since__lte=at), then=None),
                default=Subquery(last_listed[:1]),
            ),
        )


class RecordedSession(models.Model):
    """A session, whether it is still open (`closed_at` null) or not.

    `last_used` and `last_borrow_expires_at` are what it holds, or held when it ended.
    """

    id = models.BigIntegerField(primary_key=True)
    server = models.ForeignKey(LicenseServer, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    feature = models.ForeignKey(Feature, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    user = models.TextField()
    host = models.TextField()
    ip = models.TextField()
    display = models.TextField()
    version = models.TextField()
    last_used = models.BigIntegerField()
    checked_out_at = models.DateTimeField(null=True)
    last_borrow_expires_at = models.DateTimeField(null=True)
    linger = models.BigIntegerField(null=True)
    first_seen_at = models.DateTimeField()
    recorded_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = RecordedSessions.as_manager()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.user}@{self.host} {self.feature_id}"
