"""A real Celery worker on the database of the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from licstats.queues import CLOSING, site_queue
from sessions_app.locks import Lock

PATIENCE = 40.0  # seconds: a worker starts in two, on a busy machine in ten


def wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}"
        time.sleep(0.05)


class Worker:
    """A Celery worker for the closes of the site `main`, in a process group of its own."""

    def __init__(self, log: Path, **environment: str) -> None:
        own = {
            "DJANGO_SETTINGS_MODULE": "tests.closing.worker_settings",
            "TEST_DATABASE": connection.settings_dict["NAME"],
        }
        self.log = log.open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "licstats.celery:app", "--quiet", "worker"),
                *("--pool", "threads", "--concurrency", "4", "--queues", site_queue(CLOSING, "main")),
                *("--without-mingle", "--without-gossip", "--without-heartbeat"),
            ],
            cwd=settings.BASE_DIR,
            env=os.environ | own | environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def kill(self) -> None:
        """As by `kill -9`; the tool that it started lives on, as it would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        wait(lambda: not Lock.CLOSING.held_servers(), "PostgreSQL to notice that the worker is gone")
