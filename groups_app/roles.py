"""The roles that ship with the project, as Django groups, and logins that have them.

A viewer may look. An administrator may also change license servers, groups, visibility and logins, and close
sessions; closing is a permission of its own and may be given to any role or login.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import get_random_string

VIEWER = "viewer"
ADMINISTRATOR = "administrator"
CLOSE_SESSION = ("sessions_app", "close_session")
MANAGED = {
    "licstats": ("licenseserver",),
    "groups_app": ("licenseservergroup", "usergroup", "hostgroup", "forbiddenserver"),
    "auth": ("user", "group"),
}
LOOK_ONLY = {"licstats": ("feature", "pool")}
CLOSES = {"sessions_app": ("closerequest", "closeevent")}
ROLES = (VIEWER, ADMINISTRATOR)


def _permissions_of_administrators() -> Q:
    wanted = Q(content_type__app_label=CLOSE_SESSION[0], codename=CLOSE_SESSION[1])
    for app, names in MANAGED.items():
        wanted |= Q(content_type__app_label=app, content_type__model__in=names)
    return wanted | _looking(LOOK_ONLY)


def _looking(models: Mapping[str, tuple[str, ...]]) -> Q:
    wanted = Q()
    for app, names in models.items():
        wanted |= Q(content_type__app_label=app, codename__in=[f"view_{name}" for name in names])
    return wanted


def offered_permissions(role: Group) -> QuerySet[Permission]:
    """What means anything in licstats, and what the role has already, so that saving it takes nothing away."""
    used = _permissions_of_administrators() | _looking(CLOSES)
    own = Q(pk__in=role.permissions.values("pk")) if role.pk else Q()
    return Permission.objects.filter(used | own).select_related("content_type")


def shipped_permissions(role: Group) -> QuerySet[Permission]:
    """What `role` has at least, as it ships with licstats."""
    if role.name != ADMINISTRATOR:
        return Permission.objects.none()
    return Permission.objects.filter(_permissions_of_administrators())


def ship_roles(sender: AppConfig, **kwargs: Any) -> None:
    """After migrations: both roles are there, the administrator's has the permissions that it ships with, and every
    login has a role. Without one, what is forbidden to roles would not be forbidden to it.

    Whoever wants other permissions makes a role of another name.
    """
    for label in (*MANAGED, CLOSE_SESSION[0]):
        create_permissions(apps.get_app_config(label), verbosity=0)  # they may not have had their turn yet
    viewer, _ = Group.objects.get_or_create(name=VIEWER)
    viewer.user_set.add(*User.objects.filter(groups=None, is_superuser=False))
    administrator, _ = Group.objects.get_or_create(name=ADMINISTRATOR)
    administrator.permissions.add(*shipped_permissions(administrator))


def follow_roles(login: User) -> bool:
    """Whoever has the role administrator may use the admin pages, and nobody who has nothing to do there.

    True where this login could not until now, or can no longer.
    """
    administers = login.groups.filter(name=ADMINISTRATOR).exists()
    may = administers or (login.is_staff and _has_work(login))
    if login.is_staff == may:
        return False
    login.is_staff = may
    login.save(update_fields=["is_staff"])
    return True


def _has_work(login: User) -> bool:
    """Whether the admin pages have anything for `login`: closing sessions is not done there."""
    given = Permission.objects.filter(Q(group__user=login) | Q(user=login))
    return login.is_superuser or given.exclude(codename=CLOSE_SESSION[1]).exists()


class AddLogin:
    """Add a login with a role. An administrator may use the admin pages; without a password one is made."""

    def __init__(self, name: str, role: str, password: str = "") -> None:
        self.name = name
        self.role = role
        self.password = password or get_random_string(20)

    @transaction.atomic
    def execute(self) -> str:
        """The password; ValidationError where the name is taken or wrong, or the password too weak."""
        login = User(username=self.name)
        if User.objects.filter(username=self.name).exists():
            raise ValidationError(f"There is a login '{self.name}' already. Choose another name.")
        validate_password(self.password, login)
        login.set_password(self.password)
        login.full_clean()
        login.save()
        login.groups.add(Group.objects.get(name=self.role))
        follow_roles(login)
        return self.password
