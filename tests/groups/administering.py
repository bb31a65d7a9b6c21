"""What is done, and read, in the administration of groups."""

from __future__ import annotations

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from licstats.models import LicenseServer
from tests.factories import FeatureFactory, LicenseServerFactory

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
