"""Close requests and readings for the tests of closing."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Permission, User
from django.forms import model_to_dict
from django.utils import timezone as clock

from licstats.managers.reading import FeatureReading, Problem, Reading, SessionReading, Status, Verdict
from sessions_app.closing.ask import COPIED
from sessions_app.models import ClosedSession, CloseRequest, CloseState, OpenSession
from tests.factories import OpenSessionFactory, UserFactory

AT = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)


def closer(**fields: Any) -> User:
    """A login that may close sessions."""
    login = UserFactory(**fields)
    login.user_permissions.add(Permission.objects.get(codename="close_session"))
    return User.objects.get(pk=login.pk)


def close_request(session: OpenSession | None = None, state: str = CloseState.REQUESTED, **fields: Any) -> CloseRequest:
    """A request for `session` that has come to `state` without anything being run."""
    session = session or OpenSessionFactory()
    now = clock.now()
    under_way = {CloseState.REQUESTED, CloseState.CHECKING, CloseState.REMOVING, CloseState.VERIFYING}
    sent = state not in (CloseState.REQUESTED, CloseState.CHECKING)
    made = {
        "session_id": session.pk,
        "server": session.server,
        "feature": session.feature,
        "server_name": session.server.name,
        "vendor": session.feature.vendor,
        "feature_name": session.feature.name,
        **{name: getattr(session, name) for name in COPIED},
        "login_name": "nadia",
        "origin": "page",
        "state": state,
        "requested_at": now,
        "moved_at": now,
        "ended_at": None if state in under_way else now,
        "attempt": None if state == CloseState.REQUESTED else uuid.uuid4(),
        "sent_at": now if sent else None,
    }
    return CloseRequest.objects.create(**(made | fields))


def end(session: OpenSession) -> ClosedSession:
    """As the next reading does that no longer shows it."""
    now = clock.now()
    kept = {
        name: value for name, value in model_to_dict(session).items() if name not in ("server", "feature", "missed")
    }
    ended = {"server": session.server, "feature": session.feature, "last_seen_at": now, "closed_at": now}
    closed = ClosedSession.objects.create(**(kept | ended))
    session.delete()
    return closed


def reading_with(*sessions: SessionReading, problems: tuple[Problem, ...] = (), **fields: Any) -> Reading:
    """A reading of one feature `mesh` of the vendor `vendord`; `fields` are the feature's, and the verdict."""
    verdict = fields.pop("verdict", Verdict.COMPLETE)
    used = sum(session.used for session in sessions)
    feature = FeatureReading("vendord", "mesh", **({"used": used, "sessions": sessions} | fields))
    return Reading(Status.UP, verdict, AT, features=(feature,), problems=problems)
