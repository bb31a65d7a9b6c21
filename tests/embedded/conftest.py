from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from licstats.embedded.layout import Layout

ROOT = Path(__file__).parents[2]


class Holder:
    """A supervisor in a process of its own, with what it has said so far."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.holder", str(folder), *flags],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stdout or ():
            self.said.append(line.strip())
            if line.startswith("ready"):
                break

    @property
    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A folder that does not exist yet, with a short path that every account can reach."""
    parent = Path(tempfile.mkdtemp(prefix="licstats-embedded-"))
    parent.chmod(0o755)
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture
def hold(data_folder: Path) -> Iterator[Callable[..., Holder]]:
    """Starts supervisors of the data folder, and ends them and their children after the test."""
    holders: list[Holder] = []
    children: list[psutil.Process] = []

    def start(*flags: str) -> Holder:
        holder = Holder(data_folder, *flags)
        holders.append(holder)
        if holder.process.poll() is None:
            children.extend(holder.children)
        return holder

    yield start
    for holder in holders:
        if holder.process.poll() is None:
            holder.end(signal.SIGTERM)
    for process in children:
        if process.is_running():
            process.kill()


def ask(folder: Path, statement: str, *parameters: object) -> object:
    """The first value that the folder's PostgreSQL answers."""
    with psycopg.connect(host=str(Layout(folder).sockets), dbname="licstats", user="licstats", autocommit=True) as link:
        cursor = link.execute(statement, parameters)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def all_gone(processes: list[psutil.Process]) -> bool:
    return not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
