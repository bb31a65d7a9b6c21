"""Pick lists of a report: license servers, groups and features that a login may choose from.

Filtered and cut in the database, so that a fleet of thousands answers as fast as one of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Window
from django.utils import timezone

from groups_app.identities import known_features
from groups_app.members import Identity
from groups_app.models import LicenseServerGroup
from groups_app.scope import Scope
from groups_app.visibility import Login, visible_groups, visible_servers

SHOWN = 50
COUNTED = 1_000  # more are not counted


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a pick list: the text, what is said beside it, and the query string's fields that choose it."""

    label: str
    detail: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """The first lines that fit, and how many there are in all, counted up to COUNTED at least."""

    choices: list[Choice]
    total: int

    @property
    def not_shown(self) -> int:
        return self.total - len(self.choices)


def server_choices(user: Login, text: str = "", limit: int = SHOWN) -> Choices:
    """License servers whose name, site or description contains `text`."""
    found = containing(visible_servers(user), text, "name", "site", "description").order_by("name")
    return Choices(
        [
            Choice(server.name, server.site, {"scope": f"server:{server.name}"})
            for server in found.only("name", "site")[:limit]
        ],
        _count(found),
    )


def group_choices(user: Login, text: str = "", limit: int = SHOWN) -> Choices:
    """License server groups whose name or description contains `text`."""
    found = containing(visible_groups(user), text, "name", "description").order_by("name")
    return Choices(
        [Choice(group.name, group.description, {"scope": f"group:{group.name}"}) for group in found[:limit]],
        _count(found),
    )


def feature_choices(scope: Scope, text: str = "", limit: int = SHOWN, now: datetime | None = None) -> Choices:
    """Features (name, version, type) of the license server or group of `scope`; of all of them there is no choice.

    In a group these are merged: one that joins another, as its version or type is not known yet, is not among them.
    """
    whole = Scope(scope.user, scope.server, scope.group)
    if scope.group:
        found, total = _merged(scope.group, text, limit, now or timezone.now())
    elif scope.server:
        distinct = _identities(whole.features(), text).distinct()
        found, total = [Identity(*row) for row in distinct[:limit]], _count(distinct)
    else:
        return Choices([], 0)
    return Choices([_feature(whole, identity) for identity in found], total)


def _merged(group: LicenseServerGroup, text: str, limit: int, now: datetime) -> tuple[list[Identity], int]:
    """The first features of a group and how many there are, in one query: each merges all of them anew."""
    rows = list(_identities(known_features(group, now), text, Window(Count("*")))[:limit])
    return [Identity(*row[:3]) for row in rows], rows[0][3] if rows else 0


def _identities(features: QuerySet[Any], text: str, *more: Any) -> QuerySet[Any, Any]:
    found = containing(features, text, "name").order_by("name", "version", "type")
    return found.values_list("name", "version", "type", *more)


def _feature(scope: Scope, identity: Identity) -> Choice:
    chosen = Scope(scope.user, scope.server, scope.group, *identity)
    detail = " ".join(part for part in (identity.version, identity.type) if part)
    return Choice(identity.name, detail, chosen.params())


def containing(rows: QuerySet[Any], text: str, *fields: str) -> QuerySet[Any]:
    condition = Q()
    for field in fields if text else ():
        condition |= Q(**{f"{field}__icontains": text})
    return rows.filter(condition)


def _count(rows: QuerySet[Any]) -> int:
    return rows[: COUNTED + 1].count()
