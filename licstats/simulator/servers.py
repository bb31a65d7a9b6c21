"""A license server: what it serves, and the rules by which licenses are handed out, queued for and returned."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from licstats.simulator.licenses import Feature, Holder, Kind, Pool, Request, Reservation, Session
from licstats.simulator.troubles import Trouble

OLD_HANDLES = 40  # a handle is given again once so many others have been returned


@dataclass(slots=True, eq=False)
class LicenseServer:
    """One deployment, with all that it serves. A redundant triad has three hosts."""

    name: str
    manager: Literal["flexnet", "lmx"]
    hosts: tuple[str, ...]
    port: int
    zone: ZoneInfo
    site: str
    version: str
    up_since: float
    interval: int = 60  # how often it is to be polled, seconds
    description: str = ""
    prints_pid: bool = False
    trouble: Trouble = field(default_factory=Trouble)
    features: list[Feature] = field(default_factory=list)
    handles: dict[int, Session] = field(default_factory=dict)
    _by_name: dict[str, list[Feature]] = field(default_factory=dict)
    _last_handle: int = 100
    _free_handles: deque[int] = field(default_factory=deque)

    @property
    def address(self) -> str:
        return ",".join(f"{self.port}@{host}" for host in self.hosts)

    @property
    def vendors(self) -> list[str]:
        return list(dict.fromkeys(feature.vendor for feature in self.features))

    @property
    def serves(self) -> bool:
        """A triad serves as long as most of its hosts are up."""
        alive = [host for host in self.hosts if host not in self.trouble.nodes_down]
        return not self.trouble.down and len(alive) * 2 > len(self.hosts)

    def sessions(self) -> Iterator[Session]:
        return iter(self.handles.values())

    def find(self, name: str, vendor: str = "") -> list[Feature]:
        return [f for f in self._by_name.get(name, ()) if vendor in ("", f.vendor)]

    def feature(self, name: str, vendor: str = "") -> Feature:
        found = self.find(name, vendor)
        if not found:
            raise KeyError(f"{self.name} has no feature {name!r}")
        return found[0]

    def add_feature(self, name: str, vendor: str) -> Feature:
        feature = Feature(name, vendor)
        self.features.append(feature)
        self._by_name.setdefault(name, []).append(feature)
        return feature

    def add_pool(
        self,
        feature: Feature,
        version: str,
        count: int | None,
        expires: date | None = None,
        kind: Kind = Kind.FLOATING,
        note: str = "",
    ) -> Pool:
        pool = Pool(feature, version, count, expires, kind, note)
        if expires:
            pool.ends = datetime.combine(expires + timedelta(days=1), time(), self.zone).timestamp()
        feature.pools.append(pool)
        feature.text = None
        return pool

    def reserve(self, pool: Pool, kind: str, name: str, count: int) -> Reservation:
        reservation = Reservation(kind, name, count, count)
        pool.reservations.append(reservation)
        pool.feature.text = None
        return reservation

    def checkout(
        self,
        feature: Feature,
        holder: Holder,
        at: float,
        count: int = 1,
        version: str = "",
        borrowed_for: float | None = None,
    ) -> Session | None:
        """A session from the first pool that has room; None where none has."""
        for pool in feature.pools:
            if at < pool.ends and pool.has_room(holder, count):
                return self.open(pool, holder, at, count, version, borrowed_for)
        return None

    def open(
        self,
        pool: Pool,
        holder: Holder,
        at: float,
        count: int = 1,
        version: str = "",
        borrowed_for: float | None = None,
        handle: int | None = None,
    ) -> Session:
        """A session of this very pool, whether or not it has room."""
        handle = self._new_handle() if handle is None else handle
        reservation = pool.reservation_for(holder, count)
        session = Session(pool, holder, version or pool.version, handle, count, at, borrowed_for, reservation)
        if reservation:
            reservation.idle -= count
        pool.sessions[handle] = self.handles[handle] = session
        pool.used += count
        pool.borrowed += borrowed_for is not None
        pool.feature.text = None
        return session

    def queue(
        self,
        feature: Feature,
        holder: Holder,
        at: float,
        count: int = 1,
        version: str = "",
        granted: Callable[[Session], None] | None = None,
    ) -> Request:
        """Somebody waits for licenses of the feature's largest pool."""
        pool = max(feature.pools, key=lambda pool: pool.count or 0)
        request = Request(pool, holder, version or pool.version, self._new_handle(), count, at, granted)
        pool.queue.append(request)
        feature.text = None
        return request

    def leave_queue(self, request: Request) -> None:
        if request in request.pool.queue:
            request.pool.queue.remove(request)
            request.pool.feature.text = None
            self._free_handles.append(request.handle)

    def close(self, session: Session, at: float) -> None:
        """The license goes back to its pool, and to those who wait for it. Whoever lost it returns what followed it."""
        if not session.open:
            session.running = False
            if session.successor:
                self.close(session.successor, at)
            return
        session.open = False
        pool = session.pool
        del pool.sessions[session.handle], self.handles[session.handle]
        self._free_handles.append(session.handle)
        pool.used -= session.used
        pool.borrowed -= session.borrowed_for is not None
        if session.reservation:
            session.reservation.idle += session.used
        pool.feature.text = None
        self._serve_queue(pool, at)

    def _serve_queue(self, pool: Pool, at: float) -> None:
        for request in list(pool.queue):
            if not pool.has_room(request.holder, request.count):
                return
            pool.queue.remove(request)
            session = self.open(pool, request.holder, at, request.count, request.version, handle=request.handle)
            if request.granted:
                request.granted(session)

    def _new_handle(self) -> int:
        if len(self._free_handles) > OLD_HANDLES:
            handle = self._free_handles.popleft()
            if handle not in self.handles:
                return handle
        self._last_handle += 100 if self._last_handle % 3 else 101
        while self._last_handle in self.handles:
            self._last_handle += 1
        return self._last_handle
