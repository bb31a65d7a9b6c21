"""Runs a vendor's tool: no shell, a time-out that kills it whole, bounded output, nothing lost of what it printed."""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from django.conf import settings
from django.utils import timezone

from licstats.managers.base import Output
from licstats.managers.decoding import decode

PASSED_ON = ("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH")  # of our own environment
PIECE = 1 << 20  # bytes of one read
GLANCE = 0.1  # seconds: how soon the end of a tool is noticed whose children hold its output open


def run(argv: Sequence[str], timeout: float, limit: int, environment: Mapping[str, str] | None = None) -> Output:
    """What `argv` printed within `timeout` seconds and `limit` bytes; beyond either it is killed with its children.

    Never raises for anything that the tool does or is: `failure` of the output says what happened and what to do.
    What it wrote as errors follows its output where it failed or printed nothing else. `environment` adds to the
    minimal one.
    """
    at = timezone.now()
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**plain_environment(), **(environment or {})},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Output("", None, explain(argv[0], error), at)
    with process:
        running = Running(process, time.monotonic() + timeout, limit)
        try:
            failure = running.collect()
        finally:
            kill_group(process)
    if failure == TIMED_OUT:
        failure = f"time-out after {timeout:g} s: {argv[0]} was killed; raise the server's time-out if it is only slow"
    elif failure == TOO_MUCH:
        failure = f"more than {limit / 1024 / 1024:g} MB: {argv[0]} was killed; LICSTATS_OUTPUT_LIMIT is the bound"
    return Output(running.text(), None if failure else process.returncode, failure, at)


def plain_environment() -> dict[str, str]:
    """A minimal environment in which a tool prints dates and numbers as in English."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, "LANG": "C", "LC_ALL": "C"}


TIMED_OUT, TOO_MUCH = "time-out", "too much"


@dataclass(slots=True)
class Running:
    """A started tool: what it printed so far, until when, and how much at most."""

    process: subprocess.Popen[bytes]
    deadline: float
    limit: int
    printed: dict[str, list[bytes]] = field(default_factory=lambda: {"output": [], "errors": []})
    size: int = 0

    def collect(self) -> str:
        """Reads until the tool has ended. TIMED_OUT or TOO_MUCH where it has to be killed, else nothing."""
        with selectors.DefaultSelector() as streams:
            for name, stream in (("output", self.process.stdout), ("errors", self.process.stderr)):
                streams.register(stream, selectors.EVENT_READ, name)  # type: ignore[arg-type]
            while streams.get_map():
                ended = self.process.poll() is not None
                events = streams.select(0 if ended else min(GLANCE, self.remaining()))
                if not events and ended:
                    return ""  # a child that it left behind still holds its output open
                for key, _ in events:
                    if not self.take(key.fileobj, key.data):  # type: ignore[arg-type]
                        streams.unregister(key.fileobj)
                if self.size > self.limit:
                    return TOO_MUCH
                if not self.remaining():
                    return TIMED_OUT
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.remaining())
            return ""
        return TIMED_OUT

    def remaining(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def take(self, stream: IO[bytes], name: str) -> bool:
        piece = os.read(stream.fileno(), PIECE)
        self.size += len(piece)
        self.printed[name].append(piece)
        return bool(piece)

    def text(self) -> str:
        output, errors = b"".join(self.printed["output"]), b"".join(self.printed["errors"])
        if errors and (self.process.returncode or not output.strip()):
            output = output + (b"" if not output or output.endswith(b"\n") else b"\n") + errors
        return decode(output[: self.limit])


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the tool and every child that stayed in its process group, whether it has ended by itself or not."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def explain(program: str, error: OSError | ValueError) -> str:
    """Why `program` could not be started, and what to set or install."""
    named = [f"LICSTATS_{tool.upper()}" for tool, path in settings.LICSTATS_TOOLS.items() if path == program]
    setting = named[0] if named else "its setting"
    if isinstance(error, ValueError):
        return f"cannot be started: {program}: {error}"
    if error.errno == errno.ENOENT and os.path.exists(program):
        return (
            f"cannot be started: {program} is there, but the loader that it asks for is not; "
            "lmutil needs the package lsb-core or a link ld-lsb-x86-64.so.3 to the system's own loader"
        )
    if error.errno == errno.ENOENT:
        return f"not found: {program}; set {setting} to the path of the vendor's program"
    if error.errno == errno.EACCES:
        return f"no permission to run {program}; make it executable for this user, or set {setting} to one that is"
    return f"cannot be started: {program}: {error.strerror or error}; set {setting} to a program for this machine"
