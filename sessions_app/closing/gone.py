"""Sessions that are not open any more when their close is confirmed: what licstats still knows of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User

from groups_app.visibility import visible_features
from sessions_app.closing import check, record
from sessions_app.models import ClosedSession

ENDED = "It had ended before you confirmed, so nothing was asked for."
UNKNOWN = (
    "licstats no longer has this session: its license server was taken out of licstats, or it ended so long ago that "
    "it is not kept. Nothing was asked for; if it still runs, close it with the license manager's own tool."
)


def turn_away(login: User, ids: Collection[int]) -> list[str]:
    """What `login` is told of each, in their order; the audit trail has it, with what is on record of the session."""
    ended = {one.id: one for one in ClosedSession.objects.filter(id__in=ids).select_related("server", "feature")}
    features = visible_features(login).filter(pk__in={one.feature_id for one in ended.values()})
    seen = set(features.values_list("pk", flat=True))
    told = []
    for pk in ids:
        session = ended.get(pk)
        is_seen = session is not None and session.feature_id in seen
        why = UNKNOWN if session is None else ENDED if is_seen else check.NOT_VISIBLE
        record.turned_away(login.get_username(), why, session=pk, **_facts(session))
        told.append(f"{session.user} on {session.host}: {why}" if session and is_seen else why)
    return told


def _facts(session: ClosedSession | None) -> dict[str, Any]:
    if session is None:
        return {}
    return {
        "server": session.server.name,
        "feature": session.feature.name,
        "user": session.user,
        "host": session.host,
        "closed_at": session.closed_at.isoformat(),
    }
