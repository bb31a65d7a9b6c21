"""Logins, what is kept from them, and rows by their names."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, User

from groups_app.models import ForbiddenServer
from groups_app.roles import AddLogin
from licstats.models import LicenseServer


def login(name: str, role: str = "viewer") -> User:
    AddLogin(name, role).execute()
    return User.objects.get(username=name)


def named(rows: Iterable[object]) -> set[str]:
    return {str(row) for row in rows}


def forbid(name: str, role: str = "viewer") -> None:
    ForbiddenServer.objects.create(role=Group.objects.get(name=role), server=LicenseServer.objects.get(name=name))
