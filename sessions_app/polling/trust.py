"""What a reading may close: a session that it does not show has ended, or only cannot be seen."""

from __future__ import annotations

from enum import Enum

from licstats.managers.reading import HARMLESS, FeatureReading, Problem, ProblemKind, Reading, Verdict

READINGS_TO_CLOSE = 3  # in a row that do not show a session whose feature does not add up


class Missing(Enum):
    """What it means that a reading does not show a session of a feature."""

    ENDED = "ended"  # every license in use was seen
    COUNTED = "counted"  # the third time in a row it has ended
    HIDDEN = "hidden"  # this reading says nothing about it


class Trust:
    """How far one reading, which has not failed, can be trusted about each feature.

    Complete: a missing session has ended where its feature adds up, and is counted where more is in use than was seen,
    or where the feature is gone with it: a heading that was lost reads as if its feature were no longer served.
    Partial: nothing ends at once. It counts for a feature that adds up and that no problem
    concerns, so that one broken vendor daemon does not keep the sessions of all others open for ever; for the rest,
    and wherever the output was cut, it says nothing.
    """

    def __init__(self, reading: Reading) -> None:
        self.complete = reading.verdict is Verdict.COMPLETE
        harmful = [] if self.complete else [p for p in reading.problems if p.kind not in HARMLESS]
        self.vendors = {p.vendor for p in harmful if p.kind is ProblemKind.DAEMON}
        self.features = {p.feature for p in harmful if p.kind is ProblemKind.LINE}
        self.blind = not self.complete and (not harmful or any(map(_concerns_all, harmful)))

    def of(self, feature: FeatureReading | None, vendor: str, name: str) -> Missing:
        """`feature` is None where the reading does not list the feature `name` of `vendor`."""
        if self.complete:
            accounted = feature is not None and feature.adds_up and feature.used is not None
            return Missing.ENDED if accounted else Missing.COUNTED
        if self.blind or vendor in self.vendors or name in self.features:
            return Missing.HIDDEN
        if feature is None:
            return Missing.HIDDEN if self.features else Missing.COUNTED
        return Missing.COUNTED if feature.adds_up and feature.used is not None else Missing.HIDDEN


def _concerns_all(problem: Problem) -> bool:
    if problem.kind is ProblemKind.DAEMON:
        return not problem.vendor
    if problem.kind is ProblemKind.LINE:
        return not problem.feature
    return True
