"""Readings made by hand, for tests of what is stored of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from licstats.managers.reading import (
    FeatureReading,
    FeatureType,
    Problem,
    ProblemKind,
    Reading,
    SessionReading,
    Status,
    Verdict,
)

NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)  # a Monday


def minute(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def session(user: str = "user1", handle: str = "101", **fields: Any) -> SessionReading:
    values: dict[str, Any] = {
        "host": f"ws-{user}",
        "display": ":0.0",
        "version": "v1.0",
        "server_host": "lic1",
        "port": "27000",
        "checked_out_at": minute(-60),
        "raw": f"{user} ws-{user} :0.0",
    }
    return SessionReading(user=user, handle=handle, **{**values, **fields})


def feature(name: str = "solver", *sessions: SessionReading, **fields: Any) -> FeatureReading:
    values: dict[str, Any] = {
        "vendor": "vendord",
        "version": "1.0",
        "type": FeatureType.FLOATING,
        "total": 10,
        "used": sum(one.used for one in sessions),
    }
    return FeatureReading(name=name, sessions=sessions, **{**values, **fields})


def complete(minutes: float, *features: FeatureReading, **fields: Any) -> Reading:
    return Reading(status=Status.UP, verdict=Verdict.COMPLETE, at=minute(minutes), features=features, **fields)


def partial(minutes: float, *features: FeatureReading, problem: Problem | None = None, **fields: Any) -> Reading:
    cut = problem or Problem(ProblemKind.CUT, "The output ends within a line.")
    return Reading(Status.UP, Verdict.PARTIAL, minute(minutes), features=features, problems=(cut,), **fields)


def failed(minutes: float, message: str = "time-out after 15 s") -> Reading:
    return Reading(Status.DOWN, Verdict.FAILED, minute(minutes), problems=(Problem(ProblemKind.TOOL, message),))
