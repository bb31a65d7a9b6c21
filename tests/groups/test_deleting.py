"""What an administrator is told before license servers, groups and roles are deleted."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from groups_app.models import ForbiddenServer, LicenseServerGroup
from groups_app.roles import AddLogin
from licstats.models import LicenseServer
from tests.groups.administering import server

pytestmark = pytest.mark.django_db

AGAIN = "That ends with it: if it is added again, forbid it again."


def told(page: str) -> list[str]:
    """The lines of the page that asks, as they are read."""
    content = page[page.index('id="content"') :]
    return [re.sub(r"<[^>]+>", "", line).strip() for line in re.findall(r"<li>(.*?)</li>", content, re.DOTALL)]


def before_deleting(pages: Client, *chosen: Model) -> list[str]:
    options = chosen[0]._meta
    name = f"admin:{options.app_label}_{options.model_name}"
    if len(chosen) == 1:
        return told(pages.get(reverse(f"{name}_delete", args=[chosen[0].pk])).content.decode())
    data = {"action": "delete_selected", "_selected_action": [each.pk for each in chosen]}
    return told(pages.post(reverse(f"{name}_changelist"), data).content.decode())


@pytest.fixture
def american() -> LicenseServer:
    """Forbidden to two roles, and in two groups."""
    made = server("US", "xf")
    for role in ("viewer", "planner"):
        ForbiddenServer.objects.create(role=Group.objects.get_or_create(name=role)[0], server=made)
    for name in ("XF", "America"):
        LicenseServerGroup.objects.create(name=name).servers.add(made)
    return made


def test_before_a_license_server_goes_its_roles_and_groups_are_named(pages: Client, american: LicenseServer) -> None:
    lines = before_deleting(pages, american)

    assert f"US is forbidden to the roles planner, viewer. {AGAIN}" in lines
    assert "US is taken out of the groups America, XF." in lines
    assert not [line for line in lines if "relationship" in line or "orbidden license servers" in line]


def test_before_several_license_servers_go_each_is_told(pages: Client, american: LicenseServer) -> None:
    polish, danish = server("PL", "xf"), server("DK", "xf")
    ForbiddenServer.objects.create(role=Group.objects.get(name="viewer"), server=polish)
    LicenseServerGroup.objects.get(name="XF").servers.add(polish)

    lines = before_deleting(pages, american, polish, danish)

    assert [line for line in lines if "forbidden" in line] == [
        f"PL is forbidden to the role viewer. {AGAIN}",
        f"US is forbidden to the roles planner, viewer. {AGAIN}",
    ]
    assert [line for line in lines if "taken out" in line] == [
        "PL is taken out of the group XF.",
        "US is taken out of the groups America, XF.",
    ]


def test_a_group_that_the_administrator_may_not_see_is_neither_named_nor_counted(pages: Client) -> None:
    polish, secret = server("PL", "xf"), server("zsecret", "xf")
    ForbiddenServer.objects.create(role=Group.objects.get(name="administrator"), server=secret)
    before = before_deleting(pages, polish)

    LicenseServerGroup.objects.create(name="zsecret-group").servers.add(polish, secret)

    assert before_deleting(pages, polish) == before


def test_before_a_group_goes_it_is_said_what_stays(pages: Client, american: LicenseServer) -> None:
    lines = before_deleting(pages, LicenseServerGroup.objects.get(name="XF"))

    assert lines == [
        "License server groups: 1",
        "XF",
        "The license servers stay, with all that is known of them.",
        "Pinned panes and saved addresses of it will say that it is not there.",
    ]


def test_before_a_role_goes_no_table_is_named(pages: Client, american: LicenseServer) -> None:
    AddLogin("ann", "viewer").execute()
    planner = Group.objects.get(name="planner")
    planner.user_set.add(*Group.objects.get(name="viewer").user_set.all())

    assert before_deleting(pages, planner) == ["Roles: 1", "Forbidden license servers: 1", "planner"]
