"""What a license server hands out: features, their pools, who holds or awaits what. Times: seconds since 1970."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

UNLIMITED = 2_147_483_647  # what LM-X prints where there is no limit


class Kind(StrEnum):
    """How the licenses of a pool are bound."""

    FLOATING = "floating"
    NODE_LOCKED = "node-locked"
    UNCOUNTED = "uncounted"  # node-locked without a count


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks for a license, and from where. `display` None: the program tells none."""

    user: str
    host: str
    display: str | None = None
    ip: str = ""
    groups: tuple[str, ...] = ()
    pid: int | None = None


@dataclass(slots=True, eq=False)
class Reservation:
    """Licenses that only some may take: `idle` of `count` are not taken."""

    kind: str  # USER, HOST, DISPLAY, GROUP or HOST_GROUP
    name: str
    count: int
    idle: int

    def admits(self, holder: Holder) -> bool:
        mine = {"USER": (holder.user,), "HOST": (holder.host,), "DISPLAY": (holder.display,)}
        return self.name in mine.get(self.kind, holder.groups)


@dataclass(slots=True, eq=False)
class Session:
    """One open checkout."""

    pool: Pool
    holder: Holder
    version: str
    handle: int
    used: int
    start: float
    borrowed_for: float | None = None  # seconds from `start`
    reservation: Reservation | None = None
    open: bool = True
    running: bool = True  # the program is there and would ask again if it lost its license
    successor: Session | None = None  # that the same program took when it had lost this one
    text: str = ""  # as its license manager prints it, but for what changes with time

    @property
    def borrowed_until(self) -> float | None:
        return None if self.borrowed_for is None else self.start + self.borrowed_for


@dataclass(slots=True, eq=False)
class Request:
    """Somebody who waits for licenses; `granted` is called with the session once there is one."""

    pool: Pool
    holder: Holder
    version: str
    handle: int
    count: int
    since: float
    granted: Callable[[Session], None] | None = None


@dataclass(slots=True, eq=False)
class Pool:
    """Licenses of one feature that share version, expiration date and kind. `count` None: uncounted."""

    feature: Feature
    version: str
    count: int | None
    expires: date | None = None  # None: permanent
    kind: Kind = Kind.FLOATING
    note: str = ""  # the vendor's own string
    ends: float = math.inf  # no checkout from then on
    used: int = 0
    sessions: dict[int, Session] = field(default_factory=dict)
    reservations: list[Reservation] = field(default_factory=list)
    queue: list[Request] = field(default_factory=list)
    borrowed: int = 0  # sessions

    @property
    def idle_reserved(self) -> int:
        return sum(reservation.idle for reservation in self.reservations)

    def reservation_for(self, holder: Holder, count: int) -> Reservation | None:
        for reservation in self.reservations:
            if reservation.idle >= count and reservation.admits(holder):
                return reservation
        return None

    def has_room(self, holder: Holder, count: int) -> bool:
        if self.count is None:
            return True
        if not self.reservations:
            return self.count - self.used >= count
        if self.reservation_for(holder, count):
            return True
        return self.count - self.used - self.idle_reserved >= count


@dataclass(slots=True, eq=False)
class Feature:
    """A thing one can check out. `text` is its printed part, None when something of it has changed since."""

    name: str
    vendor: str
    pools: list[Pool] = field(default_factory=list)
    since: date | None = None  # LM-X tells when licenses begin
    sharing: str = ""  # LM-X: on what checkouts share
    unsupported: bool = False  # FlexNet: the license file names it, the vendor daemon does not serve it
    text: str | None = None

    @property
    def total(self) -> int | None:
        """None: uncounted."""
        if any(pool.count is None for pool in self.pools):
            return None
        return sum(pool.count or 0 for pool in self.pools)

    @property
    def used(self) -> int:
        return sum(pool.used for pool in self.pools)

    @property
    def idle_reserved(self) -> int:
        return sum(pool.idle_reserved for pool in self.pools)

    def sessions(self) -> list[Session]:
        return [session for pool in self.pools for session in pool.sessions.values()]
