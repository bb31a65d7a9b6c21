"""Reading and storing one large license server."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.reading import Reading
from licstats.models import LicenseServer
from sessions_app.benchmarks.database import empty
from sessions_app.benchmarks.framework import Sizes, benchmark, timed
from sessions_app.benchmarks.reports import Fleet
from sessions_app.polling.ingest import ingest
from sessions_app.polling.poll import digest_of

NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
SIZES = ("sessions",)


class Polled:
    """A license server whose reports are read and stored as by a worker that keeps its memo."""

    def __init__(self, sessions: int) -> None:
        empty("licstats_licenseserver")
        self.server = LicenseServer.objects.create(name="bench", manager="flexnet", address="27000@bench")
        self.fleet = Fleet(sessions, NOON)
        self.at = NOON
        self.memo = Memo()
        self.previous: Reading | None = None

    def next_report(self) -> str:
        self.at += timedelta(minutes=1)
        return self.fleet.report(self.at)

    def read(self, text: str) -> Reading:
        outputs = {STATUS: Output(text, at=self.at)}
        return self.server.license_manager.read(outputs, self.at, self.server.zone, self.memo)

    def store(self, text: str, reading: Reading) -> None:
        outputs = {STATUS: Output(text, at=self.at)}
        ingest(self.server, reading, self.previous, lambda: digest_of(self.server, outputs, self.at))
        self.previous = reading

    def poll(self) -> float:
        """Seconds of reading and storing the next report."""
        text = self.next_report()
        began = time.perf_counter()
        self.store(text, self.read(text))
        return time.perf_counter() - began


@benchmark(
    "read",
    "reads an lmstat report of 100,000 checkouts for the first time",
    target=0.25,
    limited_by="one core: splitting the lines takes 0.014 s, one findall with ten groups 0.15 s",
    sizes=SIZES,
)
def read_once(sizes: Sizes) -> list[float]:
    text = Fleet(sizes.sessions, NOON).report(NOON)
    server = LicenseServer(name="bench", manager="flexnet")
    outputs = {STATUS: Output(text, at=NOON)}
    return timed(sizes, lambda: server.license_manager.read(outputs, NOON, server.zone, Memo()))


@benchmark(
    "store",
    "stores that reading the first time: 100,000 new sessions",
    target=1.5,
    limited_by="PostgreSQL's indexes of open sessions: the bare table takes 0.2 s",
    sizes=SIZES,
)
def store_first(sizes: Sizes) -> list[float]:
    seconds = []
    for _ in range(sizes.repeat):
        polled = Polled(sizes.sessions)
        text = polled.next_report()
        reading = polled.read(text)
        began = time.perf_counter()
        polled.store(text, reading)
        seconds.append(time.perf_counter() - began)
    return seconds


@benchmark(
    "next-poll",
    "reads and stores the next report, 1 % of the sessions changed in all features",
    target=0.3,
    limited_by="comparing the text of every feature, and the rows that changed",
    sizes=SIZES,
)
def next_poll(sizes: Sizes) -> list[float]:
    polled = Polled(sizes.sessions)
    polled.poll()
    seconds = []
    for _ in range(sizes.repeat):
        polled.fleet.change(0.01)
        seconds.append(polled.poll())
    return seconds


@benchmark(
    "same-poll",
    "reads and stores the next report, nothing changed but its date",
    target=0.05,
    limited_by="comparing 11 MB of text, and one row",
    sizes=SIZES,
)
def same_poll(sizes: Sizes) -> list[float]:
    polled = Polled(sizes.sessions)
    polled.poll()
    return [polled.poll() for _ in range(sizes.repeat)]


@benchmark(
    "other-worker",
    "stores a report, 1 % changed, by a worker that has not seen the one before",
    target=1.5,
    limited_by="comparing all rows in PostgreSQL",
    sizes=SIZES,
)
def other_worker(sizes: Sizes) -> list[float]:
    polled = Polled(sizes.sessions)
    polled.poll()
    seconds = []
    for _ in range(sizes.repeat):
        polled.fleet.change(0.01)
        polled.memo, polled.previous = Memo(), None
        seconds.append(polled.poll())
    return seconds
