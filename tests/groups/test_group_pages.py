"""The list of license server groups, and the page of one."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from groups_app.models import LicenseServerGroup
from groups_app.roles import AddLogin
from tests.factories import LicenseServerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reports(client: Client, django_user_model) -> Client:
    AddLogin("ann", "viewer").execute()
    client.force_login(django_user_model.objects.get(username="ann"), "groups_app.logins.LoginBackend")
    return client


def test_groups_are_listed_by_name_however_many_members_they_have(reports: Client) -> None:
    names = [f"group{number}" for number in range(10, 40)]
    for name in reversed(names):
        LicenseServerGroup.objects.create(name=name).servers.add(LicenseServerFactory(), LicenseServerFactory())

    page = reports.get(reverse("groups")).content.decode()

    assert re.findall(r'<th scope="row"><a [^>]*>(\w+)</a>', page) == names


def test_a_group_without_license_servers_says_so_and_does_not_alarm(reports: Client) -> None:
    empty = LicenseServerGroup.objects.create(name="empty")

    for address in (reverse("groups"), reverse("group", args=[empty.pk])):
        page = reports.get(address).content.decode()
        assert '<span class="group-status group-status-empty">no license servers</span>' in page
        assert "none online" not in page
