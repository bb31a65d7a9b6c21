"""Looks at everything that an installation stands on, for real, and says of each what is wrong and how to mend it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import redis
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone as clock
from kombu.exceptions import OperationalError

from licstats.celery import app
from licstats.managers.base import Manager
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from licstats.programs import KINDS
from sessions_app import health
from sessions_app.closing import tool as closing_tool
from sessions_app.polling import command, partitions

CLOCKS_DIFFER = timedelta(seconds=5)
LITTLE_SPACE = 2_000_000_000  # bytes
TOOL_TIMEOUT = 15.0  # seconds
TOOL_LIMIT = 256 * 1024  # bytes
VERSION = re.compile(r"\bv\d+(?:\.\d+)+[^\r\n]{0,40}")
RECENT = timedelta(minutes=15)


class State(StrEnum):
    WELL = "well"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do where something is wrong."""

    subject: str
    state: State
    found: str
    mend: str = ""


def examine() -> Iterator[Finding]:
    """Every finding, as soon as it is made. What needs the database is left out where it does not answer."""
    yield from settings_are_right()
    yield where_services_run()
    database = list(database_answers())
    yield from database
    yield from broker_answers()
    yield from disk_has_space()
    if any(finding.state is State.WRONG for finding in database):
        return
    for look in (clocks_agree, months_are_ready, tools_are_found, removal_is_possible, workers_run, polls_go_on):
        yield from look()


def settings_are_right() -> Iterator[Finding]:
    found = [message for message in checks.run_checks() if not message.is_silenced()]
    for message in found:
        state = State.WRONG if message.level >= checks.ERROR else State.NOTE
        yield Finding("settings", state, f"{message.msg} ({message.id})", message.hint or "")
    if not found:
        yield Finding("settings", State.WELL, "no check objects to them")


def where_services_run() -> Finding:
    if settings.EMBEDDED:
        return Finding("services", State.WELL, f"embedded, data folder {settings.LICSTATS_DATA}")
    return Finding("services", State.WELL, "given by DATABASE_URL and REDIS_URL")


def database_answers() -> Iterator[Finding]:
    start = "Start it: `licstats up`" if settings.EMBEDDED else "Look at DATABASE_URL, and at the server it names"
    try:
        connection.ensure_connection()
        pending = MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding("database", State.WRONG, f"does not answer: {first_line(error)}", start)
        return
    version = connection.get_database_version()
    yield Finding("database", State.WELL, f"PostgreSQL {'.'.join(map(str, version))} answers")
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:3])
        yield Finding("migrations", State.WRONG, f"{len(pending)} are not applied: {names}", "Run `licstats migrate`")
    else:
        yield Finding("migrations", State.WELL, "all are applied")


def broker_answers() -> Iterator[Finding]:
    try:
        with redis.Redis.from_url(settings.LICSTATS_REDIS_URL, socket_timeout=5) as client:
            facts = client.info("server")
            waiting = sum(client.llen(queue) for queue in client.scan_iter(_type="list"))
    except (redis.RedisError, OSError) as error:
        start = "Start it: `licstats up`" if settings.EMBEDDED else "Look at REDIS_URL, and at the server it names"
        yield Finding("broker", State.WRONG, f"does not answer: {first_line(error)}", start)
        return
    yield Finding("broker", State.WELL, f"Redis {facts['redis_version']} answers, {waiting} messages wait")


def disk_has_space() -> Iterator[Finding]:
    if not settings.EMBEDDED:
        return
    place = Path(settings.LICSTATS_DATA)
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    state, mend = State.WELL, ""
    if free < LITTLE_SPACE:
        state, mend = State.WRONG, "Make room, or move the data folder (LICSTATS_DATA)"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free at {place}", mend)


def clocks_agree() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        difference = abs(cursor.fetchone()[0] - clock.now())
    if difference > CLOCKS_DIFFER:
        found = f"the database's clock differs from ours by {difference.total_seconds():.0f} s"
        yield Finding("clock", State.WRONG, found, "Set both machines by NTP")
    else:
        yield Finding("clock", State.WELL, "the database's clock is ours")


def months_are_ready() -> Iterator[Finding]:
    missing = list(partitions.missing())
    if missing:
        yield Finding(
            "partitions",
            State.WRONG,
            f"missing: {', '.join(missing)}",
            "A maintenance worker and beat make them: are they running? (Nothing is lost meanwhile)",
        )
    else:
        yield Finding("partitions", State.WELL, "this month and the next are there")


def tools_are_found() -> Iterator[Finding]:
    used = set(LicenseServer.objects.filter(enabled=True).values_list("manager", flat=True))
    for manager in MANAGERS.values():
        program = settings.LICSTATS_TOOLS[manager.tool]
        path = shutil.which(program)
        subject, variable = f"tool {manager.tool}", f"LICSTATS_{manager.tool.upper()}"
        if path:
            yield Finding(subject, State.WELL, f"{path}{version_of(manager, path)}")
        elif manager.name in used:
            mend = f"Set {variable} to its path, or poll these servers by a worker of a host that has it"
            yield Finding(subject, State.WRONG, f"{program} is not a program that we can run", mend)
        else:
            mend = f"{variable} names it, once there is a {manager.title} server"
            yield Finding(subject, State.NOTE, f"{program} is not there, and no server needs it", mend)


def version_of(manager: Manager, path: str) -> str:
    """What the tool says of its version, after a comma; empty where it says nothing that looks like one."""
    arguments = ["lmstat", "-v"] if manager.tool == "lmutil" else ["-help"]
    output = command.run([path, *arguments], TOOL_TIMEOUT, TOOL_LIMIT)
    found = VERSION.search(output.text)
    return f", {found[0].strip()}" if found else ""


def removal_is_possible() -> Iterator[Finding]:
    for site, name in LicenseServer.objects.filter(enabled=True).order_by().values_list("site", "manager").distinct():
        manager = MANAGERS.get(name)
        if manager is None or not closing_tool.needs_check(name):
            continue
        found = closing_tool.check(site, manager)
        mend = (
            "" if found.works else "Take the arguments from what `lmxendutil -help` prints; without them no X is shown"
        )
        state = State.WELL if found.works else State.NOTE
        yield Finding(f"closing {manager.title} at {site}", state, found.message, mend)


def workers_run() -> Iterator[Finding]:
    """Asks the workers through the broker; they have two seconds to answer."""
    try:
        answers = app.control.ping(timeout=2.0) or []
    except (redis.RedisError, OSError, OperationalError):
        answers = []
    names = sorted(name for answer in answers for name in answer)
    for kind in KINDS:
        of_kind = [name for name in names if name.startswith(kind)]
        if of_kind:
            yield Finding(f"worker {kind}", State.WELL, ", ".join(of_kind))
        else:
            start = "`licstats up`" if settings.EMBEDDED else f"`licstats worker --only {kind}`"
            yield Finding(f"worker {kind}", State.WRONG, "none answers", f"Start one: {start}")


def polls_go_on() -> Iterator[Finding]:
    servers = list(LicenseServer.objects.filter(enabled=True))
    if not servers:
        yield Finding("polls", State.NOTE, "there is no license server", "Add some: `licstats fleet apply FILE.toml`")
        return
    polling = health.check()["polling"]
    recent = sum(1 for server in servers if server.asked_at and server.asked_at > clock.now() - RECENT)
    found = f"{recent} of {len(servers)} license servers were asked in the last 15 minutes"
    yield Finding(
        "polls", State.WELL if polling == health.WELL else State.WRONG, found if polling == health.WELL else polling
    )
    for server in servers:
        if server.failures:
            yield Finding(f"server {server}", State.NOTE, server.reason, f"Its page says more: /servers/, {server}")


def first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
