"""Reads an `lmstat -a` output from top to bottom into a Report: what it says, and each line that it does not."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from licstats.managers.base import Memo
from licstats.managers.decoding import plain_line_ends
from licstats.managers.flexnet.careful import HeadingReader
from licstats.managers.flexnet.checkouts import read_usual
from licstats.managers.flexnet.ending import add_broken_line, is_exact, judge_end
from licstats.managers.flexnet.identity import split_identity
from licstats.managers.flexnet.memory import Memory, Place
from licstats.managers.flexnet.parts import Heading, Placed, Report
from licstats.managers.flexnet.patterns import HEADING_START, LIKE_A_HEADING, LINE, LONGEST_LINE
from licstats.managers.flexnet.surroundings import Surroundings
from licstats.managers.problems import line_problem, moved
from licstats.managers.reading import SessionReading

NOT_UNDERSTOOD = "This line was not understood."
NO_FEATURE = "This line belongs to no feature: its heading is missing or was not understood."


def read_report(text: str, at: datetime, zone: ZoneInfo, memo: Memo | None) -> tuple[Report, Memory]:
    """All that `text` says. `at` is our time of the query: it dates a report that does not tell its own date.

    The caller lets the memory be stored, once it has added the features that it made.
    """
    text = plain_line_ends(text)
    memory = Memory(memo)
    report = _ReportReader(at, zone, memory).read(text)
    if not text.endswith("\n") and not is_exact(report):
        whole, end, last_line = text.rpartition("\n")
        memory = Memory(memo)
        report = _ReportReader(at, zone, memory).read(whole + end)
        add_broken_line(report, last_line, text.count("\n") + 1)
    else:
        judge_end(report, text)
    return report, memory


class _ReportReader:
    """Takes features in the usual shape as a whole, and everything else line by line."""

    def __init__(self, at: datetime, zone: ZoneInfo, memory: Memory) -> None:
        self.memory = memory
        self.report = Report(today=at.astimezone(zone).date())
        self.around = Surroundings(self.report, at, zone, memory)
        self.heading: HeadingReader | None = None
        self.careful: list[tuple[HeadingReader, Heading | None]] = []
        self.headings_by_text: Counter[tuple[str, str]] = Counter()
        self.pure = True  # nothing but one heading was read since it began
        self.line = 1

    def read(self, text: str) -> Report:
        first, *pieces = text.split(HEADING_START)
        if first.startswith(HEADING_START[1:]):
            pieces.insert(0, first.removeprefix(HEADING_START[1:]))
        else:
            self._read_lines(first, None)
        for piece in pieces:
            self._read_piece(piece)
        self._finish_careful()
        return self.report

    def _read_piece(self, piece: str) -> None:
        key = (self.around.vendor, piece[:200].partition("(")[0])
        self.headings_by_text[key] += 1
        place: Place = (*key, self.headings_by_text[key])
        calendar = self.around.calendar  # before anything is recalled, as it may forget
        text, last = self.memory.headings.get(place, ("", None))
        if last and text == piece:
            heading: Heading | None = last
        else:
            heading = read_usual(piece, key[0], self.line, calendar, last if last and last.stable else None)
        if heading:
            self._place(heading, self.line)
            self.memory.keep(place, piece, heading)
            self.line += heading.lines
            return
        placed, self.pure = len(self.report.headings), True
        self._read_lines(HEADING_START[1:] + piece, last)
        if self.pure and len(self.report.headings) == placed + 1:
            heading = self.report.headings[-1].heading
            heading.lines = piece.count("\n") + 1
            self.memory.keep(place, piece, heading)

    def _place(self, heading: Heading, line: int) -> None:
        around, report = self.around, self.report
        report.awaits = ""
        report.headings.append(Placed(heading, line, len(report.date_lines), around.server))
        for problem in moved(heading.problems, line - heading.line):
            report.problems.add(problem)

    def _read_lines(self, text: str, last: Heading | None) -> None:
        for line in text.split("\n"):
            if line and not line.isspace():
                self._read_line(line, last)
            self.line += 1
        self._close_heading()

    def _read_line(self, text: str, last: Heading | None) -> None:
        found = LINE.fullmatch(text) if len(text) <= LONGEST_LINE else None
        kind = found.lastgroup.removeprefix("is_") if found and found.lastgroup else ""
        if not found or not kind:
            self._not_understood(text)
        elif kind == "heading":
            self._close_heading()
            self.heading = HeadingReader(found, self.around.vendor, self.line, self.around.calendar)
            self.careful.append((self.heading, last))
        elif kind in HeadingReader.KINDS:
            if not (self.heading and self.heading.takes(kind, found, self.line)):
                self._close_heading()
                self._add_line(text, NO_FEATURE)
        else:
            self._close_heading()
            self.pure = False
            self.around.take(kind, found, self.line)

    def _not_understood(self, text: str) -> None:
        if self.around.takes_wrapped(text):
            return
        if not self.heading:
            self._add_line(text, NOT_UNDERSTOOD)
            return
        self.heading.add_unknown(self.line, text, NOT_UNDERSTOOD)
        if LIKE_A_HEADING.search(text[:LONGEST_LINE]):
            self._close_heading()
        elif not text[0].isspace():
            self.heading.doubt()

    def _add_line(self, text: str, message: str) -> None:
        self.pure = False
        self.report.problems.add(line_problem(self.line, text, message))

    def _close_heading(self) -> None:
        if self.heading:
            heading = self.heading.close()
            self._place(heading, heading.line)
            self.heading = None

    def _finish_careful(self) -> None:
        """Decides identities that need the hosts of other lines, and takes over the sessions of equal lines."""
        hosts: set[str] | None = None
        for reader, last in self.careful:
            for sessions, at in reader.waiting:
                if hosts is None:
                    hosts = self._plain_hosts()
                raw = sessions[at].raw
                user, host, display = split_identity(raw, hosts)
                sessions[at] = sessions[at]._replace(user=user, host=host, display=display, raw=raw.rstrip())
            if last:
                _take_over(reader.heading, last)

    def _plain_hosts(self) -> set[str]:
        waiting = {id(sessions[at]) for reader, _ in self.careful for sessions, at in reader.waiting}
        return {
            session.host
            for placed in self.report.headings
            for block in placed.heading.blocks
            for session in block.sessions
            if id(session) not in waiting
        }


def _take_over(heading: Heading, last: Heading) -> None:
    """Replaces sessions by the equal ones of the last reading, so that both are the same object."""
    known: dict[str, SessionReading] = {}
    for block in last.blocks:
        known.update(zip(block.body.split("\n"), block.sessions, strict=False))
    for block in heading.blocks:
        pairs = zip(block.body.split("\n"), block.sessions, strict=False)
        block.sessions = [old if (old := known.get(line)) == session else session for line, session in pairs]
