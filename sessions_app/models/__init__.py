from __future__ import annotations

from sessions_app.models.sessions import ClosedSession, OpenSession, SessionChange
from sessions_app.models.usage import UsageInterval

__all__ = ["ClosedSession", "OpenSession", "SessionChange", "UsageInterval"]
