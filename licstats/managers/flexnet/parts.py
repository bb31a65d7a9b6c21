"""What a report consists of while it is being read: headings, the blocks under them, and what stands around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from licstats.managers.dates import NOT_TOLD, Expiry
from licstats.managers.problems import Problems
from licstats.managers.reading import (
    DaemonReading,
    FeatureType,
    Problem,
    QueuedReading,
    ReservationReading,
    ServerNode,
    SessionReading,
)

used_of = attrgetter("used")


@dataclass(slots=True, eq=False)
class Block:
    """What stands under one `"NAME" vVERSION` line: the licenses of one line of the license file."""

    version: str = ""
    vendor: str = ""
    type: FeatureType = FeatureType.UNKNOWN
    expiry: Expiry = NOT_TOLD
    sessions: Sequence[SessionReading] = ()
    reservations: list[ReservationReading] = field(default_factory=list)
    queue: list[QueuedReading] = field(default_factory=list)
    source: tuple[str, int, int] = ("", 0, 0)  # a text, and where in it the lines of the sessions begin and end

    @property
    def body(self) -> str:
        """The lines of the sessions, in their order."""
        text, start, end = self.source
        return text[start:end]

    @property
    def seen(self) -> int:
        return sum(map(used_of, self.sessions))

    @property
    def reserved(self) -> int:
        return sum([reservation.count for reservation in self.reservations])


class Figures(NamedTuple):
    """What was seen under a heading: licenses of checkouts, idle reservations, and the number of checkouts."""

    seen: int
    reserved: int
    checkouts: int

    @property
    def accounted(self) -> int:
        return self.seen + self.reserved


@dataclass(slots=True, eq=False)
class Heading:
    """One `Users of NAME` line with all that belongs to it. Never changed once its output is read.

    `total` None: uncounted or not told. `in_use` None: not told; unless it is uncounted, as the license server
    could not say.
    """

    name: str
    vendor: str
    line: int  # where it stood when it was read, 1-based
    text: str
    total: int | None = None
    in_use: int | None = None
    uncounted: bool = False
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # with lines as of `line`
    lines: int = 0  # that it takes up, with its own
    stable: bool = True  # False: its text alone does not tell what it says

    _figures: Figures | None = None

    def count(self) -> Figures:
        """The figures of what was read so far."""
        return Figures(
            sum([block.seen for block in self.blocks]),
            sum([block.reserved for block in self.blocks]),
            sum([len(block.sessions) for block in self.blocks]),
        )

    @property
    def figures(self) -> Figures:
        """The figures, once all of it is read."""
        if self._figures is None:
            self._figures = self.count()
        return self._figures

    @property
    def adds_up(self) -> bool:
        """Whether not more is reported in use than was seen; nothing can be missing of what is not counted."""
        return self.uncounted or (self.in_use is not None and self.in_use <= self.figures.accounted)


@dataclass(slots=True)
class Placed:
    """A heading where it stands in this output: it may have been read from an equal text at another line."""

    heading: Heading
    line: int
    report: int  # the number of status dates above it
    server: str  # the address in the status line above it


@dataclass(slots=True)
class ServerBlock:
    """What is said under one `License server status` line."""

    address: str = ""
    line: int = 0
    nodes: list[ServerNode] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """All that one output says, before it is made into a Reading."""

    today: date
    reported_at: datetime | None = None
    date_lines: list[int] = field(default_factory=list)
    servers: list[ServerBlock] = field(default_factory=list)
    daemons: list[DaemonReading] = field(default_factory=list)
    headings: list[Placed] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    failures: list[Problem] = field(default_factory=list)  # error texts of the tool
    awaits: str = ""  # what would still have come in a whole output

    @property
    def nodes(self) -> list[ServerNode]:
        return [node for server in self.servers for node in server.nodes]
