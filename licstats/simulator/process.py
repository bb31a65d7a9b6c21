"""Runs a simulator as a process of its own, for the demo and for tests."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from licstats.simulator.client import Simulator, SimulatorError

READY_WITHIN = 60.0  # seconds; the largest fleets take some


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Simulator]:
    """A simulator in `folder` with the options of `serve`, stopped at the end, and with the process that started it.

    SimulatorError where it does not come up; the message is what it printed.
    """
    process = launch(folder, options)
    try:
        wait_until_ready(process)
        yield Simulator(folder)
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def launch(folder: Path, options: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "licstats.simulator", "serve", "--dir", str(folder), "--with-parent", *options]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), os.environ.get("PYTHONPATH", "")))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)


def wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    """Until the process prints its line that begins with "ready"."""
    if process.stdout is None:
        raise SimulatorError("The simulator's output is not piped.")
    printed, end = b"", time.monotonic() + READY_WITHIN
    while b"\n" not in printed or not printed.startswith(b"ready"):
        left = end - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise SimulatorError(f"The simulator was not ready within {READY_WITHIN:.0f} s.")
        chunk = os.read(process.stdout.fileno(), 65_536)
        if not chunk:
            raise SimulatorError(f"The simulator ended: {printed.decode(errors='replace')}")
        printed += chunk
