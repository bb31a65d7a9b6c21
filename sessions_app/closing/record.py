"""Every step of a close leaves an entry that nobody can edit, and a line in the log."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone as clock

from licstats.models import LicenseServer
from sessions_app.models import CloseEvent, CloseRequest, CloseState
from sessions_app.models.closing import FOLLOWS, UNDER_WAY

TURNED_AWAY = "turned_away"  # the step of an attempt that never became a request

log = structlog.get_logger("licstats.closing")


def worker() -> str:
    """Who acts where no login does."""
    return f"worker {socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Step:
    """Where `request` goes next, why, and which of its other fields change with it."""

    request: CloseRequest
    state: CloseState
    message: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    def changes(self, now: datetime) -> dict[str, Any]:
        if self.state not in FOLLOWS.get(self.request.state, ()):
            raise ValueError(f"A close request does not go from {self.request.state} to {self.state}.")
        changes = {**self.fields, "state": self.state, "moved_at": now, "message": self.message}
        if self.state not in UNDER_WAY and self.request.ended_at is None:
            changes["ended_at"] = now
        return changes


def note_all(entries: Sequence[CloseEvent]) -> None:
    """Writes them into the audit trail, and a line of each into the log. Their `details` hold no secret."""
    now = clock.now()
    for entry in entries:
        entry.at = now
    CloseEvent.objects.bulk_create(entries)
    lines = [_line(entry) for entry in entries]
    transaction.on_commit(partial(_log, lines))


def turned_away(by: str, message: str, **details: Any) -> None:
    """Somebody asked for a close and was refused before there was a request."""
    note_all([CloseEvent(step=TURNED_AWAY, by=by, message=message, details=details)])


def move(request: CloseRequest, state: CloseState, message: str = "", **fields: Any) -> bool:
    """Moves `request` on from the state and attempt in which it was read; False where somebody else was first.

    ValueError for a step that the machine does not have.
    """
    return bool(move_all([Step(request, state, message, fields)]))


def move_all(steps: Sequence[Step]) -> list[CloseRequest]:
    """As `move`, for requests that go on together; those that nobody else moved first.

    Their states, audit entries and the revisions of their servers change in one transaction.
    """
    now = clock.now()
    changes = {step.request.pk: step.changes(now) for step in steps}
    if not changes:
        return []
    with transaction.atomic():
        unmoved = _lock(changes)
        moved = [step for step in steps if (step.request.state, step.request.attempt) == unmoved.get(step.request.pk)]
        requests = [step.request for step in moved]
        _write(requests, [changes[request.pk] for request in requests])
        who = worker()
        note_all([CloseEvent(request=one.request, step=one.state, by=who, message=one.message) for one in moved])
        for server_id in sorted({request.server_id for request in requests if request.server_id is not None}):
            show_anew(server_id)
    return requests


def show_anew(server_id: int | None) -> None:
    """Open pages with rows of that server refresh."""
    if server_id is None:
        return
    LicenseServer.objects.filter(pk=server_id).update(revision=F("revision") + 1)


def _lock(keys: Iterable[int]) -> dict[int, tuple[str, UUID | None]]:
    """State and attempt of these requests, which nobody moves until the transaction ends."""
    rows = CloseRequest.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    return {pk: (state, attempt) for pk, state, attempt in rows.values_list("pk", "state", "attempt")}


def _write(requests: Sequence[CloseRequest], changes: Sequence[Mapping[str, Any]]) -> None:
    """One statement for what is the same for all, after one for what is not, where something is not."""
    for request, values in zip(requests, changes, strict=True):
        for name, value in values.items():
            setattr(request, name, value)
    same = _same(changes)
    if "state" not in same:  # the state and what the database wants with it change in one statement
        same = {}
    different = {name for values in changes for name in values} - same.keys()
    if different:
        CloseRequest.objects.bulk_update(requests, sorted(different))
    if same:
        CloseRequest.objects.filter(pk__in=[request.pk for request in requests]).update(**same)


def _same(changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    first, *others = changes or [{}]
    return {
        name: value
        for name, value in first.items()
        if all(name in values and values[name] == value for values in others)
    }


def _log(lines: Iterable[Mapping[str, Any]]) -> None:
    for line in lines:
        log.info("close", **line)


def _line(entry: CloseEvent) -> dict[str, Any]:
    """What the log says of `entry`."""
    facts = {} if entry.request is None else _facts(entry.request)
    return {"step": entry.step, "by": entry.by, "message": entry.message, **facts, **entry.details}


def _facts(request: CloseRequest) -> dict[str, Any]:
    return {
        "close": request.pk,
        "server": request.server_name,
        "feature": request.feature_name,
        "session": request.session_id,
        "user": request.user,
        "host": request.host,
        "login": request.login_name,
        "attempt": str(request.attempt or ""),
        "seconds": _seconds(request.requested_at, request.moved_at),
    }


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 3)
