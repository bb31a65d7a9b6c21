"""How old a reading is, in intervals of its own server: the same words and colours on every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

FRESH_INTERVALS = 2
LATE_INTERVALS = 5


class Age(StrEnum):
    """Fresh up to 2 query intervals, late up to 5, then stale; `live.js` counts on by the same rule."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    NEVER = "never"  # there was no reading yet

    @classmethod
    def of(cls, read_at: datetime | None, interval: timedelta, now: datetime) -> Age:
        """The age of a reading made at `read_at` of a server that is asked every `interval`.

        A reading from the future (our clock was set back) is fresh.
        """
        if read_at is None:
            return cls.NEVER
        elapsed = now - read_at
        if elapsed <= FRESH_INTERVALS * interval:
            return cls.FRESH
        return cls.LATE if elapsed <= LATE_INTERVALS * interval else cls.STALE


def format_interval(interval: timedelta) -> str:
    """`60 s`, `5 min`, `2 h`: exactly what was configured, in the largest unit of which it is more than one."""
    seconds = round(interval.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds > size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def format_ago(elapsed: timedelta) -> str:
    """`12 s ago`, `3 min ago`, `2 d ago`: the largest unit that fits, rounded down."""
    seconds = max(0, int(elapsed.total_seconds()))
    if seconds < 5:
        return "just now"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
