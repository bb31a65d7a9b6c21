"""General Information: what one feature is and how much of it is in use, in a license server or merged in a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from groups_app.merging import COUNTS_FOR, merged_features
from groups_app.models import MergedFeature
from groups_app.notices import no_longer_reported, no_members, reason_without_sum
from groups_app.scope import Scope
from licstats.ages import Age
from licstats.models import Feature
from licstats.moments import minute_here
from sessions_app.gaps import Gap, left_out, told
from sessions_app.grid.people import UserScope
from sessions_app.grid.usage import why_no_utilization
from sessions_app.models import UsageInterval


@dataclass(frozen=True, slots=True)
class Facts:
    """The figures of one feature. `total` None: unlimited; `used` None: in use unknown; then no utilization."""

    name: str
    version: str
    type: str
    vendor: str
    expires: date | None
    expired: bool
    permanent: bool
    used: int | None
    borrowed: int
    reserved: int
    total: int | None
    last_update: datetime | None
    interval: timedelta
    used_of_total: int | None  # without what is in use of licenses that have expired, and are not in the total
    reserved_of_total: int
    expired_in_use: bool = False  # what is in use of licenses that have expired
    explanation: str = ""  # how merged figures come about

    @property
    def available(self) -> int | None:
        if self.total is None or self.used_of_total is None:
            return None
        return self.total - self.used_of_total - self.reserved_of_total

    @property
    def utilization(self) -> float | None:
        """Percent of the total in use."""
        return None if not self.total or self.used_of_total is None else 100 * self.used_of_total / self.total

    @property
    def no_utilization(self) -> str:
        """Why there is none, where there is none."""
        return why_no_utilization(self.used, self.total)

    @property
    def percent(self) -> int:
        """As it is shown: rounded down, so that 89.9 is not 90 in orange."""
        return int(self.utilization or 0)

    @property
    def colour(self) -> str:
        """Green under 70 %, orange 70 to 89, red from 90."""
        percent = self.utilization or 0
        return "red" if percent >= 90 else "orange" if percent >= 70 else "green"

    @property
    def dash(self) -> int:
        """The gauge's arc that is filled, of 100."""
        return max(0, min(100, self.percent))


def facts_of(scope: Scope, now: datetime) -> Facts | None:
    """The facts of the feature that `scope` chose; None where none is chosen, or where it has no realtime data."""
    if not scope.one_feature:
        return None
    if scope.group is None:
        return _of_features(_listed_last(scope.features().select_related("server")))
    identity = {"name": scope.feature, "version": scope.version, "type": scope.type}
    merged = merged_features(scope.group, now, [scope.feature]).filter(**identity).first()
    return None if merged is None else _of_merged(merged, scope.explanation.text if scope.explanation else "")


def _listed_last(features: Iterable[Feature]) -> list[Feature]:
    """Those of one license server that its last reading lists; where it lists none, those that were listed last."""
    found = list(features)
    listed = {feature.last_listed_at for feature in found}
    last = None if None in listed else max(filter(None, listed), default=None)
    return [feature for feature in found if feature.last_listed_at == last]


def _of_features(found: Sequence[Feature]) -> Facts | None:
    """Of one license server; where it prints the same feature twice, both are added up, as in a group."""
    if not found:
        return None
    first = found[0]
    expired = [feature for feature in found if feature.expired]
    valid = [feature for feature in found if not feature.expired] or found
    ends = [feature.expires for feature in valid if feature.expires is not None]
    readings = [reading for feature in found if (reading := feature.last_listed_at or feature.server.read_at)]
    return Facts(
        name=first.name,
        version=first.version,
        type=first.type,
        vendor=", ".join(sorted({feature.vendor for feature in found})),
        expires=min(ends, default=None),
        expired=len(expired) == len(found),
        permanent=all(feature.permanent for feature in valid),
        used=_sum(feature.used for feature in found),
        borrowed=sum(feature.borrowed for feature in found),
        reserved=sum(feature.reserved for feature in found),
        total=_sum(feature.total for feature in valid),
        last_update=min(readings, default=None),
        interval=first.server.interval,
        used_of_total=_sum(feature.used for feature in valid),
        reserved_of_total=sum(feature.reserved for feature in valid),
        expired_in_use=any(feature.used for feature in expired),
    )


def _sum(figures: Iterable[int | None]) -> int | None:
    """Of figures of which one that is not known makes the sum unknown."""
    known = list(figures)
    return None if None in known else sum(each or 0 for each in known)


def _of_merged(merged: MergedFeature, explanation: str) -> Facts:
    apart_used, apart_reserved = (0, 0) if merged.expired else (merged.expired_used, merged.expired_reserved)
    return Facts(
        name=merged.name,
        version=merged.version,
        type=merged.type,
        vendor=merged.vendor,
        expires=merged.expires,
        expired=merged.expired,
        permanent=merged.permanent,
        used=merged.used,
        borrowed=merged.borrowed,
        reserved=merged.reserved,
        total=merged.total,
        last_update=merged.last_update,
        interval=merged.interval,
        used_of_total=None if merged.used is None else merged.used - apart_used,
        reserved_of_total=merged.reserved - apart_reserved,
        expired_in_use=bool(merged.expired_used),
        explanation=explanation,
    )


def nothing_known(scope: Scope | UserScope) -> str:
    """Why nothing at all is known of the choice, so that no sessions is not the same as none; else empty."""
    if scope.server:
        return "" if scope.server.read_at else f"Nothing is known of {scope.server} yet: it was never read."
    if scope.explanation:
        return reason_without_sum(scope.explanation)
    if has_no_members(scope):
        return no_members(str(scope.group))
    if scope.servers().filter(read_at__isnull=False).exists():
        return _all_left_out(scope, timezone.now())
    if scope.group:
        return f"Nothing is known of {scope.group} yet: none of its license servers was ever read."
    if not scope.servers().exists():
        return "There is no license server to be shown."
    return "Nothing is known yet: no license server was ever read."


def _all_left_out(scope: Scope | UserScope, now: datetime) -> str:
    """That no member of a group counts in realtime; else empty."""
    if scope.group is None or scope.servers().filter(read_at__gte=now - COUNTS_FOR).exists():
        return ""
    return f"None of the license servers of {scope.group} was read in the last 24 h."


def nothing_known_at(scope: Scope | UserScope, at: datetime, gaps: Sequence[Gap]) -> str:
    """Why nothing at all is known of the choice at a past time, where `gaps` lie in it; else empty."""
    features = scope.features().exclude(server__in=left_out(gaps))
    begun = UsageInterval.objects.filter(feature__in=features, started_at__lte=at)
    if features.filter(since__lte=at).exists() or begun.exists():
        return ""
    if gaps:
        return " ".join(told(gaps))
    of = f"{scope.server or scope.group} at " if scope.server or scope.group else ""
    return f"Nothing is known of {of}{minute_here(at)}: no reading from then or before is kept."


def has_no_members(scope: Scope | UserScope) -> bool:
    """Whether a license server group was chosen that is empty."""
    return scope.group is not None and not scope.servers().exists()


def no_realtime_data(scope: Scope, now: datetime) -> str:
    """Why the choice has no realtime data, or only an old one; empty where all is well."""
    if reason := scope.reason_without_data():
        return f"No realtime data. {reason}"
    if scope.explanation:
        return no_longer_reported(scope.explanation)
    if left_out := _all_left_out(scope, now):
        return f"No realtime data. {left_out}"
    server = scope.server
    if server is None or server.read_at is None:
        return ""
    last = f"what is shown is its last reading, of {minute_here(server.read_at)}"
    if not server.enabled:
        return f"No realtime data: {server} is not queried any more; {last}."
    if Age.of(server.read_at, server.interval, now) is Age.STALE:
        return f"No realtime data: {server} has not answered since; {last}."
    if server.failures:
        return f"No new data: {server} does not answer; {last}."
    return ""
