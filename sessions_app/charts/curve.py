"""A feature's figures over a period, as steps: exact from intervals, and a gap wherever nothing was known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise, zip_longest
from operator import itemgetter
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from groups_app.merging import COUNTS_FOR
from licstats.models import Feature
from sessions_app.polling.figures import A_MOMENT
from sessions_app.usage import Interval, intervals

MOST_POINTS = 2_000  # more than a screen has columns


class Figures(NamedTuple):
    """What stood at one moment. `used` None: in use unknown. `total` None: unlimited."""

    used: int | None
    borrowed: int
    reserved: int
    queued: int
    total: int | None


class Span(NamedTuple):
    """One feature's figures from `start` until `end`."""

    start: datetime
    end: datetime
    figures: Figures
    known: bool  # from readings; else they only go on counting in the sum with others
    valid: bool  # its licenses had not expired


@dataclass(frozen=True, slots=True)
class Step:
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


def usage_curve(features: QuerySet[Feature], start: datetime, end: datetime) -> Curve:
    """The sum of `features` over the period: past intervals, and what stands now up to each server's last reading.

    Several features are summed as a group does it now: while any of them is known, the others count for 24 h with
    their last reading. License servers are read at different seconds, and the sum must not fall in between. Where
    none is known, there is a gap.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)  # of one zone, times are compared by its clock
    steps = list(_sum(list(_spans(features, start, end)), start))
    if len(steps) > MOST_POINTS:
        return Curve(start, end, list(_peaks(steps, start, end)), reduced=True)
    return Curve(start, end, steps)


def _spans(features: QuerySet[Feature], start: datetime, end: datetime) -> Iterable[Span]:
    lapses = {pk: _lapse(expires) for pk, expires in features.values_list("pk", "expires")}
    goes_on = COUNTS_FOR if len(lapses) > 1 else timedelta()
    found = list(intervals(list(lapses), start - goes_on, end))
    for interval, following in zip_longest(found, found[1:]):
        known = max(interval.ended_at, interval.started_at + A_MOMENT)  # a single reading, for the moment that it tells
        until = known + goes_on
        if following is not None and following.feature_id == interval.feature_id:
            until = min(until, following.started_at)
        for span in _pieces(interval._replace(ended_at=min(known, until)), until, lapses[interval.feature_id]):
            if span.end > start and span.start < end:
                yield span._replace(start=max(span.start, start), end=min(span.end, end))


def _lapse(expires: date | None) -> datetime | None:
    """When licenses stop to be valid: at the end of their last day."""
    if expires is None or expires == date.max:
        return None
    return datetime.combine(expires + timedelta(days=1), time(), timezone.get_default_timezone())


def _pieces(interval: Interval, until: datetime, lapse: datetime | None) -> Iterable[Span]:
    """An interval and its going on `until` then, cut where it ends to be known and where its licenses expire."""
    figures = Figures._make(interval[3:])
    cuts = {interval.started_at, interval.ended_at, until}
    if lapse is not None and interval.started_at < lapse < until:
        cuts.add(lapse)
    for start, end in pairwise(sorted(cuts)):
        yield Span(start, end, figures, end <= interval.ended_at, lapse is None or end <= lapse)


def _sum(spans: Sequence[Span], start: datetime) -> Iterable[Step]:
    """Steps of the sum: at each moment where a span begins or ends, what all open spans hold together."""
    turns = sorted(
        [(span.start, 1, span) for span in spans] + [(span.end, 0, span) for span in spans], key=itemgetter(0)
    )
    running = _Sum()
    if not turns or turns[0][0] > start:
        yield Step(start, None)
    last: Figures | None = None
    for at, group in groupby(turns, key=itemgetter(0)):
        for _, begins, span in group:
            running.add(span, 1 if begins else -1)
        figures = running.figures()
        if figures != last or at == start:
            yield Step(at, figures)
        last = figures


class _Sum:
    """A running sum in which unlimited, unknown and expired members are counted, so that they can leave again."""

    def __init__(self) -> None:
        self.known = self.unknown = self.used = self.borrowed = self.reserved = self.queued = 0
        self.members, self.unlimited, self.total = Counter[bool](), Counter[bool](), Counter[bool]()  # by being valid

    def add(self, span: Span, sign: int) -> None:
        figures = span.figures
        self.known += sign * span.known
        self.unknown += sign * (figures.used is None)
        self.used += sign * (figures.used or 0)
        self.borrowed += sign * figures.borrowed
        self.reserved += sign * figures.reserved
        self.queued += sign * figures.queued
        self.members[span.valid] += sign
        self.unlimited[span.valid] += sign * (figures.total is None)
        self.total[span.valid] += sign * (figures.total or 0)

    def figures(self) -> Figures | None:
        if not self.known:
            return None
        counted = self.members[True] > 0  # licenses that have expired are in the total only where all have
        return Figures(
            None if self.unknown else self.used,
            self.borrowed,
            self.reserved,
            self.queued,
            None if self.unlimited[counted] else self.total[counted],
        )


def _peaks(steps: Sequence[Step], start: datetime, end: datetime) -> Iterable[Step]:
    """Of the steps in each column of the picture: the highest, and the last, which stands until the next column."""
    width = (end - start) / (MOST_POINTS // 2 - 1)  # what is at the end itself is a column more
    for _, group in groupby(steps, key=lambda step: (step.at - start) // width):
        column = list(group)
        known = [step for step in column if step.figures is not None]
        best = max(known, key=lambda step: (step.figures and step.figures.used) or 0, default=column[-1])
        yield best
        if best is not column[-1]:
            yield column[-1]
