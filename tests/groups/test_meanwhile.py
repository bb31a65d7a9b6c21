"""Two administrators have the same form open: the second save does not undo the first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups_app.models import ForbiddenServer, LicenseServerGroup, UserGroup
from groups_app.roles import AddLogin
from licstats.models import LicenseServer
from tests.factories import LicenseServerFactory
from tests.groups.administering import errors, server

pytestmark = pytest.mark.django_db

SERVER = {"manager": "flexnet", "timezone": "UTC", "site": "main", "interval": "60s", "timeout": "15s", "enabled": "on"}
HERE = (
    "What you entered is still here; open the page anew, in another tab, to see what was changed, "
    "and enter there what is missing."
)


@pytest.fixture
def other() -> Client:
    """The pages of another administrator."""
    AddLogin("bob", "administrator").execute()
    client = Client()
    client.force_login(User.objects.get(username="bob"))
    return client


def address(of: Model) -> str:
    return reverse(f"admin:{of._meta.app_label}_{of._meta.model_name}_change", args=[of.pk])


def opened(pages: Client, of: Model) -> dict[str, str]:
    """What the form carries for the time when it is saved."""
    found = re.findall(r'name="opened" value="([^"]+)"', pages.get(address(of)).content.decode())
    return {"opened": found[0]}


def refusal(response) -> list[str]:
    return errors(response).get("__all__", [])


def test_members_that_somebody_added_meanwhile_are_not_dropped(pages: Client, other: Client) -> None:
    polish, american, danish = server("PL", "xf"), server("US", "xf"), server("DK", "xf")
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(polish)
    mine, theirs = opened(pages, group), opened(other, group)

    other.post(address(group), {"name": "XF", "servers": [polish.pk, american.pk], **theirs})
    now = f"{timezone.localtime():%Y-%m-%d}"
    refused = pages.post(address(group), {"name": "XF", "servers": [polish.pk, danish.pk], **mine})

    (said,) = refusal(refused)
    changed = rf"XF was not saved: it was changed after you opened it, by bob at {now} \d\d:\d\d\. "
    assert re.fullmatch(changed + HERE, said)
    assert set(group.servers.all()) == {polish, american}
    page = refused.content.decode()
    assert re.search(rf'<option value="{danish.pk}" selected>', page)
    assert f'value="{mine["opened"]}"' in page


def test_what_was_opened_anew_is_saved(pages: Client, other: Client) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    other.post(address(group), {"name": "XF", "description": "theirs", **opened(other, group)})

    saved = pages.post(address(group), {"name": "XF", "description": "mine", **opened(pages, group)})

    assert saved.status_code == 302
    group.refresh_from_db()
    assert group.description == "mine"


def test_what_a_command_changed_is_said_without_a_name(pages: Client) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    mine = opened(pages, group)
    group.servers.add(server("PL", "xf"))

    assert refusal(pages.post(address(group), {"name": "XF", **mine})) == [
        f"XF was not saved: it was changed after you opened it. {HERE}"
    ]


def test_a_member_that_is_gone_is_said_without_its_number(pages: Client) -> None:
    group = LicenseServerGroup.objects.create(name="XF")

    refused = pages.post(address(group), {"name": "XF", "servers": [99999], **opened(pages, group)})

    assert errors(refused) == {"servers": ["A chosen license server is not there any more. Choose again."]}


def test_every_form_that_several_administrators_change_carries_when_it_was_opened(pages: Client, other: Client) -> None:
    names = {"name": "design", "members": "ann"}
    login = {"username": "ann", "date_joined_0": "2026-03-16", "date_joined_1": "12:00:00"}
    AddLogin("ann", "viewer").execute()
    ann, viewer = User.objects.get(username="ann"), Group.objects.get(name="viewer")
    changes: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
        (UserGroup.objects.create(name="design", members="ann"), names, {"members": "ann\nbob"}),
        (Group.objects.create(name="planner"), {"name": "planner"}, {"forbidden": [server("US", "xf").pk]}),
        (LicenseServerFactory(name="PL"), SERVER | {"name": "PL", "address": "27000@PL"}, {"interval": "90s"}),
        (ann, login | {"groups": [viewer.pk]}, {"is_active": "on"}),
    ]

    for changed, fields, theirs in changes:
        mine = opened(pages, changed)
        assert other.post(address(changed), fields | theirs | opened(other, changed)).status_code == 302, changed
        (said,) = refusal(pages.post(address(changed), fields | mine))
        assert ", by bob at " in said


def test_signing_in_and_polling_change_no_form(pages: Client) -> None:
    AddLogin("ann", "viewer").execute()
    ann, polled = User.objects.get(username="ann"), LicenseServerFactory(name="PL")
    forms = {each: opened(pages, each) for each in (ann, polled)}
    User.objects.filter(pk=ann.pk).update(last_login=timezone.now())
    LicenseServer.objects.filter(pk=polled.pk).update(status="down", failures=1, revision=8)

    login = {"username": "ann", "date_joined_0": "2026-03-16", "date_joined_1": "12:00:00"}
    login["groups"] = str(Group.objects.get(name="viewer").pk)
    assert pages.post(address(ann), login | forms[ann]).status_code == 302
    fields = SERVER | {"name": "PL", "address": "27000@PL"}
    assert pages.post(address(polled), fields | forms[polled]).status_code == 302


def test_what_is_forbidden_to_an_administrator_does_not_show_in_the_form_of_a_role(pages: Client) -> None:
    planner, american = Group.objects.create(name="planner"), server("US", "xf")
    ForbiddenServer.objects.create(role=Group.objects.get(name="administrator"), server=american)
    before = opened(pages, planner)["opened"].partition("-")[2]

    ForbiddenServer.objects.create(role=planner, server=american)

    assert opened(pages, planner)["opened"].endswith(before)


def test_the_history_of_a_group_names_only_what_was_entered(pages: Client) -> None:
    group = LicenseServerGroup.objects.create(name="XF")

    pages.post(address(group), {"name": "XF", "description": "new", **opened(pages, group)})

    history = pages.get(reverse("admin:groups_app_licenseservergroup_history", args=[group.pk])).content.decode()
    assert "Changed Description." in history


def test_a_login_that_may_only_look_gets_the_page_without_it(client: Client) -> None:
    AddLogin("ann", "viewer").execute()
    ann, group = User.objects.get(username="ann"), LicenseServerGroup.objects.create(name="XF")
    ann.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    User.objects.filter(pk=ann.pk).update(is_staff=True)
    client.force_login(ann)

    for looked_at in (group, Group.objects.get(name="viewer"), ann, LicenseServerFactory(), UserGroup.objects.create()):
        response = client.get(address(looked_at))
        assert response.status_code == 200
        assert 'name="opened"' not in response.content.decode()
