"""The folder of a running simulator: where its socket is, and the stand-ins and fleet file that are written into it."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from licstats.processes.sockets import socket_folder
from licstats.simulator.servers import LicenseServer

STAND_IN = Path(__file__).with_name("stand_in.py")
TOOLS = ("lmutil", "lmxendutil")


def socket_path(folder: Path) -> Path:
    """`socket` in the folder, or in a private folder of short name where that path would be too long."""
    return socket_folder(folder, "socket", "licstats-simulator") / "socket"


def is_served(folder: Path) -> bool:
    """Whether a simulator answers at the folder's socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(socket_path(folder)))
        except OSError:
            return False
    return True


def write_tools(folder: Path, program: Path = STAND_IN, argument: Path | None = None) -> None:
    """`bin/lmutil` and `bin/lmxendutil`: small scripts with the paths of this interpreter and of what to reach."""
    reach = argument or socket_path(folder)
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for tool in TOOLS:
        words = (sys.executable, "-I", "-S", program, tool, reach)
        path = folder / "bin" / tool
        path.write_text(f'#!/bin/sh\nexec {shlex.join(str(word) for word in words)} "$@"\n')
        path.chmod(0o755)


def write_fleet(
    path: Path, servers: Iterable[LicenseServer], groups: Mapping[str, Iterable[str]], note: str = ""
) -> None:
    """The license servers, and groups of them, as a fleet file."""
    blocks = [f"# {note}\n"] if note else []
    for server in servers:
        blocks.append(
            _block(
                "server",
                name=server.name,
                manager=server.manager,
                address=server.address,
                site=server.site,
                timezone=server.zone.key,
                interval=f"{server.interval}s",
            )
        )
    blocks += [_block("group", name=name, servers=list(members)) for name, members in groups.items()]
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("\n".join(blocks))
    unfinished.replace(path)


def _block(kind: str, **values: str | list[str]) -> str:
    return f"[[{kind}]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


def _toml(value: str | list[str]) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
