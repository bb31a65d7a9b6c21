"""Times as people write them: `2026-11-21 19:05`, ISO 8601, or a day, which begins at midnight."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, tzinfo

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

FIRST_YEAR, LAST_YEAR = 1900, 9998  # what is reckoned from such a time is still one
_WITH_OFFSET = re.compile(r":\d\d.*(Z|[+-]\d\d(:?\d\d){0,2})\s*$", re.IGNORECASE)

Tell = Callable[[datetime], str]  # how a time is written


def minute_here(moment: datetime) -> str:
    """`2026-11-21 19:05` in the viewer's zone."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def minute_anywhere(moment: datetime) -> str:
    """`2026-11-21 18:05 UTC`, which is true in whichever zone it is read."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


class MomentError(ValueError):
    """A text that is not a time; the message says what would be."""


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """The time that `text` names, in UTC, as PostgreSQL takes few offsets; in `zone` where it names none."""
    try:
        moment = _read(text)
    except ValueError:
        moment = None
    if moment is None:
        raise MomentError(f"'{text}' is not a time. Write 2026-11-21 19:05 or 2026-11-21.")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise MomentError(f"'{text}' is out of range. Choose a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def write_moment(moment: datetime, zone: tzinfo) -> str:
    """What `parse_moment` reads in `zone` as that second: with its offset in an hour that clocks show twice."""
    here = moment.astimezone(zone)
    is_told = here.utcoffset() == here.replace(fold=1 - here.fold).utcoffset()
    return f"{here:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + ("" if is_told else f"{here:%z}")


def has_offset(text: str) -> bool:
    """Whether a time says by itself which zone it is of."""
    return _WITH_OFFSET.search(text) is not None


def _read(text: str) -> datetime | None:
    day = parse_date(text)
    return datetime.combine(day, time()) if day else parse_datetime(text)
