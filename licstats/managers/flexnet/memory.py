"""What is kept from one reading of a license server to the next, so that equal text is read once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from licstats.managers.base import Memo
from licstats.managers.dates import Calendar
from licstats.managers.flexnet.catalogue import Catalogue
from licstats.managers.flexnet.parts import Heading
from licstats.managers.reading import FeatureReading, Problem

Place = tuple[str, str, int]  # vendor, heading up to its totals, place among such
Group = tuple[str, str]  # vendor, feature


class Kept(NamedTuple):
    """The features that were made of headings, and their problems with lines as of the first heading."""

    headings: list[Heading]
    context: object
    features: tuple[FeatureReading, ...]
    problems: list[Problem]
    line: int


class Memory:
    """The last reading's headings and features by place; `next_*` collect this reading's, which replace them.

    Texts without a year mean the same only as long as the report's date resolves them the same: else everything is
    forgotten. The same goes for an output that holds several reports.
    """

    def __init__(self, memo: Memo | None) -> None:
        self.memo = memo
        content = memo.content if memo else {}
        self.calendar: Calendar | None = content.get("calendar")
        self.headings: dict[Place, tuple[str, Heading]] = content.get("headings", {})
        self.groups: dict[Group, Kept] = content.get("groups", {})
        self.last_groups = list(self.groups)  # also where what they were made of is forgotten
        self.next_headings: dict[Place, tuple[str, Heading]] = {}
        self.next_groups: dict[Group, Kept] = {}
        self.next_calendar: Calendar | None = None

    def calendar_at(self, reported_at: datetime, zone: ZoneInfo) -> Calendar:
        """The calendar of a report of that date; of a second one in the same output a new one."""
        last, self.calendar = self.calendar, None
        if not (last and last.zone is zone and last.moves_to(reported_at)):
            self.headings, self.groups = {}, {}
            last = Calendar(reported_at, zone)
        self.next_calendar = None if self.next_calendar else last
        return last

    def keep(self, place: Place, text: str, heading: Heading) -> None:
        self.next_headings[place] = (text if heading.stable else "", heading)

    def store(self, catalogue: Catalogue | None) -> None:
        """Leaves what this reading made for the next one."""
        if self.memo is None:
            return
        self.memo.content.clear()
        self.memo.content["catalogue"] = catalogue
        if self.next_calendar:
            self.memo.content |= {
                "calendar": self.next_calendar,
                "headings": self.next_headings,
                "groups": self.next_groups,
            }
