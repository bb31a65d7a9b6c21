"""Polls one license server: asks, stores, and records how it went. Two polls of one server never overlap."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from types import TracebackType

import structlog
from django.db import Error
from django.utils import timezone as clock

from licstats.managers.base import Output
from licstats.managers.reading import Problem, ProblemKind, Reading, Status, Verdict
from licstats.models import LicenseServer
from sessions_app.closing.prove import notice
from sessions_app.locks import Lock
from sessions_app.polling.cache import Last, Readings
from sessions_app.polling.ingest import Stored, ingest
from sessions_app.polling.query import Answer, Asking, keep_rare_outputs, query
from sessions_app.polling.schedule import back_off

__all__ = ["AlreadyPolled", "PollServer", "query"]

HEAD = 4096  # characters within which an output tells its own time

log = structlog.get_logger("licstats.polling")
readings = Readings()  # of this process


class AlreadyPolled(Exception):
    """Another poll of this license server is under way."""


class PollServer:
    """Asks `server`, stores the reading, and records response time, due time and the event `poll`."""

    def __init__(self, server: LicenseServer) -> None:
        self.server = server
        self.stored: Stored | None = None

    def execute(self, look: Callable[[Reading], None] | None = None) -> Reading:
        """The reading, stored; `look` is shown it before. AlreadyPolled, at once, where another poll is under way.

        What else is raised before it is stored has been recorded as a failed poll, if the database could be reached.
        """
        with Lock.POLLING.of(self.server.pk) as is_ours:
            if not is_ours:
                raise AlreadyPolled(f"{self.server} is being polled already.")
            with _Recorded(self.server):
                reading = self._ask_and_store(look).reading
            self._notice(reading.at)
        return reading

    def _ask_and_store(self, look: Callable[[Reading], None] | None) -> Answer:
        last = readings.take(self.server)
        answer = Asking(self.server, last.memo).answer()
        if look:
            look(answer.reading)
        began = time.monotonic()
        self.stored = self._store(last, answer)
        _finish(self.server, answer.response_time)
        self._log(answer, time.monotonic() - began)
        return answer

    def _notice(self, at: datetime) -> None:
        """Licenses that were taken back, and taken again. What goes wrong here takes nothing from the reading."""
        try:
            notice(self.server, at)
        except Error as error:
            log.error("closes not looked through", server=self.server.name, error=repr(error))  # the next poll does it

    def _store(self, last: Last, answer: Answer) -> Stored:
        reading = answer.reading
        usable = reading.verdict is not Verdict.FAILED
        previous = last.previous(self.server)
        stored = ingest(self.server, reading, previous, lambda: digest_of(self.server, answer.outputs, reading.at))
        if usable or previous is not None:
            last.reading = reading if usable else previous
            last.revision, last.digest = stored.revision, bytes(self.server.digest)
            readings.keep(self.server, last)
        keep_rare_outputs(self.server, answer)
        return stored

    def _log(self, answer: Answer, seconds: float) -> None:
        reading, stored = answer.reading, self.stored
        counts = stored.sessions if stored else None
        log.info(
            "poll",
            server=self.server.name,
            manager=self.server.manager,
            site=self.server.site,
            verdict=str(reading.verdict),
            reason=self.server.reason or None,
            tool_seconds=round(answer.response_time, 3),
            store_seconds=round(seconds, 3),
            features=len(reading.features),
            problems=len(reading.problems),
            opened=counts.opened if counts else 0,
            closed=counts.closed if counts else 0,
            changed=counts.changed if counts else 0,
            unconfirmed=counts.unconfirmed if counts else 0,
            failures=self.server.failures,
        )


class _Recorded:
    """Records what is raised within it as a failed poll, and lets it go on into the log."""

    def __init__(self, server: LicenseServer) -> None:
        self.server = server

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            return
        log.error("poll failed", server=self.server.name, error=repr(error))
        message = f"licstats could not process the answer: {type(error).__name__}: {error}"[:1000]
        problem = Problem(ProblemKind.TOOL, message.replace("\0", "\N{REPLACEMENT CHARACTER}"))
        status = Status(self.server.status or Status.DOWN)
        with suppress(Error):
            ingest(self.server, Reading(status, Verdict.FAILED, clock.now(), problems=(problem,)))
            _finish(self.server, None)


def _finish(server: LicenseServer, response_time: float | None) -> None:
    """Gives the server free for the next poll; one that keeps failing is asked later than it is due."""
    fields: dict[str, float | datetime | None] = {"response_time": response_time, "claimed_until": None}
    if server.failures > 1:
        fields["next_poll_at"] = clock.now() + back_off(server.interval, server.failures)
    LicenseServer.objects.filter(pk=server.pk).update(**fields)


def digest_of(server: LicenseServer, outputs: Mapping[str, Output], at: datetime) -> bytes:
    """Stands for all that a reading depends on: equal digests give equal readings, but for their time.

    Besides the outputs that is the day, as licenses expire; where it runs; and this version of licstats.
    """
    day = at.astimezone(server.zone).date()
    digest = hashlib.sha256(f"{version('licstats')} {server.manager} {server.timezone} {day}".encode())
    told = server.license_manager.told_time
    for name, text in sorted((name, output.text) for name, output in outputs.items() if output.text):
        match = told.search(text, 0, HEAD) if told else None
        begin, end = match.span() if match else (0, 0)
        for part in (name, text[:begin], text[end:]):
            digest.update(part.encode(errors="surrogatepass"))
            digest.update(b"\0")
    return digest.digest()
