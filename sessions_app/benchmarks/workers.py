"""Polling by a real Celery worker, whose tools are stand-ins that take their time."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.utils import timezone as clock

from licstats.models import LicenseServer
from licstats.programs import worker_command
from licstats.queues import POLLS
from sessions_app import tasks
from sessions_app.benchmarks.database import empty
from sessions_app.benchmarks.framework import Sizes, benchmark
from sessions_app.benchmarks.reports import Fleet

SITE = f"bench-{os.getpid()}"  # a queue that no worker of the installation takes
AT_ONCE = 32
PATIENCE = 120.0  # seconds
TICK = 2.0  # seconds between two looks at what is due, as beat's
TOOL = """#!/bin/sh
case "$*" in
    *-i*) exit 0;;
    *hangs*) sleep 15;;
esac
sleep {seconds}
exec cat {folder}/status.txt
"""
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def worker(sessions: int, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the site SITE, warm. Its tool takes `seconds`, and prints a report of so many sessions."""
    empty("sessions_app_opensession", "licstats_licenseserver")  # of the benchmark before: nobody polls those
    folder = Path(tempfile.mkdtemp(prefix="licstats-bench-"))
    tool = folder / "lmutil"
    tool.write_text(TOOL.format(seconds=seconds, folder=folder))
    tool.chmod(0o700)
    now = datetime.now(UTC)
    (folder / "status.txt").write_text(Fleet(sessions, now).report(now))
    own = {
        "DJANGO_SETTINGS_MODULE": "sessions_app.benchmarks.worker_settings",
        "LICSTATS_BENCH_DATABASE": connection.settings_dict["NAME"],
        "LICSTATS_LMUTIL": str(tool),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            worker_command(POLLS, [SITE], AT_ONCE), cwd=settings.BASE_DIR, env=os.environ | own, stdout=log, stderr=log
        )
    try:
        add_servers(1, "warm")
        poll_until(lambda: not unread(), folder / "log")
        remove_servers()
        yield process
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def add_servers(count: int, name: str = "server") -> None:
    LicenseServer.objects.bulk_create(
        LicenseServer(name=f"{name}{number}", manager="flexnet", address=f"27000@{name}{number}", site=SITE)
        for number in range(count)
    )


def remove_servers() -> None:
    """When nothing is done to them any more."""
    poll_until(lambda: not LicenseServer.objects.filter(claimed_until__isnull=False).exists())
    LicenseServer.objects.all().delete()


def unread() -> int:
    return LicenseServer.objects.filter(read_at=None).count()


def poll_until(done: Callable[[], bool], log: Path | None = None) -> float:
    """Dispatches what is due until `done`; the seconds that it took."""
    began = time.monotonic()
    tasks.dispatch_due_polls()
    while not done():
        if time.monotonic() - began > PATIENCE:
            said = log.read_text()[-2000:] if log else ""
            raise RuntimeError(f"The worker did not do it within {PATIENCE:g} s. {said}")
        time.sleep(0.01)
    return time.monotonic() - began


@benchmark(
    "slow-tools",
    "21 servers with 10,000 sessions in all, each call of the tool taking 1 s: all polled by one worker",
    target=1.5,
    limited_by="the tool's own second, and 42 processes started on two cores",
)
def slow_tools(sizes: Sizes) -> list[float]:
    seconds = []
    with worker(10_000 // 21, 1):
        for _ in range(sizes.repeat):
            remove_servers()
            add_servers(21)
            seconds.append(poll_until(lambda: not unread()))
    return seconds


@benchmark(
    "hanging-tool",
    "25 servers, the tool of one hanging for 15 s: the other 24 polled",
    target=1.5,
    limited_by="as with slow tools: the one that hangs has a thread of its own",
)
def hanging_tool(sizes: Sizes) -> list[float]:
    seconds = []
    with worker(10_000 // 25, 1):
        for _ in range(min(2, sizes.repeat)):
            remove_servers()
            add_servers(24)
            add_servers(1, "hangs")
            seconds.append(poll_until(lambda: unread() <= 1))
    return seconds


@benchmark(
    "many-servers",
    "1,000 servers with 100 sessions each, every 60 s: CPU of the worker, its tools and PostgreSQL, of 2 cores",
    target=0.5,
    limited_by="starting 17 tools a second, each a process",
    unit="of 2 cores",
    sizes=("servers",),
)
def many_servers(sizes: Sizes) -> list[float]:
    with worker(100, 0) as process:
        add_servers(sizes.servers)
        load_for(70, process.pid)  # the first polls store everything, and spread over the minute
        share, latest = load_for(sizes.seconds, process.pid)
    if latest > timedelta(seconds=120):
        raise RuntimeError(f"A poll was late by an interval: the oldest reading is {latest} old.")
    return [share]


def load_for(seconds: float, worker_pid: int) -> tuple[float, timedelta]:
    """The share of two cores that polling took in that time, and the age of the oldest reading at its end."""
    before, began = cpu_seconds(worker_pid), time.monotonic()
    while time.monotonic() - began < seconds:
        tick = time.monotonic()
        tasks.dispatch_due_polls()
        time.sleep(max(0.0, TICK - (time.monotonic() - tick)))
    used = cpu_seconds(worker_pid) - before
    oldest = LicenseServer.objects.aggregate(oldest=Min("read_at"))["oldest"]
    return used / (time.monotonic() - began) / 2, clock.now() - oldest


def cpu_seconds(worker_pid: int) -> float:
    """Of the worker with the tools that it waited for, of the database's processes for it, and of this process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        backends = [pid for (pid,) in cursor.fetchall()]
    return sum(map(_cpu_of, [worker_pid, *backends])) + time.process_time()


def _cpu_of(pid: int) -> float:
    """With that of its children that have ended; 0 where the process is gone, or not of this machine."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / CLOCK_TICKS
