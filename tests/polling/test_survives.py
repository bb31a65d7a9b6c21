"""A whole installation is shot at while it polls: no session is lost, none is doubled, and polling goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from django.conf import settings
from django.utils import timezone as clock

from licstats.embedded.layout import Layout
from tests.polling.reports import lmstat

PATIENCE = 90.0  # seconds; on a busy machine everything starts slowly
FLEET = """
[[server]]
name = "PL"
manager = "flexnet"
address = "27000@pl"
timezone = "UTC"
interval = "5s"
"""
TOOL = """#!/bin/sh
case "$*" in *-i*) exit 0;; esac
echo $$ >> {folder}/calls
sleep 1
exec cat {folder}/status.txt
"""


class Installation:
    """`licstats up` in a data folder of its own, with a stand-in for lmutil that takes a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tool = folder / "lmutil"
        self.tool.write_text(TOOL.format(folder=folder))
        self.tool.chmod(0o755)
        (folder / "calls").touch()
        self.says("ada 101", "bob 102")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LICSTATS_", "DJANGO_"))}
        own = {"LICSTATS_DATA": str(folder / "data"), "LICSTATS_PORT": str(port), "LICSTATS_LMUTIL": str(self.tool)}
        self.environment = kept | own
        self.process = self.start("up")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "licstats", *arguments],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def says(self, *sessions: str) -> None:
        draft = self.folder / "draft"
        draft.write_text(lmstat(datetime(2026, 3, 16, 12, 0), {"solver": (10, sessions)}))
        draft.rename(self.folder / "status.txt")

    def query(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Its rows; none while PostgreSQL does not answer."""
        sockets = Layout(self.folder / "data").sockets
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(host=str(sockets), user="licstats", dbname="licstats") as connection,
        ):
            return connection.execute(statement, parameters).fetchall()
        return []

    def calls(self) -> int:
        return len((self.folder / "calls").read_text().splitlines())

    def processes(self, *words: str) -> list[psutil.Process]:
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                line = " ".join(process.cmdline())
                if all(word in line for word in words):
                    found.append(process)
        return found

    def open_sessions(self) -> list[tuple[Any, ...]]:
        return self.query('SELECT id, "user", handle FROM sessions_app_opensession ORDER BY id')

    def polled_since(self, at: datetime) -> bool:
        return bool(self.query("SELECT 1 FROM licstats_licenseserver WHERE read_at > %s", [at]))

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            for process in psutil.Process(self.process.pid).children(recursive=True):
                process.kill()
            self.process.kill()
            self.process.wait()


def wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="licstats-survives-"))
    folder.chmod(0o755)
    (folder / "fleet.toml").write_text(FLEET)
    running = Installation(folder)
    try:
        wait(lambda: running.query("SELECT 1 FROM django_migrations WHERE app = 'sessions_app'"), "the first start")
        wait(lambda: running.start("fleet", "apply", str(folder / "fleet.toml")).wait() == 0, "the fleet")
        wait(running.open_sessions, f"the first poll; see {folder}/log")
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def shoot(processes: list[psutil.Process]) -> None:
    assert processes
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)


def in_the_middle_of_a_poll(installation: Installation) -> None:
    before = installation.calls()
    wait(lambda: installation.calls() > before, "the next poll")


@pytest.mark.parametrize(
    "words",
    [("worker", "--queues", "polls"), ("postgres", "-D"), ("redis-server",), ("beat",)],
    ids=lambda words: words[0],
)
def test_polling_goes_on_and_sessions_stay_the_same_rows(installation: Installation, words: tuple[str, ...]) -> None:
    before = installation.open_sessions()
    assert [row[1:] for row in before] == [("ada", "101"), ("bob", "102")]
    closed = installation.query("SELECT count(*) FROM sessions_app_closedsession")
    in_the_middle_of_a_poll(installation)
    shoot(installation.processes(*words))
    time.sleep(0.5)
    shot_at = clock.now()
    wait(lambda: installation.polled_since(shot_at), f"polls to go on after {words[0]} was killed")
    assert installation.open_sessions() == before
    assert installation.query("SELECT count(*) FROM sessions_app_closedsession") == closed


def test_what_happened_meanwhile_is_stored_after_the_restart(installation: Installation) -> None:
    in_the_middle_of_a_poll(installation)
    (ada, *_) = installation.open_sessions()
    shoot(installation.processes("worker", "--queues", "polls") + installation.processes("redis-server"))
    installation.says("ada 101", "carl 103")
    wait(
        lambda: [row[1] for row in installation.open_sessions()] == ["ada", "carl"],
        "the sessions of the time after",
    )
    assert installation.open_sessions()[0] == ada
    assert installation.query('SELECT "user", count(*) FROM sessions_app_closedsession GROUP BY 1') == [("bob", 1)]
    installation.says("ada 101", "bob 102")
