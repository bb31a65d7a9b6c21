"""Pick lists of a report: license servers, groups and features that a login may choose from.

Filtered and cut in the database, so that a fleet of thousands answers as fast as one of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from groups_app.members import Identity, members_of
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
    """The first lines that fit, and how many there are in all, counted up to COUNTED."""

    choices: list[Choice]
    total: int

    @property
    def not_shown(self) -> int:
        return self.total - len(self.choices)

    @property
    def total_text(self) -> str:
        return f"more than {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"


def server_choices(user: Login, text: str = "", limit: int = SHOWN) -> Choices:
    """License servers whose name, site or description contains `text`."""
    found = _containing(visible_servers(user), text, "name", "site", "description").order_by("name")
    return Choices(
        [
            Choice(server.name, server.site, {"scope": f"server:{server.name}"})
            for server in found.only("name", "site")[:limit]
        ],
        _count(found),
    )


def group_choices(user: Login, text: str = "", limit: int = SHOWN) -> Choices:
    """License server groups whose name or description contains `text`."""
    found = _containing(visible_groups(user), text, "name", "description").order_by("name")
    return Choices(
        [Choice(group.name, group.description, {"scope": f"group:{group.name}"}) for group in found[:limit]],
        _count(found),
    )


def feature_choices(scope: Scope, text: str = "", limit: int = SHOWN, now: datetime | None = None) -> Choices:
    """Features (name, version, type) of the license server or group of `scope`; of all of them there is no choice.

    In a group these are merged: one whose version is not known yet is not there where it joins another.
    """
    if not (scope.server or scope.group):
        return Choices([], 0)
    whole = Scope(scope.user, scope.server, scope.group)
    identities = _containing(whole.features(), text, "name").order_by("name", "version", "type")
    distinct = identities.values_list("name", "version", "type").distinct()
    found = [Identity(*row) for row in distinct[:limit]]
    if scope.group:
        moment = now or timezone.now()
        found = [identity for identity in found if identity.version or members_of(scope.group, identity, moment)]
    return Choices([_feature(whole, identity) for identity in found], _count(distinct))


def _feature(scope: Scope, identity: Identity) -> Choice:
    chosen = Scope(scope.user, scope.server, scope.group, *identity)
    detail = " ".join(part for part in (identity.version, identity.type) if part)
    return Choice(identity.name, detail, chosen.params())


def _containing(rows: QuerySet[Any], text: str, *fields: str) -> QuerySet[Any]:
    condition = Q()
    for field in fields if text else ():
        condition |= Q(**{f"{field}__icontains": text})
    return rows.filter(condition)


def _count(rows: QuerySet[Any]) -> int:
    return rows[: COUNTED + 1].count()
