"""What one login may see. Every page, export and pick list begins with one of these.

Visibility is a login's preference; group reports ignore it, so that every login sees the same figures there.
Roles are security: what is forbidden to one of a login's roles is nowhere, nor is a group that has it.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from groups_app.models import (
    ForbiddenServer,
    HiddenFeature,
    HiddenServer,
    LicenseServerGroup,
)
from licstats.models import Feature, LicenseServer

Login = AbstractBaseUser | AnonymousUser


def sees_all(user: Login) -> bool:
    """Whether nothing at all is kept from `user`, as far as this request knows; see `groups_app.logins`."""
    return getattr(user, "restricted", True) is False


def forbidden_servers(user: Login) -> QuerySet[ForbiddenServer]:
    """What the roles of `user` forbid; a superuser is not limited by roles."""
    if getattr(user, "is_superuser", False):
        return ForbiddenServer.objects.none()
    return ForbiddenServer.objects.filter(role__user=user.pk)


def permitted_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that the roles of `user` let it see, hidden or not; none without a login."""
    if sees_all(user):
        return LicenseServer.objects.all()
    if not user.is_authenticated:
        return LicenseServer.objects.none()
    return LicenseServer.objects.exclude(pk__in=forbidden_servers(user).values("server"))


def visible_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that `user` may see."""
    if sees_all(user):
        return LicenseServer.objects.all()
    hidden = HiddenServer.objects.filter(user=user.pk).values("server")
    return permitted_servers(user).exclude(pk__in=hidden)


def visible_features(user: Login) -> QuerySet[Feature]:
    """Features that `user` may see, on license servers that it may see."""
    if sees_all(user):
        return Feature.objects.all()
    hidden = HiddenFeature.objects.filter(user=user.pk, server=OuterRef("server"), name=OuterRef("name"))
    return Feature.objects.filter(Q(server__in=visible_servers(user)) & ~Exists(hidden))


def visible_groups(user: Login) -> QuerySet[LicenseServerGroup]:
    """License server groups that `user` may see: those without a forbidden member, hidden or not."""
    if sees_all(user):
        return LicenseServerGroup.objects.all()
    if not user.is_authenticated:
        return LicenseServerGroup.objects.none()
    forbidden = forbidden_servers(user).filter(server__groups=OuterRef("pk"))
    return LicenseServerGroup.objects.filter(~Exists(forbidden))
