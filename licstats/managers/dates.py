"""Dates as license managers print them: often without a year, always without a time zone.

Local times are resolved in the zone of the license server. A time that a change of clocks makes ambiguous is taken
as the earlier of the two, a time that it skips as if the clock had not been put forward yet.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKDAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), range(7), strict=True))
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = dict(zip(_MONTH_NAMES, range(1, 13), strict=True))
YEARS_BACK = 10
PLAUSIBLE_YEARS = range(1980, 2200)

DAY = timedelta(days=1)
_EXPIRY = re.compile(r"(\d{1,2})-([a-z]{3})-(\d{1,4})", re.IGNORECASE)
_FOREVER = re.compile(r"permanent\b.*|lifetime", re.IGNORECASE)


class Careful(LookupError):
    """This day or time cannot be resolved by adding the time to the day's start: resolve it whole."""


class Expiry(NamedTuple):
    """When licenses expire: on `day`, or never. Both unset: not told."""

    day: date | None = None
    permanent: bool = False


NOT_TOLD = Expiry()


def read_expiry(text: str) -> Expiry | None:
    """`15-dec-2022`, `permanent(no expiration date)`, `1-jan-0` (year 0 is never); None: not a date."""
    if _FOREVER.fullmatch(text):
        return Expiry(permanent=True)
    found = _EXPIRY.fullmatch(text)
    if not found:
        return None
    day, month, year = int(found[1]), MONTHS.get(found[2].lower()), int(found[3])
    if not year:
        return Expiry(permanent=True)
    if year < 100:
        year += 2000
    try:
        return Expiry(date(year, month or 0, day))
    except ValueError:
        return None


def local_time(
    day: date, hour: int, minute: int, second: int, zone: ZoneInfo, near: datetime | None = None
) -> datetime:
    """That time of that day in `zone`, in UTC; of two such times the one nearest to `near`, or the earlier."""
    local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
    if near is not None and local.utcoffset() != local.replace(fold=1).utcoffset():
        local = min(local, local.replace(fold=1), key=lambda moment: abs(moment.astimezone(UTC) - near))
    return local.astimezone(UTC)


class _Days(dict[str, datetime]):
    """`Fri 5/17` to the start of that day in UTC; Careful where adding a time of day to it would be wrong."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    def __missing__(self, text: str) -> datetime:
        start = self.calendar.plain_start(text)
        self[text] = start
        return start


class _Clocks(dict[str, timedelta]):
    """`14:30` to the time since midnight; Careful where it is no time of day."""

    def __missing__(self, text: str) -> timedelta:
        hour, _, minute = text.partition(":")
        if int(hour) > 23 or int(minute) > 59:
            raise Careful(text)
        self[text] = since = timedelta(hours=int(hour), minutes=int(minute))
        return since


class Calendar:
    """Finds the year of dates that come as weekday, month and day, as of a report's own date.

    The rule: the newest year in which the day exists and is that weekday, and whose time is not more than 24 hours
    after the report; of the report's year, the one after it and the ten before it.
    """

    def __init__(self, reported_at: datetime, zone: ZoneInfo) -> None:
        self.zone = zone
        self.clocks = _Clocks()
        self.days = _Days(self)
        self._careful: dict[tuple[str, str], date | None] = {}
        self._set(reported_at)

    def _set(self, reported_at: datetime) -> None:
        self.reported_at = reported_at
        self.today = reported_at.astimezone(self.zone).date()
        self._limit = reported_at.astimezone(self.zone).replace(tzinfo=None) + DAY
        self._oldest = self.today.year - YEARS_BACK

    def moves_to(self, reported_at: datetime) -> bool:
        """Takes a new report's date; whether everything that was resolved so far would be resolved the same."""
        old = {day: self.is_old(day) for day in self._careful.values() if day}
        self._set(reported_at)
        plain, careful = dict(self.days), self._careful
        self.days.clear()
        self._careful = {}
        try:
            return all(self.days[text] == start for text, start in plain.items()) and all(
                self._find(*words) == day and (not day or (day < self._limit.date() and self.is_old(day) == old[day]))
                for words, day in careful.items()
            )
        except Careful:
            return False

    def is_old(self, day: date) -> bool:
        """Whether a day is so far back that its year is to be doubted: more than a year before the report."""
        return self.today - day > 365 * DAY

    def resolve(self, weekday: str, month_day: str, clock: str) -> datetime | None:
        """`Fri`, `5/17` (or `5/17/2024`), `14:30` (or `14:30:59`) in UTC; None: no year fits."""
        hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
        if hour > 23 or minute > 59 or second > 59:
            return None
        found = self._find(weekday, month_day)
        if found and found == self._limit.date() and time(hour, minute, second) > self._limit.time():
            month, day, *year = map(int, month_day.split("/"))
            found = found if year else self._day(weekday, month, day, before=found.year)
        return local_time(found, hour, minute, second, self.zone) if found else None

    def _find(self, weekday: str, month_day: str) -> date | None:
        month, day, *year = map(int, month_day.split("/"))
        found = _whole_date(year[0], month, day) if year else self._day(weekday, month, day)
        self._careful[weekday, month_day] = found
        return found

    def plain_start(self, text: str) -> datetime:
        """The start of the day `Fri 5/17` in UTC, where every time of that day is so much later."""
        weekday, _, month_day = text.partition(" ")
        month, _, day = month_day.partition("/")
        found = self._day(weekday, int(month), int(day))
        if not found or found >= self._limit.date() or self.is_old(found):
            raise Careful(text)
        start, end = (local_time(d, 0, 0, 0, self.zone) for d in (found, found + DAY))
        if end - start != DAY:
            raise Careful(text)
        return start

    def _day(self, weekday: str, month: int, day: int, before: int = 10_000) -> date | None:
        wanted = WEEKDAYS.get(weekday.lower())
        for year in range(min(self._limit.year, before - 1), self._oldest - 1, -1):
            found = _whole_date(year, month, day)
            if found and found.weekday() == wanted and found <= self._limit.date():
                return found
        return None


def _whole_date(year: int, month: int, day: int) -> date | None:
    """The date, if there is one; years of one or two digits are of this century."""
    year = year + 2000 if year < 100 else year
    if year not in PLAUSIBLE_YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
