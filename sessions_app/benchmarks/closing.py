"""Many closes at once, through the stand-ins of the simulator, whose every answer takes a second."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone as clock

from licstats.models import LicenseServer
from licstats.simulator.client import Simulator
from licstats.simulator.process import running
from sessions_app.benchmarks.database import empty
from sessions_app.benchmarks.framework import Sizes, benchmark
from sessions_app.closing import ask
from sessions_app.closing.ask import COMMAND_LINE, CloseSession
from sessions_app.closing.work import close_on
from sessions_app.models import CloseRequest, CloseState, OpenSession
from sessions_app.polling.poll import PollServer

SERVERS, CLOSES_EACH = 20, 10
TOOL_SECONDS = 1.0
BESIDE = "beside"  # a license server that answers at once and that nobody closes on


@contextmanager
def fleet() -> Iterator[Simulator]:
    """Slow license servers with sessions, and one beside them, all of them polled once."""
    empty("licstats_licenseserver", "sessions_app_closerequest")
    tools = settings.LICSTATS_TOOLS
    with (
        tempfile.TemporaryDirectory(prefix="licstats-bench-") as folder,
        running(Path(folder), "--fleet", "small") as simulator,
    ):
        settings.LICSTATS_TOOLS = tools | {"lmutil": simulator.lmutil}
        try:
            for name in [*(f"slow{number}" for number in range(SERVERS)), BESIDE]:
                _add(simulator, name)
            with ThreadPoolExecutor(SERVERS) as threads:
                list(threads.map(_poll, LicenseServer.objects.all()))
            for number in range(SERVERS):
                simulator.trouble(f"slow{number}", slow=TOOL_SECONDS)
            yield simulator
        finally:
            settings.LICSTATS_TOOLS = tools


def _add(simulator: Simulator, name: str) -> None:
    simulator.do("add_server", name=name, manager="flexnet", hosts=[name], port=27000)
    simulator.do("add_feature", server=name, feature="Mesh", count=100)
    for number in range(CLOSES_EACH):
        simulator.add_session(name, "Mesh", f"user{number}", f"ws{number}", display=":0")
    later = clock.now() + timedelta(hours=1)
    LicenseServer.objects.create(name=name, manager="flexnet", address=f"27000@{name}", next_poll_at=later)


def _poll(server: LicenseServer) -> None:
    try:
        PollServer(server).execute()
    finally:
        connection.close()


def _close_on(server_id: int) -> None:
    """As a thread of a worker does it for one message."""
    try:
        close_on(server_id)
    finally:
        connection.close()


def close_all() -> float:
    """Seconds from the first click to the last proof."""
    sessions = OpenSession.objects.exclude(server__name=BESIDE).select_related("feature", "server")
    began = time.perf_counter()
    ask.close_all([CloseSession(session, None, origin=COMMAND_LINE, send=False) for session in sessions])
    servers = list(LicenseServer.objects.exclude(name=BESIDE).values_list("pk", flat=True))
    with ThreadPoolExecutor(SERVERS) as threads:
        list(threads.map(_close_on, servers))
    seconds = time.perf_counter() - began
    other = CloseRequest.objects.exclude(state=CloseState.CLOSED).first()
    if other or CloseRequest.objects.count() != SERVERS * CLOSES_EACH:
        raise RuntimeError(f"Not all sessions were closed: {other and other.message}")
    return seconds


@benchmark(
    "closes",
    f"closes {SERVERS * CLOSES_EACH} sessions at once on {SERVERS} license servers, each call of a tool taking 1 s",
    target=8.0,
    limited_by="one license server: a query, ten removals of 1 s, five at a time, and a query for the proof take 4 s; "
    "beside them 7.5 s of processor, of which 240 starts of the stand-ins take 4",
)
def closes(sizes: Sizes) -> list[float]:
    seconds = []
    for _ in range(min(3, sizes.repeat)):
        with fleet():
            seconds.append(close_all())
    return seconds


@benchmark(
    "poll-beside",
    "polls another license server again and again while these sessions are closed: the slowest poll",
    target=1.0,
    limited_by="the processor: 240 calls of the stand-ins beside it; a poll of it takes 0.1 s alone",
)
def poll_beside_closes(sizes: Sizes) -> list[float]:
    with fleet():
        done, seconds = threading.Event(), [0.0]

        def poll_again_and_again() -> None:
            server = LicenseServer.objects.get(name=BESIDE)
            while not done.wait(0.2):
                began = time.perf_counter()
                _poll(server)
                seconds.append(time.perf_counter() - began)

        with ThreadPoolExecutor(1) as threads:
            polling = threads.submit(poll_again_and_again)
            try:
                close_all()
            finally:
                done.set()
            polling.result()
        return [max(seconds)]
