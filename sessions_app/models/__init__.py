from __future__ import annotations

from sessions_app.models.closing import CloseEvent, CloseRequest, CloseState, ClosingTool
from sessions_app.models.dashboard import DashboardPane
from sessions_app.models.preferences import GridPreference
from sessions_app.models.recorded import RecordedSession
from sessions_app.models.sessions import ClosedSession, OpenSession, SessionChange
from sessions_app.models.usage import UsageDay, UsageHour, UsageInterval

__all__ = [
    "CloseEvent",
    "CloseRequest",
    "CloseState",
    "ClosedSession",
    "ClosingTool",
    "DashboardPane",
    "GridPreference",
    "OpenSession",
    "RecordedSession",
    "SessionChange",
    "UsageDay",
    "UsageHour",
    "UsageInterval",
]
