"""A FlexNet license server behind a stand-in tool, for tests of closing."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from licstats.models import LicenseServer
from sessions_app.models import CloseRequest, OpenSession
from sessions_app.polling.poll import PollServer

START = (datetime.now(UTC) - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)


class Farm:
    """The stand-in and its license server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "gates").mkdir(parents=True)
        self.tool = folder / "lmutil"
        source = (Path(__file__).parent / "stand_in.py").read_text()
        self.tool.write_text(f"#!{sys.executable} -IS\n{source}")
        self.tool.chmod(0o755)
        self.write({"features": ["mesh", "solve"], "sessions": []})

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state").read_text())
        return found

    def write(self, state: dict[str, Any]) -> None:
        (self.folder / "state").write_text(json.dumps(state))

    def set(self, **fields: Any) -> None:
        self.write(self.state | fields)

    def check_out(self, user: str, host: str = "ws1", handle: str = "101", **fields: Any) -> None:
        session = {
            "feature": "mesh",
            "user": user,
            "host": host,
            "display": ":0",
            "handle": handle,
            "used": 1,
            "start": START.isoformat(),
        }
        self.set(sessions=[*self.state["sessions"], session | fields])

    def return_all(self) -> None:
        self.set(sessions=[])

    @property
    def users(self) -> list[str]:
        return [session["user"] for session in self.state["sessions"]]

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def removals(self) -> list[list[str]]:
        return [call["argv"] for call in self.calls if call["argv"][0] == "lmremove"]

    def gate(self, name: str) -> Path:
        path = self.folder / "gates" / name
        path.touch()
        return path

    def is_reached(self, name: str) -> bool:
        return (self.folder / "gates" / f"{name}.reached").exists()

    def open_gates(self) -> None:
        shutil.rmtree(self.folder / "gates")
        (self.folder / "gates").mkdir()


def polled(server: LicenseServer, user: str = "ada", **fields: Any) -> OpenSession:
    """The session of `user` as a poll of now stores it."""
    PollServer(server).execute()
    return OpenSession.objects.select_related("feature", "server").get(server=server, user=user, **fields)


def ended(request: CloseRequest) -> CloseRequest:
    request.refresh_from_db()
    assert not request.under_way
    return request
