"""Which sessions a scope covers, by conditions that the database answers from an index."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual

from groups_app.scope import Scope
from groups_app.visibility import sees_all
from licstats.models import Feature

FEW = 500  # hidden features that are listed in a query, rather than looked up by it
LISTED_AT = Coalesce("last_listed_at", "server__read_at")  # the last reading that listed a feature

T = TypeVar("T", bound=Model)


def covered(rows: QuerySet[T], scope: Scope, read_since: datetime | None = None) -> QuerySet[T]:
    """The rows of `scope`. They have `server` and `feature`; what is hidden from the login is not among them.

    Of a group, where `read_since` is given, only those of features that a reading since then listed. A plain `feature
    in what is visible` would join all rows with all features; mostly nothing is hidden.
    """
    since = read_since if scope.group else None
    if scope.one_feature:
        known = scope.features().alias(listed_at=LISTED_AT)
        counting = known.filter(**{"listed_at__gte": since} if since else {})
        return rows.filter(feature__in=list(counting.values_list("pk", flat=True)))
    if scope.group:
        servers = scope.servers().filter(**{"read_at__gte": since} if since else {})
        rows = rows.filter(server__in=list(servers.values_list("pk", flat=True)))
        return rows if since is None else _still_listed(rows, since)
    features = Feature.objects.all()
    if scope.server:
        rows, features = rows.filter(server=scope.server), features.filter(server=scope.server)
    if sees_all(scope.user):
        return rows
    seen = scope.features().values("pk")
    hidden = list(features.exclude(pk__in=seen).order_by().values_list("pk", flat=True)[: FEW + 1])
    if not hidden:
        return rows
    return rows.filter(feature__in=seen) if len(hidden) > FEW else rows.exclude(feature__in=hidden)


def _still_listed(sessions: QuerySet[T], since: datetime) -> QuerySet[T]:
    """Those of `sessions`, which are open, of features that a reading since then listed.

    One that was seen since then need not be asked for its feature: mostly that is all of them.
    """
    if not sessions.filter(last_seen_at__lt=since).exists():
        return sessions
    listed_at = Subquery(Feature.objects.filter(pk=OuterRef("feature")).values(at=LISTED_AT))
    return sessions.filter(~Q(last_seen_at__lt=since) | Q(GreaterThanOrEqual(listed_at, since)))
