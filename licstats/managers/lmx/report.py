"""Reads the text of `lmxendutil -licstat`: servers, and under each the features with their checkouts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from licstats.managers.dates import PLAUSIBLE_YEARS, Expiry, local_time
from licstats.managers.problems import LONGEST_TEXT, Problems, line_problem, moved
from licstats.managers.reading import FeatureType, Problem, ProblemKind, ServerNode, SessionReading, Status

UNLIMITED = 2_147_483_647  # printed as the total of licenses without a limit
LONGEST_LINE = 20_000  # characters; a longer one is not a line of lmxendutil

_NUMBER = r"\d{1,15}"
_DAY = r"\d{4}-\d{2}-\d{2}"
_TIME = rf"{_DAY}[ ]\d{{1,2}}:\d{{2}}(?::\d{{2}})?"
_KINDS = {
    "used_by": rf"""
        [ \t]* (?P<count>{_NUMBER})[ ]license\(?s?\)?[ ]used[ ]by[ ](?P<user>.*)@(?P<host>[^@\[]*?)
        (?:[ \t]*\[(?P<ip>[^\[\]]*)\])? [ \t]*:?[ \t]*""",
    "times": rf"""
        [ \t]* (?: Login[ ]time:[ \t]*(?P<login>{_TIME})[ \t]* )?
        (?: Checkout[ ]time:[ \t]*(?P<checkout>{_TIME}) | Borrow[a-z ]*:[ \t]*(?P<borrow>{_TIME}) ) [ \t]*""",
    "shared": r"[ \t]* Shared[ ]on[ ].*",
    "feature": r"""
        [ \t]* Feature:[ \t]*(?P<name>\S.*?)[ \t]+Version:[ \t]*(?P<version>\S+)[ \t]+Vendor:[ \t]*(?P<vendor>.*?)
        [ \t]*""",
    "dates": rf"""
        [ \t]* Start[ ]date:[ \t]*(?:{_DAY}|[A-Z]+)[ \t]+Expire[ ]date:[ \t]*(?P<expires>{_DAY}|[A-Z]+) [ \t]*""",
    "key": r"[ \t]* Key[ ]type:[ \t]*(?P<key>.*?)[ \t]*(?:License[ ]sharing:.*)?",
    "figures": rf"[ \t]* (?P<used>{_NUMBER})[ ]of[ ](?P<total>{_NUMBER})[ ]license\(?s?\)?[ ]used:? [ \t]*",
    "server": r"[ \t]* LM-X[ ]License[ ]Server[ ]on[ ](?P<address>\S+?):? [ \t]*",
    "server_version": r"[ \t]* Server[ ]version:[ \t]*v?(?P<server_version>\S+).*",
    "banner": r"""
        [ \t]* (?: LM-X[ ]End-user[ ]Utility\b.* | Copyright[ ]\(C\).* | LM-X[ ]license[ ]server\(s\):
            | \+{10,} | -{10,} ) [ \t]*""",
    "failure": r"[ \t]* (?: XF[ ]Error:.* | There[ ]are[ ]no[ ]license[ ]server\(s\)[ ]available.* )",
}
LINE = re.compile(
    "|".join(f"(?P<is_{kind}> {pattern} )" for kind, pattern in _KINDS.items()),
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
FEATURE_START = re.compile(r"(?m)^(?=[ \t]*Feature:[ \t])")
ADVICE = "check the address, the firewall, and that the license server runs"


@dataclass(slots=True, eq=False)
class Block:
    """One feature as one license server printed it, or one expiration date of it."""

    vendor: str
    name: str
    version: str
    line: int  # where it stood when it was read, 1-based
    text: str
    type: FeatureType = FeatureType.FLOATING
    expiry: Expiry = Expiry()  # noqa: RUF009 - an immutable value
    total: int | None = None
    used: int | None = None  # None: the line that tells it is missing
    sessions: list[SessionReading] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # with lines as of `line`

    @property
    def seen(self) -> int:
        return sum([session.used for session in self.sessions])


@dataclass(slots=True)
class Placed:
    """A block where it stands in this output."""

    block: Block
    line: int
    server: int  # the place of the server that printed it


@dataclass(slots=True)
class Report:
    """All that one output says."""

    servers: list[ServerNode] = field(default_factory=list)
    blocks: list[Placed] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    failures: list[Problem] = field(default_factory=list)
    awaits: str = ""


class ReportReader:
    """Reads a text piece by piece, each a feature; `known` holds the pieces of the last reading that were whole."""

    def __init__(self, zone: ZoneInfo, known: dict[str, Block]) -> None:
        self.zone = zone
        self.known = known
        self.next_known: dict[str, Block] = {}
        self.report = Report()
        self.block: Block | None = None
        self.pending: tuple[SessionReading, int, str] | None = None  # a checkout whose times come next
        self.pure = True
        self.line = 1

    def read(self, text: str) -> Report:
        for piece in FEATURE_START.split(text):
            known = self.known.get(piece)
            if known:
                self.report.awaits = ""
                self._place(known, self.line)
                self.next_known[piece] = known
                self.line += piece.count("\n")
            else:
                self._read_piece(piece)
        return self.report

    def _read_piece(self, piece: str) -> None:
        placed, self.pure = len(self.report.blocks), True
        *lines, rest = piece.split("\n")
        for line in [*lines, rest] if rest else lines:
            if line and not line.isspace():
                self._read_line(line)
            self.line += 1
        self._close_block()
        if self.pure and len(self.report.blocks) == placed + 1:
            self.next_known[piece] = self.report.blocks[-1].block

    def _read_line(self, text: str) -> None:
        found = LINE.fullmatch(text) if len(text) <= LONGEST_LINE else None
        kind = found.lastgroup.removeprefix("is_") if found and found.lastgroup else "unknown"
        if self.pending and kind not in {"times", "shared"}:
            self._drop_pending()
        if not found:
            self._add_unknown(self.line, text, "This line was not understood.")
        elif kind in {"used_by", "times", "dates", "key", "figures"} and not self.block:
            self._add_unknown(self.line, text, "This line belongs to no feature: its heading was not understood.")
        else:
            take = getattr(self, f"_take_{kind}", None)
            if take:  # else banners, and what a license is shared on: nothing that is shown
                take(found)

    def _take_server(self, found: re.Match[str]) -> None:
        self._close_block()
        self.pure = False
        host = found["address"].partition("@")[2] or found["address"]
        self.report.servers.append(ServerNode(host, Status.DOWN))
        self.report.awaits = f"the state of {host}"

    def _take_server_version(self, found: re.Match[str]) -> None:
        self.pure = False
        host = self.report.servers.pop().host if self.report.servers else ""
        self.report.servers.append(ServerNode(host, Status.UP, version=found["server_version"]))
        self.report.awaits = f"the features of {host or 'the license server'}"

    def _take_failure(self, found: re.Match[str]) -> None:
        self._close_block()
        self.pure = False
        self.report.awaits = ""
        text = found[0].strip()
        where = f"{self.report.servers[-1].host}: " if self.report.servers else ""
        message = f"{where}{text.rstrip('.!')}: {ADVICE}."
        self.report.failures.append(Problem(ProblemKind.SERVER, message, self.line, text[:LONGEST_TEXT]))

    def _take_feature(self, found: re.Match[str]) -> None:
        self._close_block()
        self.block = Block(found["vendor"], found["name"], found["version"], self.line, found[0].strip())
        self.report.awaits = ""

    def _take_dates(self, found: re.Match[str]) -> None:
        assert self.block  # noqa: S101 - seen to by _read_line
        text = found["expires"]
        try:
            self.block.expiry = Expiry(date.fromisoformat(text)) if text[0].isdigit() else Expiry(permanent=True)
        except ValueError:
            message = f"'{text}' is not a date."
            self.block.problems.append(self._problem(ProblemKind.DATE, message, self.line, found[0]))

    def _take_key(self, found: re.Match[str]) -> None:
        assert self.block  # noqa: S101 - seen to by _read_line
        if "TOKEN" in found["key"].upper():
            self.block.type = FeatureType.TOKEN

    def _take_figures(self, found: re.Match[str]) -> None:
        assert self.block  # noqa: S101 - seen to by _read_line
        total = int(found["total"])
        self.block.used, self.block.total = int(found["used"]), None if total == UNLIMITED else total

    def _take_used_by(self, found: re.Match[str]) -> None:
        user, host = found["user"].strip(), found["host"].strip()
        session = SessionReading(user, host, found["ip"] or "", used=int(found["count"]), raw=f"{user}@{host}")
        self.pending = session, self.line, found[0]

    def _take_times(self, found: re.Match[str]) -> None:
        if not (self.pending and self.block):
            self._add_unknown(self.line, found[0], "These times belong to no checkout.")
            return
        session, self.pending = self.pending[0], None
        try:
            checked_out_at, borrow = self._time(found["checkout"] or found["login"]), self._time(found["borrow"])
        except ValueError:
            self._add_unknown(self.line, found[0], "These are no times.")
            return
        self.block.sessions.append(session._replace(checked_out_at=checked_out_at, borrow_expires_at=borrow))

    def _time(self, text: str | None) -> datetime | None:
        if not text:
            return None
        day, clock = text.split(" ")
        hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
        if int(day[:4]) not in PLAUSIBLE_YEARS:  # at the ends of time another zone has no such time
            raise ValueError(text)
        return local_time(date.fromisoformat(day), hour, minute, second, self.zone)

    def _drop_pending(self) -> None:
        """A checkout without its times is none: as one it would be taken for another than the one that is open."""
        if self.pending:
            _, line, text = self.pending
            self.pending = None
            self._add_unknown(line, text, "The times of this checkout are missing.")

    def _close_block(self) -> None:
        self._drop_pending()
        if self.block:
            block, self.block = self.block, None
            if block.used is None:
                message = f"The line that tells how many licenses of {block.name} are used is missing."
                block.problems.append(line_problem(block.line, block.text, message, block.vendor, block.name))
            self._place(block, block.line)

    def _place(self, block: Block, line: int) -> None:
        self.report.blocks.append(Placed(block, line, len(self.report.servers)))
        for problem in moved(block.problems, line - block.line):
            self.report.problems.add(problem)

    def _problem(self, kind: ProblemKind, message: str, line: int, text: str) -> Problem:
        vendor, name = (self.block.vendor, self.block.name) if self.block else ("", "")
        return Problem(kind, message, line, text.strip()[:LONGEST_TEXT], vendor, name)

    def _add_unknown(self, line: int, text: str, message: str) -> None:
        problem = self._problem(ProblemKind.LINE, message, line, text)
        if self.block:
            self.block.problems.append(problem)
        else:
            self.pure = False
            self.report.problems.add(problem)


def missing_end(report: Report) -> str:
    """What a whole output would still have brought; empty if it is whole."""
    if report.awaits:
        return f"The output ends before {report.awaits}: it was cut off."
    last = report.blocks[-1].block if report.blocks else None
    if last and (last.used is None or last.used > last.seen):
        return f"The output ends in {last.name}: {last.used} used, but only {last.seen} seen before the end."
    return ""


def is_exact(report: Report) -> bool:
    """Whether the last feature's figures prove that nothing of it is missing."""
    last = report.blocks[-1].block if report.blocks else None
    return not report.awaits and (last is None or last.used == last.seen)


def by_feature(report: Report) -> Iterator[list[Placed]]:
    """The blocks of each feature. Where several servers print one, as those of a HAL do, the first one counts."""
    groups: dict[tuple[str, str, str, FeatureType], list[Placed]] = {}
    for placed in report.blocks:
        block = placed.block
        group = groups.setdefault((block.vendor, block.name, block.version, block.type), [])
        if not group or group[0].server == placed.server:
            group.append(placed)
        elif (group[0].block.used, group[0].block.seen) != (block.used, block.seen):
            message = f"{block.name} is listed by several servers, with {block.used} used here; the first one counts."
            report.problems.add(Problem(ProblemKind.TOTALS, message, placed.line, block.text, block.vendor, block.name))
    yield from groups.values()
