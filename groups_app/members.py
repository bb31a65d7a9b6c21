"""The members of one merged feature: which count, which do not, and why. The words of the rule for people.

`groups_app.merging` has the rule itself, in SQL for whole groups; a test holds that both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db.models import QuerySet

from groups_app.merging import COUNTS_FOR
from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from licstats.moments import minute_here

FIGURES = ("used", "borrowed", "reserved", "queued", "total")


class Identity(NamedTuple):
    """What makes features of several license servers the same one, as the license manager prints it."""

    name: str
    version: str
    type: str


Told = Sequence[set[Identity]]  # by members that count or were never read, and by all


class State(StrEnum):
    """What a member does to the sum."""

    COUNTS = "counts"
    LEFT_OUT = "left out"
    NEVER = "never read"  # it blanks the merged feature


@dataclass(frozen=True, slots=True)
class Member:
    """One feature on one license server of the group, as what it stands in the merged feature."""

    feature: Feature
    state: State
    last_reading: datetime | None
    elapsed_days: int
    unknown: str  # "version" or "type" where its license server did not tell it yet
    joined: bool = False  # the only one that the group has of those

    @property
    def server(self) -> LicenseServer:
        return self.feature.server

    @property
    def expired(self) -> bool:
        return self.feature.expired

    @property
    def unlisted(self) -> bool:
        """Its license server was read since, without it."""
        return self.feature.last_listed_at is not None

    @property
    def reason(self) -> str:
        """Why it counts or does not, as a sentence."""
        if self.state is State.NEVER:
            return f"{self.server} never had a realtime reading of it, so there is no sum."
        if self.state is State.LEFT_OUT:
            ago = f"last reading {self.elapsed_days} day{'s' * (self.elapsed_days != 1)} ago"
            why = f"no longer reported since {self._last_listed}" if self.unlisted else ago
            return f"{self.server} left out: {why}"
        if self.expired:
            return f"Expired on {self.feature.expires}: its licenses are in the total only where all have expired."
        if self.unlisted:
            return self.no_longer_reported
        if self.unknown:
            only = "; the group has just this one" if self.joined else ""
            return f"Its {self.unknown} is not known yet{only}."
        return "Its last reading is not older than 24 h."

    @property
    def no_longer_reported(self) -> str:
        """Of one that counts, though its license server was read since without it."""
        return f"No longer reported by {self.server} since {self._last_listed}; its last reading counts for 24 h."

    @property
    def _last_listed(self) -> str:
        return minute_here(self.feature.last_listed_at) if self.feature.last_listed_at else ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A merged feature with its arithmetic. `members` are in the order of their license servers."""

    group: LicenseServerGroup
    identity: Identity
    members: tuple[Member, ...]

    def of(self, state: State) -> list[Member]:
        return [member for member in self.members if member.state is state]

    @property
    def counted(self) -> list[Member]:
        return self.of(State.COUNTS)

    @property
    def left_out(self) -> list[Member]:
        return self.of(State.LEFT_OUT)

    @property
    def causes(self) -> list[Member]:
        """Members that were never read: because of them there is no sum."""
        return self.of(State.NEVER)

    @property
    def has_sum(self) -> bool:
        return bool(self.counted) and not self.causes

    @property
    def valid(self) -> list[Member]:
        """Those whose licenses are in the total: the ones that have not expired, or all where all have."""
        return [member for member in self.counted if not member.expired] or self.counted

    @property
    def expired(self) -> list[Member]:
        """Those whose licenses are not in the total, although what is in use of them is in the sums."""
        expired = [member for member in self.counted if member.expired]
        return expired if len(expired) < len(self.counted) else []

    def summed(self, figure: str) -> list[Member]:
        return self.valid if figure == "total" else self.counted

    def sum(self, figure: str) -> int | None:
        """The sum of a figure over the members that count; None where a member's is unlimited or not known."""
        values = [getattr(member.feature, figure) for member in self.summed(figure)]
        return None if not self.has_sum or None in values else sum(values)

    def arithmetic(self, figure: str) -> str:
        """`30 = PL 10 + US 10 + DK 10`; empty where there is no sum."""
        if not self.has_sum:
            return ""
        word = "unlimited" if figure == "total" else "unknown"
        parts = [(member.server, getattr(member.feature, figure)) for member in self.summed(figure)]
        terms = " + ".join(f"{server} {word if value is None else f'{value:,}'}" for server, value in parts)
        result = self.sum(figure)
        return f"{word if result is None else f'{result:,}'} = {terms}"

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(figure, arithmetic) of every figure that is not zero throughout, the total first."""
        figures = ("total", "used", *(f for f in ("borrowed", "reserved", "queued") if self.sum(f)))
        return [(figure, self.arithmetic(figure)) for figure in figures] if self.has_sum else []

    @property
    def text(self) -> str:
        """All of it as plain text, a line for each thing, for hover."""
        lines = [f"{figure.capitalize()}: {arithmetic}" for figure, arithmetic in self.lines]
        return "\n".join([*lines, *self.sentences])

    @property
    def sentences(self) -> list[str]:
        """What is to be said beside the sums: what is missing from them, and what will be before long."""
        return [*self.not_in_it, *self.still_in_it]

    @property
    def not_in_it(self) -> list[str]:
        """What is missing from the sums and why, a sentence for each member."""
        expired = [
            f"{member.server} expired on {member.feature.expires}: its licenses are not in the total."
            for member in self.expired
            if self.has_sum
        ]
        return [*(member.reason for member in (*self.causes, *self.left_out)), *expired]

    @property
    def still_in_it(self) -> list[str]:
        """What is in the sums although it is no longer reported, a sentence for each member."""
        return [member.no_longer_reported for member in self.counted if member.unlisted and self.has_sum]


def members_of(
    group: LicenseServerGroup, identity: Identity, now: datetime, features: Iterable[Feature] | None = None
) -> list[Member]:
    """The members of one merged feature at `now`, by license server; one query."""
    rows = features_of_name(group, identity.name) if features is None else features
    return [member for merged, member in _resolved(list(rows), now) if merged == identity]


def features_of_name(group: LicenseServerGroup, name: str) -> QuerySet[Feature]:
    features = Feature.objects.filter(server__groups=group, name=name).select_related("server")
    return features.defer("reservations", "queue").order_by("server__name", "version", "type", "place", "pk")


def explain(group: LicenseServerGroup, name: str, version: str, type: str, now: datetime) -> Explanation:  # noqa: A002
    """Who makes up the merged feature (name, version, type) of `group` at `now`; without members, it has none."""
    identity = Identity(name, version, type)
    return Explanation(group, identity, tuple(members_of(group, identity, now)))


def _resolved(features: list[Feature], now: datetime) -> list[tuple[Identity, Member]]:
    """The members among features of one name, each with the identity that it is merged under."""
    members = [_member(feature, now) for feature in features]
    told = [member for member in members if member.unknown != "version"]
    asked = [member for member in told if member.state is not State.LEFT_OUT], told  # these where those do not know
    typed = [{_own(member) for member in some if member.feature.type} for some in asked]
    known = [{_typed(_own(member), typed) for member in some} for some in asked]
    merged = [(_identity(member, typed, known), member) for member in members]
    return [(identity, replace(member, joined=identity != _own(member))) for identity, member in merged]


def _member(feature: Feature, now: datetime) -> Member:
    last = feature.last_listed_at or feature.server.read_at
    unversioned = feature.version == "" and not feature.version_listed
    unknown = "version" if unversioned else "" if feature.type else "type"
    if last is None:
        return Member(feature, State.NEVER, None, 0, unknown)
    state = State.COUNTS if now - last <= COUNTS_FOR else State.LEFT_OUT
    return Member(feature, state, last, (now - last).days, unknown)


def _own(member: Member) -> Identity:
    return Identity(member.feature.name, member.feature.version, member.feature.type)


def _identity(member: Member, typed: Told, known: Told) -> Identity:
    own = _own(member)
    if member.unknown != "version":
        return _typed(own, typed)
    return _only(known, lambda one: own.type in ("", one.type)) or own


def _typed(own: Identity, typed: Told) -> Identity:
    return own if own.type else _only(typed, lambda one: one.version == own.version) or own


def _only(told: Told, fits: Callable[[Identity], bool]) -> Identity | None:
    """The only one that fits, of the first that know one that does."""
    fitting = next(filter(None, ([one for one in known if fits(one)] for known in told)), [])
    return fitting[0] if len(fitting) == 1 else None
