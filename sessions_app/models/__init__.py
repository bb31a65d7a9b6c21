from __future__ import annotations

from sessions_app.models.closing import CloseEvent, CloseRequest, CloseState, ClosingTool
from sessions_app.models.sessions import ClosedSession, OpenSession, SessionChange
from sessions_app.models.usage import UsageDay, UsageHour, UsageInterval

__all__ = [
    "CloseEvent",
    "CloseRequest",
    "CloseState",
    "ClosedSession",
    "ClosingTool",
    "OpenSession",
    "SessionChange",
    "UsageDay",
    "UsageHour",
    "UsageInterval",
]
