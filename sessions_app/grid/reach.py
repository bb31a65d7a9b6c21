"""Which sessions a scope covers, by conditions that the database answers from an index."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from groups_app.scope import Scope
from groups_app.visibility import sees_all
from licstats.models import Feature

FEW = 500  # hidden features that are listed in a query, rather than looked up by it

T = TypeVar("T", bound=Model)


def covered(rows: QuerySet[T], scope: Scope, read_since: datetime | None = None) -> QuerySet[T]:
    """The rows of `scope`. They have `server` and `feature`; what is hidden from the login is not among them.

    Of a group, where `read_since` is given, only those of members with a reading since then. A plain `feature in what
    is visible` would join all rows with all features; mostly nothing is hidden.
    """
    since = read_since if scope.group else None
    if scope.one_feature:
        features = scope.features().filter(**{"server__read_at__gte": since} if since else {})
        return rows.filter(feature__in=list(features.values_list("pk", flat=True)))
    if scope.group:
        servers = scope.servers().filter(**{"read_at__gte": since} if since else {})
        return rows.filter(server__in=list(servers.values_list("pk", flat=True)))
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
