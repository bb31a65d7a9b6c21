"""Asks a license server by its vendor's tool, and reads the answer. Nothing is stored here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone as clock

from licstats.managers.base import STATUS, Memo, Output, Query
from licstats.managers.reading import Reading
from licstats.models import LicenseServer, QueryOutput
from sessions_app.polling import command


@dataclass(frozen=True, slots=True)
class Answer:
    """A reading, the outputs that it was made of, which of them were asked for just now, and how long STATUS took.

    `asked`: the license manager and the address; a license server may be given others while the tools run.
    """

    asked: tuple[str, str]
    reading: Reading
    outputs: Mapping[str, Output]
    fresh: Mapping[str, Output]
    response_time: float  # seconds


class Asking:
    """One query of one license server: what is due is asked, what is not comes from what was stored."""

    def __init__(self, server: LicenseServer, memo: Memo | None = None) -> None:
        self.server = server
        self.memo = memo
        self.manager = server.license_manager
        self.queries = {query.name: query for query in self.manager.queries}
        rare = any(query.every for query in self.manager.queries)
        self.stored = {output.query: output for output in server.outputs.all()} if rare else {}
        self.fresh: dict[str, Output] = {}
        self.response_time = 0.0

    def answer(self) -> Answer:
        asked = self.server.manager, self.server.address
        self._ask(query.name for query in self.manager.queries if self._is_due(query))
        reading = self._read()
        if not self.fresh[STATUS].failure:
            again = [name for name in self.manager.wants_again(reading, self._outputs()) if name not in self.fresh]
            if again:
                self._ask(again)
                reading = self._read()
        return Answer(asked, reading, self._outputs(), self.fresh, self.response_time)

    def _is_due(self, query: Query) -> bool:
        stored = self.stored.get(query.name)
        return query.every is None or stored is None or clock.now() - stored.asked_at >= query.every

    def _ask(self, names: Iterable[str]) -> None:
        """Asks for all at the same time: the license server's answer takes longer than ours."""
        names = list(names)
        if len(names) == 1:
            outputs = [self._run(names[0])]
        else:
            with ThreadPoolExecutor(len(names)) as threads:
                outputs = list(threads.map(self._run, names))
        self.fresh.update(zip(names, outputs, strict=True))

    def _run(self, name: str) -> Output:
        tool = settings.LICSTATS_TOOLS[self.manager.tool]
        argv = self.manager.command(name, tool, self.server.address)
        began = time.monotonic()
        output = command.run(argv, self.server.timeout.total_seconds(), settings.LICSTATS_OUTPUT_LIMIT)
        if name == STATUS:
            self.response_time = time.monotonic() - began
        return output

    def _outputs(self) -> dict[str, Output]:
        """What was asked now; of a rare query that was not, or that failed now, the last answer."""
        known = {
            name: Output(stored.text, stored.exit_status, at=stored.asked_at)
            for name, stored in self.stored.items()
            if stored.text and name in self.queries
        }
        return {**known, **{name: out for name, out in self.fresh.items() if not out.failure or name not in known}}

    def _read(self) -> Reading:
        at = self.fresh[STATUS].at or clock.now()
        return self.manager.read(self._outputs(), at, self.server.zone, self.memo)


def query(server: LicenseServer) -> tuple[Reading, dict[str, Output]]:
    """What `server` says now, and the outputs, by query, that the reading was made of. Stores nothing."""
    answer = Asking(server).answer()
    return answer.reading, dict(answer.outputs)


def keep_rare_outputs(server: LicenseServer, answer: Answer) -> None:
    """Stores the answers of queries that are not asked at each poll, unless another license server is asked by now."""
    rare = {query.name for query in server.license_manager.queries if query.every} & answer.fresh.keys()
    if not rare:
        return
    manager, address = answer.asked
    with transaction.atomic():
        same = LicenseServer.objects.select_for_update().filter(pk=server.pk, manager=manager, address=address)
        if same.first():
            for name in rare:
                _keep(server, name, answer.fresh[name])


def _keep(server: LicenseServer, name: str, output: Output) -> None:
    """One that failed leaves the last answer, and has to wait for its time, too."""
    asked_at = output.at or clock.now()
    if not output.failure:
        values = {"text": output.text, "exit_status": output.exit_status, "asked_at": asked_at}
        QueryOutput.objects.update_or_create(server=server, query=name, defaults=values)
    else:
        QueryOutput.objects.update_or_create(
            server=server,
            query=name,
            defaults={"asked_at": asked_at},
            create_defaults={"text": "", "asked_at": asked_at},
        )
