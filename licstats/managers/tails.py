"""Outputs that end too early where a feature ends, which only the output before can show."""

from __future__ import annotations

from collections.abc import Collection

from licstats.managers.reading import Problem, ProblemKind


def missing_tail(last: Collection[tuple[str, ...]], now: Collection[tuple[str, ...]]) -> Problem | None:
    """A CUT problem where `now` is only the beginning of `last`, both (vendor, feature, ...) in the order printed.

    A license server from which the last features were really removed looks the same: the next reading, which is
    compared with this one, takes it so.
    """
    if not now or len(now) >= len(last) or any(one != other for one, other in zip(now, last, strict=False)):
        return None
    vendor, name, *_ = list(last)[len(now)]
    more = len(last) - len(now) - 1
    others = f" and {more} more feature{'s' * (more > 1)}" if more else ", a feature"
    message = (
        f"The output ends before {name}{others} that the reading before had: "
        "it may have been cut off. What the next one does not have either is no longer served."
    )
    return Problem(ProblemKind.CUT, message, vendor=vendor, feature=name)
