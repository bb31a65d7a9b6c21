"""The list of license server groups, and the page of one."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from groups_app.models import LicenseServerGroup
from groups_app.roles import AddLogin
from groups_app.views import groups as views
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


def test_of_more_groups_than_are_shown_it_is_said_how_many_and_a_filter_finds_them(
    reports: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_GROUPS", 2)
    for name in ("alpha", "beta", "gamma", "zeta"):
        LicenseServerGroup.objects.create(name=name, description="in Greek" * (name == "zeta"))

    def listed(query: str) -> tuple[list[str], str]:
        page = reports.get(f"{reverse('groups')}{query}").content.decode()
        return re.findall(r'<th scope="row"><a [^>]*>(\w+)</a>', page), page

    assert listed("")[0] == ["alpha", "beta"]
    assert "2 more: filter to see them." in listed("")[1]
    assert listed("?q=GREEK")[0] == ["zeta"]
    assert "more: filter" not in listed("?q=GREEK")[1]
    assert "No license server group contains “omega”." in listed("?q=omega%00")[1]


def test_a_group_without_license_servers_says_so_and_does_not_alarm(reports: Client) -> None:
    empty = LicenseServerGroup.objects.create(name="empty")

    for address in (reverse("groups"), reverse("group", args=[empty.pk])):
        page = reports.get(address).content.decode()
        assert '<span class="group-status group-status-empty">no license servers</span>' in page
        assert "none online" not in page
