"""What tests and the demo may ask of a running simulator beside the tools: its state, exact sessions, troubles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from licstats.simulator.licenses import Holder, Kind
from licstats.simulator.servers import LicenseServer
from licstats.simulator.troubles import Refusal, Trouble
from licstats.simulator.world import World, describe


class Controls:
    """Each public method is a control; its arguments and its result are plain data."""

    def __init__(self, world: World, jump: Callable[[float], None]) -> None:
        self._world = world
        self._jump = jump

    def run(self, name: str, arguments: dict[str, Any]) -> Any:
        if name.startswith("_") or name == "run":
            raise KeyError(name)
        return getattr(self, name)(**arguments)

    def now(self) -> str:
        return datetime.fromtimestamp(self._world.now, UTC).isoformat()

    def advance(self, seconds: float) -> str:
        self._jump(seconds)
        return self.now()

    def servers(self) -> list[dict[str, Any]]:
        return [
            {
                "name": server.name,
                "manager": server.manager,
                "address": server.address,
                "site": server.site,
                "timezone": server.zone.key,
                "sessions": len(server.handles),
            }
            for server in self._world.servers.values()
        ]

    def state(self, server: str = "") -> list[dict[str, Any]]:
        return self._world.state(server)

    def figures(self, server: str = "") -> list[dict[str, Any]]:
        return self._world.figures(server)

    def removals(self) -> list[dict[str, Any]]:
        return self._world.removal_log()

    def trouble(self, server: str, **troubles: Any) -> None:
        """From now on exactly these troubles (fields of `Trouble`); without any, all is well."""
        for name in ("nodes_down", "daemons_down"):
            troubles[name] = set(troubles.get(name, ()))
        if refusal := troubles.get("refuse"):
            troubles["refuse"] = Refusal(refusal)
        self._server(server).trouble = Trouble(**troubles)

    def password(self, password: str) -> None:
        self._world.password = password

    def add_server(
        self, name: str, manager: str, hosts: list[str], port: int = 27000, timezone: str = "UTC", site: str = "main"
    ) -> None:
        if manager not in ("flexnet", "lmx"):
            raise ValueError(f"'{manager}' is not simulated; flexnet and lmx are.")
        server = LicenseServer(
            name, "lmx" if manager == "lmx" else "flexnet", tuple(hosts), port, ZoneInfo(timezone), site,
            "5.5.2" if manager == "lmx" else "11.19.6", self._world.now,
        )  # fmt: skip
        self._world.add_server(server)

    def add_feature(
        self,
        server: str,
        feature: str,
        count: int | None,
        version: str = "1.0",
        vendor: str = "simulix",
        expires: str | None = None,
        kind: str = "floating",
    ) -> None:
        """A pool of licenses; the feature itself is made with its first pool."""
        where = self._server(server)
        found = where.find(feature, vendor) or [where.add_feature(feature, vendor)]
        day = date.fromisoformat(expires) if expires else None
        where.add_pool(found[0], version, count, day, Kind(kind))

    def reserve(self, server: str, feature: str, kind: str, name: str, count: int = 1) -> None:
        where = self._server(server)
        where.reserve(where.feature(feature).pools[0], kind, name, count)

    def add_session(
        self,
        server: str,
        feature: str,
        user: str,
        host: str,
        display: str | None = None,
        used: int = 1,
        ip: str = "",
        version: str = "",
        handle: int | None = None,
        start: str | None = None,
        borrowed_for: float | None = None,
        pool: str | None = None,
        pid: int | None = None,
    ) -> dict[str, Any]:
        """Exactly this session, whether or not there is room for it. `pool` is a version, else the first pool."""
        where = self._server(server)
        found = where.feature(feature)
        chosen = next((p for p in found.pools if pool in (None, p.version)), None)
        if chosen is None or handle in where.handles:
            raise ValueError(f"{server} has no pool {pool!r} of {feature}, or handle {handle} is taken.")
        at = datetime.fromisoformat(start).timestamp() if start else self._world.now
        holder = Holder(user, host, display, ip, pid=pid)
        return describe(where, where.open(chosen, holder, at, used, version, borrowed_for, handle))

    def add_request(self, server: str, feature: str, user: str, host: str, display: str | None = None) -> None:
        where = self._server(server)
        self._world.queue(where, where.feature(feature), Holder(user, host, display))

    def end_session(self, server: str, handle: int) -> None:
        """The program ends and returns its license by itself."""
        where = self._server(server)
        self._world.close(where, where.handles[handle])

    def _server(self, name: str) -> LicenseServer:
        return self._world.servers[name]
