"""What one login may see. Every page, export and pick list begins with one of these."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer

Login = AbstractBaseUser | AnonymousUser


def visible_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that `user` may see."""
    return LicenseServer.objects.all()


def visible_features(user: Login) -> QuerySet[Feature]:
    """Features that `user` may see, on license servers that it may see."""
    return Feature.objects.filter(server__in=visible_servers(user))


def visible_groups(user: Login) -> QuerySet[LicenseServerGroup]:
    """License server groups that `user` may see; what is hidden of their members does not matter."""
    return LicenseServerGroup.objects.all()
