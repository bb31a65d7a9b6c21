"""Who may give what: nobody gives what they may not do themselves, and nobody takes over a login that may do more.

Superusers and logins with the role administrator give all that is offered.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.db.models import Exists, OuterRef, Q, QuerySet

from groups_app.roles import ADMINISTRATOR

NOT_GRANTED = (
    "You can give only what you have yourself. One of these is more than that, or is not there any more: "
    "choose again, or ask an administrator."
)


def gives_everything() -> Q:
    """Of logins: whether what they may give is not limited by what they may do."""
    return Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR)


def granted_permissions(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Permission]:
    """Permissions that `user` may give to a role."""
    if _gives_everything(user):
        return Permission.objects.all()
    key = user.pk or 0
    return Permission.objects.filter(Q(group__user=key) | Q(user=key)).distinct()


def granted_roles(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Group]:
    """Roles that `user` may give, change and delete: those with no more permissions than it has."""
    if _gives_everything(user):
        return Group.objects.all()
    more = Permission.objects.filter(group=OuterRef("pk")).exclude(pk__in=granted_permissions(user))
    return Group.objects.filter(~Exists(more)).exclude(name=ADMINISTRATOR)


def outranking(user: AbstractBaseUser | AnonymousUser) -> Q:
    """Of logins: whether they may do more than `user`, who may not change them then."""
    roles = Group.objects.exclude(pk__in=granted_roles(user))
    own = Permission.objects.exclude(pk__in=granted_permissions(user))
    return Q(is_superuser=True) | Exists(roles.filter(user=OuterRef("pk"))) | Exists(own.filter(user=OuterRef("pk")))


def _gives_everything(user: AbstractBaseUser | AnonymousUser) -> bool:
    return User.objects.filter(gives_everything(), pk=user.pk or 0).exists()
