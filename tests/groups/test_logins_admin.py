"""What an administrator does with logins, through the pages of the administration."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from groups_app.models import ForbiddenServer
from tests.groups.administering import change_login as change
from tests.groups.administering import errors, said, server

pytestmark = pytest.mark.django_db

PASSWORD = {"usable_password": "true", "password1": "Zh7-plum-tree", "password2": "Zh7-plum-tree"}
NO_ROLE = "Choose a role. Roles say what a login may not see: without one it would see every license server."


def add(pages: Client, name: str, *roles: str):
    chosen = list(Group.objects.filter(name__in=roles).values_list("pk", flat=True))
    return pages.post(reverse("admin:auth_user_add"), {"username": name, "groups": chosen, **PASSWORD})


class TestRolesOfLogins:
    def test_a_new_login_is_a_viewer_if_nothing_else_is_chosen(self, pages: Client) -> None:
        page = pages.get(reverse("admin:auth_user_add")).content.decode()

        assert re.findall(r'<option value="\d+" selected>(\w+)</option>', page) == ["viewer"]

    def test_a_login_without_a_role_is_not_added(self, pages: Client) -> None:
        assert errors(add(pages, "ann")) == {"groups": [NO_ROLE]}
        assert not User.objects.filter(username="ann").exists()

    def test_the_last_role_of_a_login_is_not_taken_away(self, pages: Client) -> None:
        add(pages, "ann", "viewer")
        ann = User.objects.get(username="ann")

        assert errors(change(pages, ann)) == {"groups": [NO_ROLE]}
        assert [str(role) for role in ann.groups.all()] == ["viewer"]

    def test_the_only_role_of_a_login_is_not_deleted(self, pages: Client) -> None:
        planner, other = Group.objects.create(name="planner"), Group.objects.create(name="other")
        add(pages, "ann", "planner")
        add(pages, "bob", "planner", "other")
        alone = {"action": "delete_selected", "_selected_action": [planner.pk], "post": "yes"}
        both = {"action": "delete_selected", "_selected_action": [planner.pk, other.pk], "post": "yes"}

        pages.post(reverse("admin:auth_group_changelist"), alone)
        refused = pages.post(reverse("admin:auth_group_changelist"), both).content.decode()
        page = pages.post(reverse("admin:auth_group_delete", args=[planner.pk]), {"post": "yes"}).content.decode()

        assert "ann: this login has no other role; give it one first" in page
        assert "bob: this login" not in page
        assert "bob: this login has no other role" in refused
        assert Group.objects.filter(name__in=["planner", "other"]).count() == 2
        pages.post(reverse("admin:auth_group_delete", args=[other.pk]), {"post": "yes"})
        assert not Group.objects.filter(name="other").exists()

    def test_a_role_that_ships_with_licstats_is_not_deleted(self, pages: Client) -> None:
        viewer = Group.objects.get(name="viewer")

        page = pages.post(reverse("admin:auth_group_delete", args=[viewer.pk]), {"post": "yes"}).content.decode()

        assert "viewer: this role ships with licstats" in page
        assert Group.objects.filter(name="viewer").exists()

    def test_a_superuser_needs_no_role(self, client: Client) -> None:
        boss = User.objects.create_superuser("boss")
        client.force_login(boss)

        assert change(client, boss, is_superuser="on", is_staff="on").status_code == 302
        assert errors(change(client, boss, is_staff="on")) == {"groups": [NO_ROLE]}

    def test_a_login_that_is_added_as_administrator_is_let_into_the_administration(
        self, pages: Client, client: Client
    ) -> None:
        response = add(pages, "ann", "administrator")

        assert "ann has the role administrator, so it may use these pages." in said(response)
        client.force_login(User.objects.get(username="ann"))
        assert client.get(reverse("admin:index")).status_code == 200

    def test_a_login_that_becomes_administrator_is_let_into_the_administration(
        self, pages: Client, client: Client
    ) -> None:
        add(pages, "ann", "viewer")
        ann = User.objects.get(username="ann")
        client.force_login(ann)
        assert client.get(reverse("admin:index")).status_code == 302

        response = change(pages, ann, "viewer", "administrator")

        assert "ann has the role administrator, so it may use these pages." in said(response)
        assert client.get(reverse("admin:index")).status_code == 200

    def test_a_login_that_has_nothing_to_administer_any_more_is_not_let_into_the_administration(
        self, pages: Client, client: Client
    ) -> None:
        add(pages, "ann", "administrator")
        ann = User.objects.get(username="ann")
        client.force_login(ann)
        closing = Permission.objects.get(codename="close_session")

        response = change(pages, ann, "viewer", is_staff="on", user_permissions=[closing.pk])

        assert "ann has nothing to administer, so it may not use these pages." in said(response)
        assert client.get(reverse("admin:index")).status_code == 302

    def test_a_login_that_has_something_else_to_administer_stays_in_the_administration(
        self, pages: Client, client: Client
    ) -> None:
        add(pages, "ann", "administrator")
        planner = Group.objects.create(name="planner")
        planner.permissions.add(Permission.objects.get(codename="change_licenseserver"))
        ann = User.objects.get(username="ann")
        client.force_login(ann)

        change(pages, ann, "planner", is_staff="on")

        assert reverse("admin:licstats_licenseserver_changelist") in client.get(reverse("admin:index")).content.decode()


class TestLimits:
    def test_a_limit_that_brings_permissions_is_chosen_and_not_added_unasked(self, pages: Client) -> None:
        role = Group.objects.get(name="administrator")
        ForbiddenServer.objects.create(role=role, server=server("US-secret", "xf"))

        refused = add(pages, "ann", "viewer")
        taken = add(pages, "bob", "viewer", "administrator")

        assert errors(refused) == {
            "groups": [
                "administrator limits you and the logins that you make: choose it as well, "
                "or ask an administrator whom it does not limit."
            ]
        }
        assert not User.objects.filter(username="ann").exists()
        assert taken.status_code == 302

    def test_an_administrator_cannot_become_or_change_a_superuser(self, pages: Client, administrator: User) -> None:
        boss = User.objects.create_superuser("boss")

        saved = change(pages, administrator, "administrator", is_superuser="on", is_staff="on")

        administrator.refresh_from_db()
        assert saved.status_code == 302
        assert not administrator.is_superuser
        changed = pages.post(reverse("admin:auth_user_change", args=[boss.pk]), {"username": "taken over"})
        assert changed.status_code == 403

    def test_what_limits_an_administrator_limits_the_logins_that_it_makes_and_itself(
        self, pages: Client, administrator: User
    ) -> None:
        limited = Group.objects.create(name="limited")
        ForbiddenServer.objects.create(role=limited, server=server("US-secret", "xf"))
        administrator.groups.add(limited)
        everything = User.objects.create_user("everything")
        own, viewer = Group.objects.get(name="administrator"), Group.objects.get(name="viewer")

        made = add(pages, "helper", "viewer")
        saved = change(pages, administrator, "administrator", is_staff="on")

        assert (made.status_code, saved.status_code) == (302, 302)
        assert set(User.objects.get(username="helper").groups.all()) == {viewer, limited}
        assert set(administrator.groups.all()) == {own, limited}
        for page in ("change", "delete", "password_change"):
            name = f"admin:auth_user_{page}"
            assert pages.post(reverse(name, args=[everything.pk]), PASSWORD).status_code == 403
        assert everything.groups.count() == 0

    def test_a_password_of_a_superuser_cannot_be_set_by_an_administrator(self, pages: Client) -> None:
        boss = User.objects.create_superuser("boss")

        assert pages.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403
