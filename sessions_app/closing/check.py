"""May this login close this session, and can it work? The grids, the preview, the click and the worker all ask here."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser, User

from groups_app.visibility import visible_features
from licstats.models import LicenseServer
from sessions_app.closing import tool
from sessions_app.models import CloseRequest, OpenSession
from sessions_app.models.closing import UNDER_WAY

Login = User | AnonymousUser

PERMISSION = "sessions_app.close_session"
NO_PERMISSION = "Your login may not close sessions. An administrator can give it that permission."
NOT_VISIBLE = "There is no such session, or it is on a license server that your login does not see."


class CloseRefused(Exception):
    """A session that is not closed; the message says why and what to do."""


def login_obstacle(login: Login) -> str:
    """Why `login` may not close anything; empty where it may."""
    return "" if login.is_active and login.has_perm(PERMISSION) else NO_PERMISSION


def server_obstacle(server: LicenseServer, of_tool: Callable[[str, str], str] = tool.obstacle) -> str:
    """Why no session of `server` can be closed; empty where they can. `of_tool` may remember `tool.obstacle`."""
    manager = server.license_manager
    if not manager.can_close:
        return f"{manager.title} has no way to close a session from outside."
    if not server.enabled:
        return f"{server} is switched off in licstats, so that nothing is asked of it. Enable it to close sessions."
    return of_tool(server.site, server.manager)


def session_obstacle(session: OpenSession) -> str:
    """Why this one session cannot be closed, whoever asks; empty where it can."""
    if session.borrow_expires_at is not None:
        return (
            f"It is borrowed until {session.borrow_expires_at:%Y-%m-%d %H:%M} UTC and may be offline: "
            "its license server does not take borrowed licenses back."
        )
    return ""


def asked_already(request: CloseRequest) -> str:
    return f"It is being closed already: asked by {request.login_name} at {request.requested_at:%H:%M:%S} UTC."


def asked_already_by_now(session_id: int) -> str:
    """As `asked_already`, where somebody else was quicker."""
    request = CloseRequest.objects.filter(session_id=session_id, state__in=UNDER_WAY).first()
    return asked_already(request) if request else "It was being closed by somebody else just now."


def is_visible(login: Login, feature_id: int | None) -> bool:
    """Whether `login` sees that feature and its server; groups that show it all the same do not count."""
    return feature_id is not None and visible_features(login).filter(pk=feature_id).exists()
