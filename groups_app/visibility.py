"""What one login may see. Every page, export and pick list begins with one of these.

Visibility is a login's preference; group reports ignore it, so that every login sees the same figures there.
Roles are security: what is forbidden to one of a login's roles is nowhere, nor is a group that has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from groups_app.models import (
    ForbiddenServer,
    HiddenFeature,
    HiddenServer,
    LicenseServerGroup,
    VisibilityDefault,
)
from licstats.models import Feature, LicenseServer

Login = AbstractBaseUser | AnonymousUser


def forbidden_servers(user: Login) -> QuerySet[ForbiddenServer]:
    """What the roles of `user` forbid; a superuser is not limited by roles."""
    if getattr(user, "is_superuser", False):
        return ForbiddenServer.objects.none()
    return ForbiddenServer.objects.filter(role__user=user.pk)


def permitted_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that the roles of `user` let it see, hidden or not; none without a login."""
    if not user.is_authenticated:
        return LicenseServer.objects.none()
    return LicenseServer.objects.exclude(pk__in=forbidden_servers(user).values("server"))


def visible_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that `user` may see."""
    hidden = HiddenServer.objects.filter(user=user.pk).values("server")
    return permitted_servers(user).exclude(pk__in=hidden)


def visible_features(user: Login) -> QuerySet[Feature]:
    """Features that `user` may see, on license servers that it may see."""
    hidden = HiddenFeature.objects.filter(user=user.pk, server=OuterRef("server"), name=OuterRef("name"))
    return Feature.objects.filter(Q(server__in=visible_servers(user)) & ~Exists(hidden))


def visible_groups(user: Login) -> QuerySet[LicenseServerGroup]:
    """License server groups that `user` may see: those without a forbidden member, hidden or not."""
    if not user.is_authenticated:
        return LicenseServerGroup.objects.none()
    forbidden = forbidden_servers(user).filter(server__groups=OuterRef("pk"))
    return LicenseServerGroup.objects.filter(~Exists(forbidden))


def hide_new_server(instance: LicenseServer, created: bool, **kwargs: Any) -> None:
    """After a license server was added: hide it from the logins that are set not to see new ones."""
    if not created:
        return
    logins = VisibilityDefault.objects.filter(hide_new_servers=True).values_list("user", flat=True)
    HiddenServer.objects.bulk_create(
        (HiddenServer(user_id=login, server=instance) for login in logins), ignore_conflicts=True
    )


class SetVisibility:
    """Set what is hidden from a login. A list is the whole of it; None leaves that part as it is."""

    def __init__(
        self,
        login: AbstractBaseUser,
        servers: Sequence[LicenseServer] | None = None,
        features: Iterable[tuple[LicenseServer, str]] | None = None,
        hide_new_servers: bool | None = None,
    ) -> None:
        self.login = login
        self.servers = None if servers is None else {server.pk for server in servers}
        self.features = None if features is None else {(server.pk, name) for server, name in features}
        self.hide_new_servers = hide_new_servers

    @transaction.atomic
    def execute(self) -> list[str]:
        """The parts that changed, by the words of the fleet file."""
        changed = []
        if self.servers is not None and self._set_servers(self.servers):
            changed.append("hide_servers")
        if self.features is not None and self._set_features(self.features):
            changed.append("hide_features")
        if self.hide_new_servers is not None and self._set_default(self.hide_new_servers):
            changed.append("hide_new_servers")
        return changed

    def _set_servers(self, wanted: set[int]) -> bool:
        rows = HiddenServer.objects.filter(user_id=self.login.pk)
        present = set(rows.values_list("server_id", flat=True))
        rows.filter(server_id__in=present - wanted).delete()
        HiddenServer.objects.bulk_create(
            (HiddenServer(user_id=self.login.pk, server_id=pk) for pk in wanted - present),
            ignore_conflicts=True,
        )
        return present != wanted

    def _set_features(self, wanted: set[tuple[int, str]]) -> bool:
        rows = HiddenFeature.objects.filter(user_id=self.login.pk)
        present = {(server, name): pk for pk, server, name in rows.values_list("pk", "server_id", "name")}
        rows.filter(pk__in=[present[pair] for pair in present.keys() - wanted]).delete()
        HiddenFeature.objects.bulk_create(
            (
                HiddenFeature(user_id=self.login.pk, server_id=server, name=name)
                for server, name in wanted - present.keys()
            ),
            ignore_conflicts=True,
        )
        return present.keys() != wanted

    def _set_default(self, hide: bool) -> bool:
        default, _ = VisibilityDefault.objects.get_or_create(user_id=self.login.pk)
        if default.hide_new_servers == hide:
            return False
        default.hide_new_servers = hide
        default.save(update_fields=["hide_new_servers"])
        return True
