"""The period of a history report: a named one that moves with the date, or one from a time to a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from groups_app.scope import ScopeError
from licstats.moments import MomentError, Tell, parse_moment

PERIOD_FIELDS = ("period", "from", "to")
DEFAULT = "week"
LONGEST = timedelta(days=3660)


class PeriodError(ScopeError):
    """A period that cannot be shown; `field` is the query string's name."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`; `name` is `custom` or one of NAMES."""

    name: str
    start: datetime
    end: datetime

    def during(self, tell: Tell = "{:%Y-%m-%d %H:%M}".format) -> str:
        """When that is: a named period by its name, as it moves with the date."""
        return NAMES.get(self.name, "").lower() or f"from {tell(self.start)} to {tell(self.end)}"

    @property
    def covered(self) -> str:
        """The day or the days that it covers, or its times where these are not whole days."""
        if not self.start.time() == self.end.time() == time():
            return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M}"
        first, last = self.start.date(), self.end.date() - timedelta(days=1)
        return f"{first}" if first == last else f"{first} to {last}"

    @classmethod
    def read(cls, params: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Period:
        """The period that a query string names, days beginning at midnight in `zone`. PeriodError where it is wrong."""
        name = params.get("period") or ("custom" if params.get("from") or params.get("to") else DEFAULT)
        here = now.astimezone(zone)
        if name in NAMES:
            return cls(name, *_named(name, here))
        if name != "custom":
            raise PeriodError("period", f"'{name}' is not a period. Choose one of: {', '.join(NAMES)}, custom.")
        start, end = _moment("from", params, zone), _moment("to", params, zone, here)
        begins, ends = start.astimezone(UTC), end.astimezone(UTC)  # an hour that comes twice is two
        if begins >= ends:
            raise PeriodError("to", "The period ends before it begins.")
        if ends - begins > LONGEST:
            raise PeriodError("from", "Choose ten years at most.")
        return cls("custom", start, end)


NAMES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "week": "This week",
    "last-week": "Last week",
    "month": "This month",
    "last-month": "Last month",
    "quarter": "This quarter",
    "last-quarter": "Last quarter",
    "year": "This year",
    "last-year": "Last year",
}


def _midnight(day: datetime) -> datetime:
    return day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


# How each unit begins that holds a given midnight.
_STARTS: dict[str, Callable[[datetime], datetime]] = {
    "today": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
# The unit that a past period is one of, and that the present begins anew.
_PAST = {
    "yesterday": "today",
    "last-week": "week",
    "last-month": "month",
    "last-quarter": "quarter",
    "last-year": "year",
}


def _named(name: str, here: datetime) -> tuple[datetime, datetime]:
    """Start and end: a past unit ends where the present one begins, the present one at the next midnight."""
    today = _midnight(here)
    if name not in _PAST:
        return _STARTS[name](today), today + timedelta(days=1)
    begins = _STARTS[_PAST[name]]
    return begins(begins(today) - timedelta(days=1)), begins(today)


def _moment(field: str, params: Mapping[str, str], zone: ZoneInfo, default: datetime | None = None) -> datetime:
    text = params.get(field, "")
    if not text and default:
        return default
    try:
        return parse_moment(text, zone).astimezone(zone)
    except MomentError as error:
        raise PeriodError(field, str(error)) from error
