"""Speaks to a running simulator beside the tools: what it holds, and what is to go wrong."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from licstats.simulator.folder import socket_path


class SimulatorError(RuntimeError):
    """The simulator did not do it; the message says why."""


class Simulator:
    """The controls of the simulator in `folder`: every method of `controls.Controls` by its name and keywords.

    >>> Simulator(folder).do("trouble", server="PL", slow=3)
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    @property
    def lmutil(self) -> str:
        return str(self.folder / "bin" / "lmutil")

    @property
    def lmxendutil(self) -> str:
        return str(self.folder / "bin" / "lmxendutil")

    @property
    def fleet(self) -> Path:
        return self.folder / "fleet.toml"

    def do(self, control: str, **arguments: Any) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(socket_path(self.folder)))
            connection.sendall(json.dumps({"do": control, "with": arguments}).encode())
            connection.shutdown(socket.SHUT_WR)
            answer = json.loads(connection.makefile("rb").read())
        if "error" in answer:
            raise SimulatorError(answer["error"])
        return answer["result"]

    def state(self, server: str = "") -> list[dict[str, Any]]:
        """Every open session: server, vendor, feature, version, user, host, display, handle, used, start, ..."""
        sessions: list[dict[str, Any]] = self.do("state", server=server)
        return sessions

    def removals(self) -> list[dict[str, Any]]:
        """Every request to take licenses back: at, server, arguments, removed, refusal."""
        log: list[dict[str, Any]] = self.do("removals")
        return log

    def trouble(self, server: str, **troubles: Any) -> None:
        """From now on exactly these troubles (fields of `troubles.Trouble`); none: all is well."""
        self.do("trouble", server=server, **troubles)

    def add_session(self, server: str, feature: str, user: str, host: str, **more: Any) -> dict[str, Any]:
        """Exactly this session; see `Controls.add_session`."""
        session: dict[str, Any] = self.do("add_session", server=server, feature=feature, user=user, host=host, **more)
        return session

    def advance(self, seconds: float) -> None:
        self.do("advance", seconds=seconds)

    def stop(self) -> None:
        self.do("stop")
