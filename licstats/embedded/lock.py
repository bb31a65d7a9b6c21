"""One supervisor for one data folder.

The kernel holds the lock (flock) and lets go of it however its holder ends, so a lock is never stale. What a
killed supervisor may leave behind are its children: their numbers are noted in the lock file, and whoever
comes next ends those that still run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from licstats.embedded.layout import Layout
from licstats.processes.child import Child
from licstats.processes.errors import StartError

PATIENCE = 10.0  # seconds that leftover children get to end


class InUse(StartError):
    """The data folder is served by another process; the message names it."""


class DataFolderLock:
    """The lock of a data folder and, in the same file, who holds it and what it started."""

    def __init__(self, layout: Layout) -> None:
        self.path = layout.lock
        self._descriptor: int | None = None
        self._holder: dict[str, Any] = {}

    def acquire(self) -> list[str]:
        """Takes the lock and ends what a killed holder left running; their names. InUse where it is held."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise InUse(self._who()) from None
        self._descriptor = descriptor
        ended = end_children(read_holder(self.path))
        self._holder = {
            "pid": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": " ".join(sys.argv),
            "children": [],
        }
        self._write()
        return ended

    def note(self, child: Child) -> None:
        """Remembers a running child, by its number and the time when it began (numbers are used again)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            began = psutil.Process(child.pid).create_time()
            others = [other for other in self._holder["children"] if other["name"] != child.name]
            note = {
                "name": child.name,
                "pid": child.pid,
                "began": began,
                "signal": int(child.stop_signals[0]),
            }
            self._holder["children"] = [*others, note]
            self._write()

    def release(self) -> None:
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None

    def _write(self) -> None:
        if self._descriptor is None:
            return
        text = json.dumps(self._holder).encode()
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))

    def _who(self) -> str:
        holder = read_holder(self.path)
        pid = holder.get("pid", "?")
        return (
            f"{self.path.parent} is in use by process {pid} ({holder.get('command', '?')}), "
            f"since {holder.get('since', '?')}. Stop that one first (kill {pid}), "
            "or give this one a data folder of its own (LICSTATS_DATA=/another/folder LICSTATS_PORT=8001)."
        )


def read_holder(path: Path) -> dict[str, Any]:
    """What the lock file says of its holder; empty where it says nothing that can be read."""
    try:
        holder = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def end_children(holder: dict[str, Any]) -> list[str]:
    """Ends the noted children that are still the processes they were; returns their names. StartError: it may not.

    In the order of a clean stop, the last started first, since services were started before what uses them.
    """
    ended = []
    for child in reversed(holder.get("children", [])):
        try:
            process = psutil.Process(child["pid"])
            if abs(process.create_time() - child["began"]) > 1:
                continue
            process.send_signal(child["signal"])
            ended.append(child["name"])
            if psutil.wait_procs([process], timeout=PATIENCE)[1]:
                process.kill()
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied as error:
            raise StartError(
                f"{child['name']} of an earlier run still runs as process {child['pid']}, and we may not end it. "
                f"End it as the account that started it (kill {child['pid']}), and start again."
            ) from error
    return ended
