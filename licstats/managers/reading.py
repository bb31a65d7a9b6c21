"""A `Reading` is everything that one query of one license server said.

The field names are the words of the field and those of `licstats parse`'s JSON. Times are aware; dates are dates.
All classes are frozen: a reading is evidence and is never corrected, only read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Whether something answers."""

    UP = "up"
    DOWN = "down"


class Verdict(StrEnum):
    """How far a reading can be trusted, and so what it may close."""

    COMPLETE = "complete"  # ended as it should and every line was understood
    PARTIAL = "partial"  # cut off, lines not understood, or a vendor daemon did not answer
    FAILED = "failed"  # nothing usable


class FeatureType(StrEnum):
    """The license manager's own sense of a feature's type; UNKNOWN until it was printed once."""

    FLOATING = "floating"
    NODE_LOCKED = "node-locked"
    TOKEN = "token"  # noqa: S105 - a license type, not a secret
    UNKNOWN = ""


class ProblemKind(StrEnum):
    """What is wrong with a part of an output."""

    CUT = "cut"  # the output ends too early
    LINE = "line"  # a line that was not understood
    DAEMON = "daemon"  # a vendor daemon did not answer
    SERVER = "server"  # the license server, or a node of a triad, did not answer
    TOTALS = "totals"  # what is reported as used is not what was seen
    DATE = "date"  # a time without a year that fits no year
    TOOL = "tool"  # the tool is missing, timed out, printed too much, or is the wrong one
    CATALOGUE = "catalogue"  # the list of versions does not agree with the status report
    FEATURE = "feature"  # the license server does not tell about one feature


# They leave a reading complete; so does SERVER for one node of a triad that serves.
HARMLESS = frozenset({ProblemKind.TOTALS, ProblemKind.DATE, ProblemKind.CATALOGUE, ProblemKind.FEATURE})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the output that is not as it should be, with the text as it was printed."""

    kind: ProblemKind
    message: str
    line: int | None = None  # 1-based, in the output of the status command
    text: str = ""
    vendor: str = ""
    feature: str = ""


@dataclass(frozen=True, slots=True)
class ServerNode:
    """One machine of a license server; a redundant triad has three."""

    host: str
    status: Status
    role: str = ""  # "master" or ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class DaemonReading:
    """One vendor daemon."""

    vendor: str
    status: Status
    version: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """The licenses of one feature that share an expiration date. `total` None: uncounted, or not told per pool."""

    total: int | None
    expires: date | None = None
    permanent: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class ReservationReading:
    """Licenses set aside and idle: `kind` is user, group, host, host_group, ... in lower case."""

    kind: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class QueuedReading:
    """A request that waits for licenses. Never part of what is used."""

    user: str
    host: str
    display: str
    count: int
    version: str = ""
    raw: str = ""


class SessionReading(NamedTuple):
    """One open checkout. Times are in UTC; None where the license manager does not tell or it cannot be known.

    A named tuple, as readings hold them by the hundred thousand and these are made in a third of the time.
    """

    user: str
    host: str
    ip: str = ""
    display: str = ""
    version: str = ""  # the version that was checked out
    server_host: str = ""
    port: str = ""  # text: redacted reports print the word "port"
    handle: str = ""
    used: int = 1
    checked_out_at: datetime | None = None
    borrow_expires_at: datetime | None = None  # set: the session is borrowed
    linger: int | None = None  # seconds that the license is kept after the program ended; None: no linger
    raw: str = ""  # the identity as printed, before user, host and display were told apart


@dataclass(frozen=True, slots=True)
class FeatureReading:
    """One feature: its identity, its figures and who holds it.

    `total` None is unlimited or uncounted; `used` None is "in use unknown" - neither is ever 0.
    `used` is what is reported in use less the idle reservations that are counted in; those stand in `reserved`,
    requests that wait in `queued`.
    `version_listed` True: (name, version, type) is the identity. False: the version (and type) are only the highest
    (and last) that were seen in use and may be empty; the heading is the feature, `place` its place among headings
    of the same vendor and name.
    """

    vendor: str
    name: str
    version: str = ""
    type: FeatureType = FeatureType.UNKNOWN
    total: int | None = None
    used: int | None = 0
    borrowed: int = 0
    reserved: int = 0
    queued: int = 0
    denied: int | None = None
    expires: date | None = None  # the soonest; with all pools expired, the oldest
    permanent: bool = False
    version_listed: bool = True
    place: int = 0
    adds_up: bool = True  # False: more is reported in use than was seen
    pools: tuple[Pool, ...] = ()
    sessions: tuple[SessionReading, ...] = ()
    reservations: tuple[ReservationReading, ...] = ()
    queue: tuple[QueuedReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one query of one license server said. A failed reading has problems and nothing else."""

    status: Status
    verdict: Verdict
    at: datetime  # our clock when the query was made
    reported_at: datetime | None = None  # the report's own date, which shows a clock that differs
    servers: tuple[ServerNode, ...] = ()
    daemons: tuple[DaemonReading, ...] = ()
    features: tuple[FeatureReading, ...] = ()
    problems: tuple[Problem, ...] = ()
