"""What is done, and read, in the administration of groups."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from licstats.models import LicenseServer
from tests.factories import FeatureFactory, LicenseServerFactory

DATES = {"date_joined_0": "2026-03-16", "date_joined_1": "12:00:00"}
ADD = "admin:groups_app_licenseservergroup_add"


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response) -> dict[str, list[str]]:
    """What a form was refused for, by field."""
    return response.context["adminform"].form.errors


def server(name: str, vendor: str = "", manager: str = "flexnet") -> LicenseServer:
    made = LicenseServerFactory(name=name, manager=manager)
    if vendor:
        FeatureFactory(server=made, vendor=vendor)
    return made


def add_group(pages: Client, *servers: LicenseServer, name: str = "XF"):
    return pages.post(reverse(ADD), {"name": name, "servers": [server.pk for server in servers]})


def change_login(pages: Client, login: User, *roles: str, **values: Any):
    """Saves it active and with these roles alone, but for `values`; None leaves a box unticked."""
    chosen = list(Group.objects.filter(name__in=roles).values_list("pk", flat=True))
    fields = {"username": login.username, "is_active": "on", "groups": chosen, **DATES, **values}
    fields = {name: value for name, value in fields.items() if value is not None}
    return pages.post(reverse("admin:auth_user_change", args=[login.pk]), fields)
