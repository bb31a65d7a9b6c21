"""Tools that print recorded outputs: the answer of `27000@NAME` is the file NAME.txt of a folder.

The exit status is in NAME.status beside it; without one, the text's own error number tells (-15: 241).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from licstats.simulator.folder import write_fleet, write_tools
from licstats.simulator.servers import LicenseServer

PLAYER = Path(__file__).with_name("player.py")


def write_recorded(folder: Path, directory: Path) -> int:
    """Write tools and fleet file into `directory`; the number of recordings in `folder`."""
    names = sorted(path.stem for path in folder.glob("*.txt") if is_answer(path))
    write_tools(directory, PLAYER, folder.resolve())
    servers = [
        LicenseServer(name, _manager(folder / f"{name}.txt"), (name,), 27000, ZoneInfo("UTC"), "main", "", 0.0)
        for name in names
    ]
    write_fleet(directory / "fleet.toml", servers, {}, note=f"Recorded outputs of {folder.resolve()}")
    return len(names)


def is_answer(path: Path) -> bool:
    """Whether the file is the answer to a question about the status, not to `lmstat -v` or `lmstat -i`."""
    text = path.read_text(errors="replace")
    return "Users of" in text or "License server status" in text or "Error getting status" in text or "LM-X" in text


def _manager(path: Path) -> Literal["flexnet", "lmx"]:
    return "lmx" if path.read_text(errors="replace").startswith("LM-X") else "flexnet"
