from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from licstats.managers.reading import Reading, Verdict
from licstats.models import LicenseServer
from sessions_app.polling.poll import AlreadyPolled, PollServer

AT_ONCE = 16


class Command(BaseCommand):
    help = "Queries license servers now, in this process, and stores what they say. Exit status 1 where one failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("servers", nargs="*", metavar="SERVER", help="by name; without any, all that are enabled")

    def handle(self, *args: Any, **options: Any) -> None:
        servers = chosen(options["servers"])
        failed = 0
        console = Console(stderr=True)
        with progress(console) as bar:
            task = bar.add_task("Polling", total=len(servers))
            for server, reading, error in poll_all(servers):
                self.stdout.write(line(server, reading, error))
                failed += reading is None or reading.verdict is Verdict.FAILED
                bar.advance(task)
        if failed:
            self.stdout.write(f"{failed} of {len(servers)} failed.")
            sys.exit(1)


def chosen(names: list[str]) -> list[LicenseServer]:
    """The servers of those names, or all that are enabled. CommandError names what there is."""
    if not names:
        servers = list(LicenseServer.objects.filter(enabled=True))
        if not servers:
            raise CommandError("There is no license server. Add one: licstats fleet apply FILE.toml, or on /admin/.")
        return servers
    servers = list(LicenseServer.objects.filter(name__in=names))
    unknown = sorted(set(names) - {server.name for server in servers})
    if unknown:
        known = ", ".join(LicenseServer.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"No license server is named {', '.join(unknown)}. There are: {known}.")
    return servers


def poll_all(servers: list[LicenseServer]) -> Iterator[tuple[LicenseServer, Reading | None, BaseException | None]]:
    """Polls several at a time; each with its reading or the error, as they come."""
    with ThreadPoolExecutor(min(AT_ONCE, len(servers))) as threads:
        polls: dict[Future[Reading], LicenseServer] = {threads.submit(poll, server): server for server in servers}
        for done in as_completed(polls):
            error = done.exception()
            yield polls[done], None if error else done.result(), error


def poll(server: LicenseServer) -> Reading:
    try:
        return PollServer(server).execute()
    finally:
        connections.close_all()  # those of this thread


def line(server: LicenseServer, reading: Reading | None, error: BaseException | None) -> str:
    if isinstance(error, AlreadyPolled):
        return f"{server.name:<20} not asked {error}"
    if reading is None:
        return f"{server.name:<20} failed    {type(error).__name__}: {error}"
    sessions = sum(len(feature.sessions) for feature in reading.features)
    counts = "" if reading.verdict is Verdict.FAILED else f"{len(reading.features)} features, {sessions} sessions"
    problems = f"{len(reading.problems)} problems" if reading.problems else ""
    return f"{server.name:<20} {reading.verdict:<9} " + "; ".join(filter(None, (counts, problems, server.reason)))


def progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
