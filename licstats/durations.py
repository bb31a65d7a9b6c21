"""Durations as people write them: `11 d 45 min` out, `6h`, `36h`, `1d 4h`, `90 min` in."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "min": 60, "s": 1}
WORDS = {
    "w": "w", "wk": "w", "week": "w", "weeks": "w",
    "d": "d", "day": "d", "days": "d",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "m": "min", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
}  # fmt: skip
PART = re.compile(r"(\d{1,9}(?:[.,]\d{1,6})?)\s*([a-z]+)", re.ASCII)
WHOLE = re.compile(rf"\s*(?:{PART.pattern}[\s,]*)+\Z", re.ASCII)
LONGEST = 100 * 366 * 86_400  # seconds; what is longer is a slip of the finger


class DurationError(ValueError):
    """A text that is not a duration; the message says what would be."""


def format_duration(duration: timedelta) -> str:
    """`11 d 45 min`: days, hours and minutes without those that are zero; under a minute in seconds.

    A negative duration, as clocks that differ give, is shown as none at all.
    """
    seconds = max(0, int(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = ((days, "d"), (hours, "h"), (rest // 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def parse_duration(text: str) -> timedelta:
    """The duration that `6h`, `1d 4h`, `90 min`, `1.5 days` or `11 d 45 min` names.

    DurationError where a number has no unit, a unit is unknown or comes twice, or it exceeds 100 years.
    """
    lowered = text.strip().lower()
    if not WHOLE.match(lowered):
        raise DurationError(f"'{text}' is not a duration. Write 6h, 90 min or 1d 4h.")
    seconds, seen = 0.0, set[str]()
    for number, word in PART.findall(lowered):
        unit = WORDS.get(word)
        if unit is None:
            raise DurationError(f"'{word}' is not a unit of time. Use d, h, min or s, as in 1d 4h.")
        if unit in seen:
            raise DurationError(f"'{text}' names {unit} twice.")
        seen.add(unit)
        seconds += float(number.replace(",", ".")) * UNITS[unit]
    if seconds > LONGEST:
        raise DurationError(f"'{text}' is longer than 100 years.")
    return timedelta(seconds=round(seconds))
