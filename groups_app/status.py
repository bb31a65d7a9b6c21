"""The status of a license server group, derived from its members."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Q, QuerySet

from groups_app.models import LicenseServerGroup
from licstats.managers.reading import Status


class Online(StrEnum):
    """How many members of a group answer."""

    ALL = "all online"
    SOME = "some online"
    NONE = "none online"
    EMPTY = "no license servers"


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """`online` of `members` license servers answered when they were last asked."""

    online: int
    members: int

    @property
    def word(self) -> Online:
        if not self.members:
            return Online.EMPTY
        if not self.online:
            return Online.NONE
        return Online.ALL if self.online == self.members else Online.SOME

    def __str__(self) -> str:
        return f"{self.word} ({self.online} of {self.members})" if self.members else self.word


ONLINE = Q(servers__enabled=True, servers__status=Status.UP, servers__failures=0)


def with_status(groups: QuerySet[LicenseServerGroup]) -> list[tuple[LicenseServerGroup, GroupStatus]]:
    """Each group with its status, by name; one query."""
    counted = groups.annotate(online=Count("servers", filter=ONLINE), members=Count("servers"))
    return [(group, GroupStatus(group.online, group.members)) for group in counted.order_by("name")]


def status_of(group: LicenseServerGroup) -> GroupStatus:
    [(_, status)] = with_status(LicenseServerGroup.objects.filter(pk=group.pk))
    return status
