"""The careful way through a feature of a report: line by line, whatever stands there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from licstats.managers.dates import Calendar, Expiry, read_expiry
from licstats.managers.flexnet.identity import is_plain, split_identity
from licstats.managers.flexnet.parts import Block, Heading
from licstats.managers.problems import line_problem
from licstats.managers.reading import (
    FeatureType,
    Problem,
    ProblemKind,
    QueuedReading,
    ReservationReading,
    SessionReading,
)

Match = re.Match[str]
SAME_BORROW = timedelta(minutes=2)


class HeadingReader:
    """Takes the lines under one heading. `waiting` are the places of sessions whose identity other lines decide."""

    KINDS = frozenset({"entry", "block", "vendor_string", "type", "reservation", "no_feature"})

    def __init__(self, found: Match, vendor: str, line: int, calendar: Calendar) -> None:
        self.calendar = calendar
        self.heading = _open_heading(found, vendor, line)
        self.sessions: list[SessionReading] = []
        self.lines: list[str] = []
        self.waiting: list[tuple[list[SessionReading], int]] = []
        self.doubtful = False  # a line was not understood that could have been another heading

    def takes(self, kind: str, found: Match, line: int) -> bool:
        """Reads a line of one of KINDS; False where it must belong to another feature."""
        if self.doubtful and kind in {"entry", "block"}:
            self.doubtful = False
            self.close()
            other = kind == "block" and found["block_name"].lower() != self.heading.name.lower()
            in_use = self.heading.in_use
            if other or (in_use is not None and self.heading.count().accounted >= in_use):
                return False
        getattr(self, f"_take_{kind}")(found, line)
        return True

    def doubt(self) -> None:
        """Where a line was not understood: more than is reported in use would be somebody else's."""
        self.doubtful = True

    def close(self) -> Heading:
        if self.heading.blocks:
            block = self.heading.blocks[-1]
            lines = "\n".join(self.lines)
            block.sessions, block.source = self.sessions, (lines, 0, len(lines))
        return self.heading

    def _block(self) -> Block:
        """The block that a line belongs to; lines may come without any."""
        if not self.heading.blocks:
            self._open_block(Block())
        return self.heading.blocks[-1]

    def _open_block(self, block: Block) -> None:
        self.close()
        self.heading.blocks.append(block)
        self.sessions, self.lines = [], []

    def _take_block(self, found: Match, line: int) -> None:
        expiry = read_expiry(found["expiry"]) if found["expiry"] else Expiry()
        if expiry is None:
            self._add(ProblemKind.DATE, f"'{found['expiry']}' is not a date.", line, found[0])
        self._open_block(Block(found["block_version"], found["block_vendor"], expiry=expiry or Expiry()))

    def _take_vendor_string(self, found: Match, line: int) -> None:
        """The vendor's own text: nothing that is shown."""

    def _take_type(self, found: Match, line: int) -> None:
        self._block().type = FeatureType.FLOATING if found["floating"] else FeatureType.NODE_LOCKED

    def _take_reservation(self, found: Match, line: int) -> None:
        kind = found["reserved_kind"].lower()
        self._block().reservations.append(ReservationReading(kind, found["reserved_for"], int(found["reserved"])))

    def _take_no_feature(self, found: Match, line: int) -> None:
        self.heading.in_use = None
        self._add(ProblemKind.FEATURE, f"The license server does not know {self.heading.name}.", line, found[0])

    def _take_entry(self, found: Match, line: int) -> None:
        identity = found["identity"] or ""
        if found["queued"]:
            names = split_identity(identity)
            waiting = QueuedReading(*names, int(found["queued"]), found["version"], identity.strip())
            self._block().queue.append(waiting)
            return
        checked_out_at = self._checked_out_at(found, line)
        borrow_expires_at, linger = self._borrowed(found, checked_out_at)
        self._block()
        if not is_plain(identity):
            self.waiting.append((self.sessions, len(self.sessions)))
            self.heading.stable = False
        user, host, display = split_identity(identity)
        self.lines.append(found[0])
        self.sessions.append(
            SessionReading(
                user=user,
                host=host,
                display=display,
                version=found["version"],
                server_host=found["server_host"],
                port=found["port"],
                handle=found["handle"] or "",
                used=int(found["count"] or 1),
                checked_out_at=checked_out_at,
                borrow_expires_at=borrow_expires_at,
                linger=linger,
                raw=identity,
            )
        )

    def _checked_out_at(self, found: Match, line: int) -> datetime | None:
        weekday, day, clock = found["weekday"], found["day"], found["clock"]
        moment = self.calendar.resolve(weekday, day, clock)
        if moment is None:
            message = f"No year fits {weekday} {day} {clock}: the checkout time is unknown."
            self._add(ProblemKind.DATE, message, line, found[0])
        elif self.calendar.is_old(moment.date()):
            message = f"{weekday} {day} fits only {moment.year}, more than a year before the report."
            self._add(ProblemKind.DATE, message, line, found[0])
        return moment

    def _borrowed(self, found: Match, checked_out_at: datetime | None) -> tuple[datetime | None, int | None]:
        """When the borrowed license returns, and its linger time in seconds.

        `(linger: LEFT / TOTAL)` with something left is borrowed, and one number is the total. What is left counts
        from the report, whose minute is cut off; the end counted from the checkout is preferred where both agree,
        as it stays the same in each report.
        """
        if found["linger"] is None:
            return None, None
        if found["linger_total"] is None:
            total = int(found["linger"])
            return (_later(checked_out_at, total) if total else None), total
        left, total = int(found["linger"]), int(found["linger_total"])
        if not (left and total):
            return None, total
        self.heading.stable = False
        end, start_end = _later(self.calendar.reported_at, left), _later(checked_out_at, total)
        if end and start_end and abs(end - start_end) <= SAME_BORROW:
            return start_end, total
        return end, total

    def _add(self, kind: ProblemKind, message: str, line: int, text: str) -> None:
        self.heading.problems.append(Problem(kind, message, line, text.strip(), self.heading.vendor, self.heading.name))

    def add_unknown(self, line: int, text: str, message: str) -> None:
        self.heading.problems.append(line_problem(line, text, message, self.heading.vendor, self.heading.name))


def _open_heading(found: Match, vendor: str, line: int) -> Heading:
    name = found["feature"].strip()
    heading = Heading(name, vendor, line, found[0].strip())
    if found["issued"] is not None:
        heading.total, heading.in_use = int(found["issued"]), int(found["in_use"])
    elif found["uncounted"]:
        heading.uncounted = True
    elif found["unsupported"]:
        heading.total = int(found["unsupported"])
        message = f"The license server does not support {name}: how many are in use is unknown."
        heading.problems.append(Problem(ProblemKind.FEATURE, message, line, heading.text, vendor, name))
    else:
        message = f"The license server does not tell who uses {name}: {found['refusal'].strip()}"
        heading.problems.append(Problem(ProblemKind.FEATURE, message, line, heading.text, vendor, name))
    return heading


def _later(start: datetime | None, seconds: int) -> datetime | None:
    try:
        return start and start + timedelta(seconds=seconds)
    except OverflowError:
        return None
