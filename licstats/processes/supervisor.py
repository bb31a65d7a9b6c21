"""Starts programs in order, starts again what dies, and stops all in reverse."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Protocol, Self

import psutil

from licstats.processes.child import Child
from licstats.processes.errors import StartError

GLANCE = 0.25  # seconds between two looks at the children
LONGEST_PAUSE = 30.0  # seconds before a program that keeps dying is started again
WELL_AFTER = 60.0  # seconds of life after which earlier deaths count no longer
TROUBLE = (OSError, StartError, psutil.Error, subprocess.SubprocessError)  # what a start may meet


class Service(Protocol):
    """Something that runs as one child process."""

    def prepare(self) -> Child:
        """The child, ready to be started; whatever an earlier one left is cleared away."""

    def wait_ready(self, child: Child) -> None:
        """Returns when it serves; raises StartError where it does not."""


@dataclass(frozen=True, slots=True)
class Program:
    """A service that is ready as soon as it runs."""

    child: Child

    def prepare(self) -> Child:
        return self.child

    def wait_ready(self, child: Child) -> None:
        return


@dataclass(slots=True)
class Watched:
    service: Service
    child: Child
    started: float
    deaths: int = 0
    again_at: float | None = None  # when it is to be started again; None: it runs


def quiet(line: str) -> None:
    """For a supervisor that says nothing."""


class Supervisor:
    """Use as a context: it stops everything at the end. `say` gets one line for each thing that happens."""

    def __init__(self, say: Callable[[str], None] = quiet) -> None:
        self.say = say
        self.watched: list[Watched] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_services(self) -> None:
        """What the programs lean on; nothing, where others run it."""

    def started(self, child: Child) -> None:
        """Called for each child that was started."""

    def start(self, service: Service) -> None:
        """Returns when the service is ready."""
        watched = Watched(service, service.prepare(), time.monotonic())
        self.watched.append(watched)
        watched.child.start()
        self.started(watched.child)
        service.wait_ready(watched.child)
        self.say(f"{watched.child.name} started, process {watched.child.pid}")

    def watch(self) -> None:
        """Starts again whatever dies, until a signal ends it (see InterruptedBySignals)."""
        while True:
            for watched in self.watched:
                self.look_after(watched)
            time.sleep(GLANCE)

    def look_after(self, watched: Watched) -> None:
        """Notices a death, and starts the program again once its pause is over."""
        now = time.monotonic()
        if watched.again_at is not None:
            if now >= watched.again_at:
                self._start_again(watched)
        elif not watched.child.alive:
            watched.deaths = 0 if now - watched.started > WELL_AFTER else watched.deaths
            child = watched.child
            log = f"; its log is {child.log}" if child.log else ""
            self.say(f"{child.name} ended (status {child.exit_status}), again in {put_off(watched, now):g} s{log}")

    def _start_again(self, watched: Watched) -> None:
        name, watched.started = watched.child.name, time.monotonic()
        try:
            watched.child = watched.service.prepare()
            watched.child.start()
            self.started(watched.child)
        except TROUBLE as error:
            watched.child.stop()  # it may run, and not be noted: the next one would be its second
            pause = put_off(watched, time.monotonic())
            self.say(f"{name} could not be started again, the next attempt is in {pause:g} s: {error}")
        else:
            watched.again_at = None
            self.say(f"{name} started again, process {watched.child.pid}")

    def stop(self) -> None:
        """Ends what is running, the last started first."""
        while self.watched:
            watched = self.watched.pop()
            if watched.child.alive:
                watched.child.stop()
                self.say(f"{watched.child.name} stopped")


def put_off(watched: Watched, now: float) -> float:
    """Counts a death; the pause before the next start, twice as long each time up to LONGEST_PAUSE."""
    pause = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(watched.deaths, 20))
    watched.deaths += 1
    watched.again_at = now + pause
    return pause


class InterruptedBySignals:
    """Within it SIGTERM, SIGHUP and SIGINT raise KeyboardInterrupt, once: stopping is not disturbed."""

    NUMBERS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

    def __enter__(self) -> None:
        self.before = {number: signal.signal(number, self._interrupt) for number in self.NUMBERS}

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        for other in self.NUMBERS:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
