"""Which closes a login may see, on pages and in the administration.

A close outlives its license server, and what forbade or hid that is gone with it. So a close of it is for whoever
asked for it, and for logins that nothing is kept from and that may change what roles see.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from groups_app.scope import Scope
from groups_app.visibility import Login, limited, permitted_servers, sees_all, visible_features, visible_groups
from licstats.models import LicenseServer
from sessions_app.grid.reach import covered
from sessions_app.models import CloseRequest


def sees_what_is_gone(user: Login) -> bool:
    """Whether closes of license servers that were deleted are for `user`, whoever asked for them."""
    return sees_all(user) and changes_roles(user)


def changes_roles(user: Login) -> bool:
    return isinstance(user, User) and user.has_perm("auth.change_group")


def covered_closes(rows: QuerySet[CloseRequest], scope: Scope) -> QuerySet[CloseRequest]:
    """Those of `rows` that a report on `scope` lists."""
    if scope.server or scope.group or sees_what_is_gone(scope.user):
        return covered(rows, scope)
    return covered(rows.exclude(feature=None), scope) | rows.filter(feature=None, login=scope.user.pk)


def visible_closes(user: Login) -> QuerySet[CloseRequest]:
    """Closes that `user` finds in the report of any scope, and all that it asked for."""
    if sees_what_is_gone(user):
        return CloseRequest.objects.all()
    members = LicenseServer.objects.filter(groups__in=visible_groups(user))
    seen = Q(feature__in=visible_features(user)) | Q(server__in=members)
    return CloseRequest.objects.filter(seen | Q(login=user.pk))


def permitted(user: Login, path: str = "") -> Q:
    """The condition that the roles of `user` let it see a close, which stands at `path` of the filtered model."""
    if not limited(user) and changes_roles(user):
        return Q()
    asked = Q(**{f"{path}server": None, f"{path}login": user.pk})
    return asked | Q(**{f"{path}server__in": permitted_servers(user)})
