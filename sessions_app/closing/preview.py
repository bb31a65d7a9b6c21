"""What exactly would go, and what else with it, before anything happens. Reads the database only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache

from django.db.models import QuerySet

from groups_app.visibility import visible_features
from licstats.models import Feature
from sessions_app.closing import check, tool
from sessions_app.closing.check import Login
from sessions_app.closing.identity import Identity
from sessions_app.models import CloseRequest, OpenSession
from sessions_app.models.closing import UNDER_WAY

AT_ONCE = 200  # sessions in one preview: more than anybody can look through


@dataclass(frozen=True, slots=True)
class Item:
    """One session that was asked for: with what goes with it, or with what stands against closing it."""

    session: OpenSession
    obstacle: str = ""
    also: tuple[OpenSession, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """`missing` counts what was asked for and is not there any more, or never was for this login.

    `unseen` counts sessions that go too and are of features that this login does not see.
    """

    closable: list[Item] = field(default_factory=list)
    blocked: list[Item] = field(default_factory=list)
    also: list[OpenSession] = field(default_factory=list)
    unseen: int = 0
    missing: int = 0

    @property
    def licenses(self) -> int:
        return sum(item.session.used for item in self.closable)

    @property
    def others(self) -> list[int]:
        """Ids of what goes besides the closable: shown, unseen, or chosen as well but blocked."""
        closable = {item.session.pk for item in self.closable}
        return sorted({one.pk for item in self.closable for one in item.also} - closable)


def preview(ids: Collection[int], login: Login, kept: int = 0) -> Preview:
    """The preview of closing the open sessions `ids` as `login`; so many that were asked for too are `kept` from it."""
    features = visible_features(login)
    sessions = list(
        OpenSession.objects.filter(pk__in=ids, feature__in=features)
        .select_related("feature", "server")
        .order_by("server__name", "feature__name", "user", "host", "pk")
    )
    together = going_together(sessions)
    items = list(_items(sessions, together, login))
    closable = [item for item in items if not item.obstacle]
    chosen = {session.pk for session in sessions}
    also = {one.pk: one for item in closable for one in item.also if one.pk not in chosen}
    seen = set(features.filter(pk__in={one.feature_id for one in also.values()}).values_list("pk", flat=True))
    return Preview(
        closable,
        [item for item in items if item.obstacle],
        [one for one in also.values() if one.feature_id in seen],
        sum(one.feature_id not in seen for one in also.values()),
        len(set(ids)) - len(sessions) + kept,
    )


def going_together(sessions: Iterable[OpenSession]) -> dict[int, tuple[OpenSession, ...]]:
    """For each session's id, the other open sessions that its license server would close with it."""
    chosen = list(sessions)
    by_reach: dict[tuple[int, tuple[str, ...]], dict[int, OpenSession]] = {}
    for candidates in (_with_these_handles(chosen), _of_these_users(chosen)):
        for one in candidates.select_related("feature", "server").order_by("pk"):
            by_reach.setdefault(_reach(one), {})[one.pk] = one
    return {
        session.pk: tuple(one for pk, one in by_reach.get(_reach(session), {}).items() if pk != session.pk)
        for session in chosen
    }


def _items(sessions: list[OpenSession], together: dict[int, tuple[OpenSession, ...]], login: Login) -> Iterable[Item]:
    forbidden = check.login_obstacle(login)
    servers = {session.server_id: session.server for session in sessions}
    of_tool = cache(tool.obstacle)
    blocked = {pk: check.server_obstacle(server, of_tool) for pk, server in servers.items()}
    requests = CloseRequest.objects.filter(session_id__in=[one.pk for one in sessions], state__in=UNDER_WAY)
    asked = {request.session_id: check.asked_already(request) for request in requests}
    for session in sessions:
        obstacle = (
            forbidden
            or blocked[session.server_id]
            or check.session_obstacle(session)
            or asked.get(session.pk, "")
            or _obstacle_of_others(together[session.pk])
        )
        yield Item(session, obstacle, () if obstacle else together[session.pk])


def _obstacle_of_others(others: tuple[OpenSession, ...]) -> str:
    if any(check.session_obstacle(other) for other in others):
        return "A borrowed license would go with it, which its license server does not take back."
    return ""


def _reach(session: OpenSession) -> tuple[int, tuple[str, ...]]:
    return session.server_id, Identity.of_open(session).reach(session.server.manager)


def _with_these_handles(sessions: Iterable[OpenSession]) -> QuerySet[OpenSession]:
    """At least the sessions that share feature and handle with one of `sessions`, by indexed columns."""
    handled = [session for session in sessions if session.handle]
    features = Feature.objects.filter(
        server__in={session.server_id for session in handled}, name__in={one.feature.name for one in handled}
    )
    return OpenSession.objects.filter(
        feature__in=list(features.values_list("pk", flat=True)), handle__in={session.handle for session in handled}
    )


def _of_these_users(sessions: Iterable[OpenSession]) -> QuerySet[OpenSession]:
    """At least the sessions of the same user on the same host, where that is what goes together."""
    by_user = [session for session in sessions if session.server.manager == "lmx" or not session.handle]
    return OpenSession.objects.filter(
        server__in={session.server_id for session in by_user},
        user__in={session.user for session in by_user},
        host__in={session.host for session in by_user},
    )
