"""The state of all simulated license servers, and its time.

What happens is a matter of the seed, the commands and the simulated time alone: not of how often or when it is asked.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from licstats.simulator import flexnet, lmx
from licstats.simulator.licenses import Feature, Holder, Request, Session
from licstats.simulator.servers import LicenseServer
from licstats.simulator.troubles import Refusal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Removal:
    """A request to take licenses back: who asked how, what went, and what spoke against it."""

    at: str  # ISO 8601, UTC, simulated time
    server: str
    arguments: list[str]
    removed: list[dict[str, Any]]
    refusal: str


class World:
    """License servers and their time, seconds since 1970. `advance` moves it on; what falls in between happens."""

    def __init__(self, seed: int = 0, start: datetime | None = None) -> None:
        self.random = Random(seed)
        self.now = (start or datetime.now(UTC)).timestamp()
        self.servers: dict[str, LicenseServer] = {}
        self.removals: list[Removal] = []
        self.password = ""  # of LM-X's remote administration; empty: none is asked for
        self.nobody = LicenseServer("", "flexnet", ("nobody",), 27000, ZoneInfo("UTC"), "", "", self.now)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._addresses: dict[tuple[str, str], LicenseServer] = {}

    def add_server(self, server: LicenseServer) -> LicenseServer:
        self.servers[server.name] = server
        for address in (server.address, *(f"{server.port}@{host}" for host in server.hosts)):
            self._addresses[server.manager, address.lower()] = server
        return server

    def at_address(self, address: str, manager: str) -> LicenseServer | None:
        return self._addresses.get((manager, address.lower()))

    def pick(self, choices: Sequence[T]) -> T:
        """One of them, by chance; three times as fast as `random.choice`, and called for every job that begins."""
        return choices[int(self.random.random() * len(choices))]

    def at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(when, self.now), next(self._order), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def advance(self, to: float) -> None:
        """Let happen all that is due until `to`. Time never runs back."""
        while self._events and self._events[0][0] <= to:
            when, _, action = heapq.heappop(self._events)
            self.now = max(self.now, when)
            action()
        self.now = max(self.now, to)

    def checkout(
        self, server: LicenseServer, feature: Feature, holder: Holder, count: int = 1, **options: Any
    ) -> Session | None:
        return server.checkout(feature, holder, self.now, count, **options)

    def queue(self, server: LicenseServer, feature: Feature, holder: Holder, count: int = 1, **options: Any) -> Request:
        return server.queue(feature, holder, self.now, count, **options)

    def close(self, server: LicenseServer, session: Session) -> None:
        server.close(session, self.now)

    def remove(
        self, server: LicenseServer, sessions: Sequence[Session], arguments: list[str], refusal: Refusal | None
    ) -> None:
        """Take licenses back, as an administrator's tool asked for, and write it down, refused or not."""
        removed = [describe(server, session) for session in sessions]
        at = datetime.fromtimestamp(self.now, UTC).isoformat()
        self.removals.append(Removal(at, server.name, arguments, removed, refusal or ""))
        for session in sessions:
            self.close(server, session)
            if server.trouble.again is not None and session.running:
                self.after(server.trouble.again, partial(self._take_again, server, session))

    def _take_again(self, server: LicenseServer, lost: Session) -> None:
        """A program that still runs notices at its heartbeat that its license is gone."""
        if lost.running:
            lost.successor = self.checkout(server, lost.pool.feature, lost.holder, lost.used, version=lost.version)

    def lmstat_a(self, server: str) -> str:
        return flexnet.report(self.servers[server], self.now)

    def lmstat_i(self, server: str) -> str:
        return flexnet.catalogue(self.servers[server])

    def licstat(self, server: str) -> str:
        return lmx.report(self.servers[server], self.now)

    def state(self, server: str = "") -> list[dict[str, Any]]:
        """Every open session of one license server, or of all, as plain data."""
        servers = [self.servers[server]] if server else self.servers.values()
        return [describe(each, session) for each in servers for session in each.sessions()]

    def figures(self, server: str = "") -> list[dict[str, Any]]:
        """Every pool of one license server, or of all, as plain data."""
        servers = [self.servers[server]] if server else self.servers.values()
        return [
            {
                "server": each.name,
                "vendor": feature.vendor,
                "feature": feature.name,
                "version": pool.version,
                "kind": str(pool.kind),
                "total": pool.count,
                "used": pool.used,
                "sessions": len(pool.sessions),
                "borrowed": sum(s.used for s in pool.sessions.values() if s.borrowed_for is not None),
                "reserved": pool.idle_reserved,
                "queued": sum(request.count for request in pool.queue),
                "expires": pool.expires.isoformat() if pool.expires else None,
            }
            for each in servers
            for feature in each.features
            for pool in feature.pools
        ]

    def removal_log(self) -> list[dict[str, Any]]:
        return [asdict(removal) for removal in self.removals]

    def garbage(self) -> bytes:
        """Bytes that are no answer at all."""
        return bytes(Random(int(self.now)).choices(range(256), k=4000))


def describe(server: LicenseServer, session: Session) -> dict[str, Any]:
    """A session as plain data; times are ISO 8601, UTC, to the second."""
    until = session.borrowed_until
    return {
        "server": server.name,
        "vendor": session.pool.feature.vendor,
        "feature": session.pool.feature.name,
        "pool": session.pool.version,
        "version": session.version,
        "user": session.holder.user,
        "host": session.holder.host,
        "display": session.holder.display,
        "ip": session.holder.ip,
        "server_host": server.hosts[0],
        "port": server.port,
        "handle": session.handle,
        "used": session.used,
        "start": datetime.fromtimestamp(int(session.start), UTC).isoformat(),
        "borrowed_until": None if until is None else datetime.fromtimestamp(int(until), UTC).isoformat(),
    }
