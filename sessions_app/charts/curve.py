"""A feature's figures over a period, as steps: exact from intervals, and a gap wherever nothing was known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from django.db.models import QuerySet

from licstats.models import Feature
from sessions_app.usage import intervals

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

    feature: int
    start: datetime
    end: datetime
    figures: Figures


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on these figures stand, until the next step. `figures` None: nothing is known from `at` on."""

    at: datetime
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Steps in the order of time. `reduced` says that of neighbouring steps only the highest is kept."""

    start: datetime
    end: datetime
    steps: Sequence[Step] = field(default_factory=list)
    reduced: bool = False

    @property
    def known(self) -> bool:
        return any(step.figures is not None for step in self.steps)


def usage_curve(features: QuerySet[Feature], start: datetime, end: datetime) -> Curve:
    """The sum of `features` over the period: past intervals, and what stands now up to each server's last reading.

    Where only some of several features are known, the sum is of those; where none is, there is a gap.
    """
    steps = list(_sum(list(_spans(features, start, end)), start))
    if len(steps) > MOST_POINTS:
        return Curve(start, end, list(_peaks(steps, start, end)), reduced=True)
    return Curve(start, end, steps)


def _spans(features: QuerySet[Feature], start: datetime, end: datetime) -> Iterable[Span]:
    for interval in intervals(list(features.values_list("pk", flat=True)), start, end):
        feature, began, ended, *figures = interval
        yield Span(feature, max(began, start), min(ended, end), Figures._make(figures))


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
            running.add(span.figures, 1 if begins else -1)
        figures = running.figures()
        if figures != last or at == start:
            yield Step(at, figures)
        last = figures


class _Sum:
    """A running sum of figures in which unlimited and unknown members are counted, so that they can leave again."""

    def __init__(self) -> None:
        self.members = self.unlimited = self.unknown = 0
        self.used = self.borrowed = self.reserved = self.queued = self.total = 0

    def add(self, figures: Figures, sign: int) -> None:
        self.members += sign
        self.unlimited += sign * (figures.total is None)
        self.unknown += sign * (figures.used is None)
        self.used += sign * (figures.used or 0)
        self.total += sign * (figures.total or 0)
        self.borrowed += sign * figures.borrowed
        self.reserved += sign * figures.reserved
        self.queued += sign * figures.queued

    def figures(self) -> Figures | None:
        if not self.members:
            return None
        return Figures(
            None if self.unknown else self.used,
            self.borrowed,
            self.reserved,
            self.queued,
            None if self.unlimited else self.total,
        )


def _peaks(steps: Sequence[Step], start: datetime, end: datetime) -> Iterable[Step]:
    """Of the steps in each column of the picture: the highest, and the last where that is a gap."""
    width = (end - start) / (MOST_POINTS // 2)
    for _, group in groupby(steps, key=lambda step: (step.at - start) // width):
        column = list(group)
        known = [step for step in column if step.figures is not None]
        if known:
            yield max(known, key=lambda step: (step.figures is not None and step.figures.used) or 0)
        if column[-1].figures is None:
            yield column[-1]


def hours_known(curve: Curve) -> float:
    """For how many hours of the period something is known."""
    known = ((later.at - step.at).total_seconds() for step, later in pairwise(curve.steps) if step.figures is not None)
    return sum(known) / 3600
