"""A feature's figures over a period, as steps: exact from intervals, and a gap wherever nothing was known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from itertools import chain, groupby, islice
from operator import add, itemgetter, sub
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from groups_app.merging import COUNTS_FOR
from licstats.models import Feature
from sessions_app.polling.figures import A_MOMENT
from sessions_app.usage import EPOCH, Interval, intervals

MOST_POINTS = 2_000  # more than a screen has columns


class Figures(NamedTuple):
    """What stood at one moment. `used` None: in use unknown. `total` None: unlimited.

    `apart`: what of used and reserved is of licenses that had expired and are not in the total.
    """

    used: int | None
    borrowed: int
    reserved: int
    queued: int
    total: int | None
    apart: int = 0

    @property
    def available(self) -> int | None:
        return None if self.total is None or self.used is None else self.total - self.used - self.reserved + self.apart


class Step(NamedTuple):
    """From `at` on these figures stand, until the next step. `figures` None: nothing is known from `at` on."""

    at: datetime
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Steps in the order of time. `reduced` says that of neighbouring steps only the highest and the last are kept."""

    start: datetime
    end: datetime
    steps: Sequence[Step] = field(default_factory=list)
    reduced: bool = False

    @property
    def known(self) -> bool:
        return any(step.figures is not None for step in self.steps)


def usage_curve(features: QuerySet[Feature], start: datetime, end: datetime, *, merged: bool) -> Curve:
    """The sum of `features` over the period: past intervals, and what stands now up to each server's last reading.

    `merged` features are summed as a group does it now: while any of them is known, the others count for 24 h with
    their last reading. License servers are read at different seconds, and the sum must not fall in between. Others
    are of one license server, of which each reading tells all. Where none is known, there is a gap.

    One pass over the intervals, in the order of time, keeps what is drawn and forgets the rest: in the year of a group
    they may be half a million.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)  # of one zone, times are compared by its clock
    dates = features.values_list("pk", "expires", "expired")
    lapses = {pk: _lapse(expires) if expired else None for pk, expires, expired in dates}
    goes_on = COUNTS_FOR if merged else A_MOMENT  # a reading that only some begin with is whole
    members = {pk: _Member(lapse, goes_on) for pk, lapse in lapses.items()}
    steps = _sum(_turns(members, intervals(members, start - goes_on, end), start, end), end)
    drawn = list(islice(steps, MOST_POINTS + 1))
    if len(drawn) > MOST_POINTS:
        return Curve(start, end, list(_peaks(chain(drawn, steps), start, end)), reduced=True)
    return Curve(start, end, drawn or [Step(start, None)])


def _lapse(expires: date | None) -> datetime | None:
    """When licenses stopped to be valid that have expired: at the end of their last day."""
    if expires is None:
        return None
    return datetime.combine(expires + timedelta(days=1), time(), timezone.get_default_timezone()).astimezone(UTC)


class _Share(NamedTuple):
    """What a member has in the sum, and the sum of those: numbers that can leave it again, as unlimited cannot.

    `known` counts those that readings tell of, while others only go on counting.
    """

    known: int = 0
    unknown: int = 0  # in use is
    used: int = 0
    borrowed: int = 0
    reserved: int = 0
    queued: int = 0
    members: int = 0
    unlimited: int = 0
    total: int = 0
    valid: int = 0  # members whose licenses have not expired, and of these:
    valid_unlimited: int = 0
    valid_total: int = 0
    apart: int = 0  # used and reserved of the others

    def figures(self) -> Figures | None:
        if not self.known:
            return None
        total, apart = None if self.unlimited else self.total, 0
        if self.valid:  # licenses that have expired are in the total only where all have
            total, apart = None if self.valid_unlimited else self.valid_total, self.apart
        return Figures(None if self.unknown else self.used, self.borrowed, self.reserved, self.queued, total, apart)


NONE = _Share()


class _Member:
    """A feature on its way through time: its last interval stands until another begins, or until it does not count."""

    def __init__(self, lapse: datetime | None, goes_on: timedelta) -> None:
        self.lapse, self.goes_on = lapse, goes_on
        self.known_until = self.until = EPOCH
        self.interval: Interval | None = None
        self.share = NONE  # what is in the sum

    def begin(self, interval: Interval) -> None:
        self.interval = interval
        self.known_until = max(interval.ended_at, interval.started_at + A_MOMENT)  # a single reading: its moment
        self.until = self.known_until + self.goes_on

    def at(self, moment: datetime) -> _Share:
        if self.interval is None or moment >= self.until:
            return NONE
        _, _, _, used, borrowed, reserved, queued, total = self.interval
        licenses = (1, total is None, total or 0)
        is_valid = self.lapse is None or moment < self.lapse
        valid = (*licenses, 0) if is_valid else (0, 0, 0, (used or 0) + reserved)
        known = moment < self.known_until
        return _Share(known, used is None, used or 0, borrowed, reserved, queued, *licenses, *valid)


Turn = tuple[datetime, _Member]  # from when on a member may hold something else


def _turns(members: Mapping[int, _Member], found: Iterable[Interval], start: datetime, end: datetime) -> Iterator[Turn]:
    """In the order of time, as `found` is; all members at `start`."""
    yield from ((start, member) for member in members.values())
    ahead = [(member.lapse, pk) for pk, member in members.items() if member.lapse]
    heapify(ahead)
    for interval in found:
        for at, member in _ends(members, ahead, interval.started_at):
            yield max(at, start), member
        member = members[interval.feature_id]
        member.begin(interval)
        heappush(ahead, (member.known_until, interval.feature_id))
        yield max(interval.started_at, start), member
    for at, member in _ends(members, ahead, end):
        yield max(at, start), member


def _ends(members: Mapping[int, _Member], ahead: list[tuple[datetime, int]], before: datetime) -> Iterator[Turn]:
    """Those of `ahead` whose time comes, unless another interval has begun since they were foreseen."""
    while ahead and ahead[0][0] < before:
        at, pk = heappop(ahead)
        member = members[pk]
        if at == member.known_until < member.until:
            heappush(ahead, (member.until, pk))
        if at in (member.known_until, member.until, member.lapse):
            yield at, member


def _sum(turns: Iterable[Turn], end: datetime) -> Iterator[Step]:
    """Steps of the sum: the first moment, and each at which what all members hold together changes."""
    running = NONE
    last: Figures | None = None
    for nth, (at, turning) in enumerate(groupby(turns, key=itemgetter(0))):
        for _, member in turning:
            before, member.share = member.share, member.at(at)
            running = _Share._make(map(sub, map(add, running, member.share), before))
        figures = running.figures()
        if figures != last or nth == 0:
            yield Step(at, figures)
        last = figures
    if last is not None:
        yield Step(end, None)


def _peaks(steps: Iterable[Step], start: datetime, end: datetime) -> Iterator[Step]:
    """Of the steps in each column of the picture: the highest, and the last, which stands until the next column."""
    width = (end - start) / (MOST_POINTS // 2 - 1)  # what is at the end itself is a column more
    for _, column in groupby(steps, key=lambda step: (step.at - start) // width):
        highest = last = next(column)
        for last in column:  # noqa: B031 - goes on where next() stopped
            highest = max(highest, last, key=_height)  # of several the first
        yield highest
        if highest is not last:
            yield last


def _height(step: Step) -> int:
    return -1 if step.figures is None else step.figures.used or 0
