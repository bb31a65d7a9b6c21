"""A child process of the supervisor: in a session of its own, ended in order, gone when its parent is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypedDict

import psutil

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5_000_000  # bytes; a longer log is put aside when its process starts


class Account(TypedDict, total=False):
    """The arguments of subprocess that start a program as another account; empty: as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program, for the kernel to signal it when this process ends (Linux only).

    The kernel forgets the wish when a process changes its account, so it is told after that change; and it
    watches the thread that started the child, so children are started by the main thread.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tell_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it was killed in between
            os._exit(1)

    return tell_the_kernel


@dataclass(slots=True)
class Child:
    """One program with its arguments. `log` is appended to; None: it writes where we write.

    `stop_signals` are tried in turn, and each gets `patience` seconds.
    """

    name: str
    argv: Sequence[str]
    log: Path | None = None
    account: Account = field(default_factory=Account)
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    patience: float = 10.0
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_status(self) -> int | None:
        return self.process.poll() if self.process else None

    def start(self) -> None:
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self._open_log(self.log)) if self.log else None
            self.process = subprocess.Popen(
                list(self.argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                cwd=self.folder,
                env=None if self.environment is None else dict(self.environment),
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signals[0]),
                **self.account,
            )

    @staticmethod
    def _open_log(log: Path) -> BinaryIO:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        return log.open("ab")

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        if self.process is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return not self.alive

    def stop(self) -> None:
        """Ends it by its stop signals, and by force with all that it started where they do not help."""
        if self.process is None:
            return
        started_by_it = self._descendants()
        for number in self.stop_signals:
            if self.alive:
                self.process.send_signal(number)
            if self.wait(self.patience):
                break
        else:
            self.process.kill()
        self.wait(5)
        for process in started_by_it:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def _descendants(self) -> list[psutil.Process]:
        """What it has started, in whichever process group: a tool that hangs must not outlive its worker."""
        try:
            return psutil.Process(self.pid).children(recursive=True) if self.alive else []
        except psutil.NoSuchProcess:
            return []

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for a message that says why it did not start."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> bool:
    """Whether `ready` came true while `child` lives, within `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and child.alive:
        if ready():
            return True
        time.sleep(0.05)
    return child.alive and ready()
