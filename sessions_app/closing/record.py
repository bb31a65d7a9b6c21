"""Every step of a close leaves an entry that nobody can edit, and a line in the log."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from typing import Any

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


def note(step: str, by: str, message: str, request: CloseRequest | None = None, **details: Any) -> None:
    """An entry in the audit trail and a line in the log. `details` is plain JSON and holds no secret."""
    CloseEvent.objects.create(request=request, at=clock.now(), step=step, by=by, message=message, details=details)
    facts = {} if request is None else _facts(request)
    transaction.on_commit(lambda: log.info("close", step=step, by=by, message=message, **(facts | details)))


def turned_away(by: str, message: str, **details: Any) -> None:
    """Somebody asked for a close and was refused before there was a request."""
    note(TURNED_AWAY, by, message, **details)


def move(request: CloseRequest, state: CloseState, message: str = "", by: str = "", **fields: Any) -> bool:
    """Moves `request` on from the state and attempt in which it was read; False where somebody else was first.

    The state, its audit entry and the server's revision change in one transaction. ValueError for a step that the
    machine does not have.
    """
    if state not in FOLLOWS.get(request.state, ()):
        raise ValueError(f"A close request does not go from {request.state} to {state}.")
    now = clock.now()
    fields |= {"state": state, "moved_at": now, "message": message}
    if state not in UNDER_WAY and request.ended_at is None:
        fields["ended_at"] = now
    unmoved = CloseRequest.objects.filter(pk=request.pk, state=request.state, attempt=request.attempt)
    with transaction.atomic():
        if not unmoved.update(**fields):
            return False
        for name, value in fields.items():
            setattr(request, name, value)
        note(state, by or worker(), message, request)
        show_anew(request.server_id)
    return True


def show_anew(server_id: int | None) -> None:
    """Open pages with rows of that server refresh."""
    if server_id is None:
        return
    LicenseServer.objects.filter(pk=server_id).update(revision=F("revision") + 1)


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
