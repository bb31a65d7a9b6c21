"""What an administrator does with roles, through the pages of the administration."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from groups_app.models import ForbiddenServer, LicenseServerGroup
from groups_app.roles import AddLogin, offered_permissions
from licstats.models import LicenseServer
from tests.groups.administering import add_group, errors, said, server

pytestmark = pytest.mark.django_db

ASK = "Ask a superuser, or an administrator who does not have this role."


def role(name: str) -> Group:
    return Group.objects.get(name=name)


def change(pages: Client, changed: Group, **values: Any):
    """Saves a role with what it has, but for `values`."""
    permissions = list(changed.permissions.values_list("pk", flat=True))
    fields = {"name": changed.name, "permissions": permissions, **values}
    return pages.post(reverse("admin:auth_group_change", args=[changed.pk]), fields)


class TestForbidding:
    def test_nobody_forbids_a_license_server_to_a_role_of_their_own(self, pages: Client) -> None:
        american = server("US", "xf")

        refused = change(pages, role("administrator"), forbidden=[american.pk])

        assert errors(refused) == {
            "forbidden": [
                "You have the role administrator yourself, so you could not give back what you forbid to it: US. " + ASK
            ]
        }
        assert not ForbiddenServer.objects.exists()

    def test_a_role_that_limits_oneself_is_saved_with_what_is_forbidden_already(self, pages: Client) -> None:
        own = role("administrator")
        ForbiddenServer.objects.create(role=own, server=server("US", "xf"))

        assert change(pages, own, forbidden=[]).status_code == 302
        assert own.forbidden_servers.count() == 1

    def test_a_superuser_forbids_a_license_server_to_any_role_and_gives_it_back(self, client: Client) -> None:
        boss = User.objects.create_superuser("boss")
        boss.groups.add(role("administrator"))
        client.force_login(boss)
        american = server("US", "xf")

        change(client, role("administrator"), forbidden=[american.pk])
        assert ForbiddenServer.objects.count() == 1
        change(client, role("administrator"), forbidden=[])
        assert not ForbiddenServer.objects.exists()

    def test_nobody_takes_a_role_that_forbids_what_they_see(self, pages: Client, administrator: User) -> None:
        planner = Group.objects.create(name="planner")
        ForbiddenServer.objects.create(role=planner, server=server("US", "xf"))
        AddLogin("ann", "viewer").execute()
        ann = User.objects.get(username="ann")
        dates = {"date_joined_0": "2026-03-16", "date_joined_1": "12:00:00", "is_active": "on"}

        def give(login: User):
            roles = [*login.groups.values_list("pk", flat=True), planner.pk]
            fields = {"username": login.username, "groups": roles, "is_staff": "on", **dates}
            return pages.post(reverse("admin:auth_user_change", args=[login.pk]), fields)

        refused = give(administrator)

        assert errors(refused) == {
            "groups": ["The role planner forbids you US, which you could not give back. " + ASK],
        }
        assert planner not in administrator.groups.all()
        assert give(ann).status_code == 302
        assert planner in ann.groups.all()

    def test_only_groups_that_this_save_takes_away_are_named(self, pages: Client) -> None:
        american, polish = server("US", "xf"), server("PL", "xf")
        LicenseServerGroup.objects.create(name="A").servers.add(american)
        LicenseServerGroup.objects.create(name="P").servers.add(polish)
        LicenseServerGroup.objects.create(name="both").servers.add(american, polish)
        viewer = role("viewer")

        def lost(*forbidden: LicenseServer) -> list[str]:
            response = change(pages, viewer, forbidden=[each.pk for each in forbidden])
            lines = said(response)
            pages.get(response.url)  # shows them, and so they are not said again
            return [line for line in lines if "not offered" in line]

        why = "is not offered to viewer any more: it has a license server that is forbidden to it."
        assert lost(american) == [f"The group A {why}", f"The group both {why}"]
        assert lost(american, polish) == [f"The group P {why}"]
        assert lost(american, polish) == []

    def test_a_group_that_the_administrator_may_not_see_is_not_named(self, pages: Client) -> None:
        american, polish = server("US", "xf"), server("PL", "xf")
        ForbiddenServer.objects.create(role=role("administrator"), server=american)
        LicenseServerGroup.objects.create(name="zsecret").servers.add(american, polish)

        assert "zsecret" not in " ".join(said(change(pages, role("viewer"), forbidden=[polish.pk])))


class TestShippedRoles:
    @pytest.mark.parametrize("name", ["viewer", "administrator"])
    def test_a_role_that_ships_keeps_its_name(self, pages: Client, name: str) -> None:
        shipped = role(name)
        page = pages.get(reverse("admin:auth_group_change", args=[shipped.pk])).content.decode()

        assert 'name="name"' not in page
        assert change(pages, shipped, name="lookers").status_code == 302
        AddLogin("ann", name).execute()

    def test_the_administrators_role_keeps_the_permissions_that_it_ships_with(self, pages: Client) -> None:
        own = role("administrator")
        viewing = Permission.objects.get(codename="view_pool")
        kept = own.permissions.exclude(pk=viewing.pk).values_list("pk", flat=True)

        refused = change(pages, own, permissions=list(kept))

        assert errors(refused) == {
            "permissions": [
                f"administrator ships with permissions that are not chosen here: {viewing.name}. "
                "Choose them again, and make a role of another name for logins that may do less."
            ]
        }
        assert viewing in own.permissions.all()

    def test_permissions_are_added_to_the_administrators_role(self, pages: Client) -> None:
        own = role("administrator")
        extra = Permission.objects.get(codename="view_closerequest")

        assert (
            change(pages, own, permissions=[*own.permissions.values_list("pk", flat=True), extra.pk]).status_code == 302
        )
        assert extra in own.permissions.all()

    def test_a_role_of_another_name_is_renamed_and_loses_permissions(self, pages: Client) -> None:
        planner = Group.objects.create(name="planner")
        planner.permissions.add(Permission.objects.get(codename="close_session"))

        assert change(pages, planner, name="planners", permissions=[]).status_code == 302
        planner.refresh_from_db()
        assert (planner.name, planner.permissions.count()) == ("planners", 0)


class TestRoles:
    def test_servers_are_forbidden_to_a_role_and_lost_groups_are_named(self, pages: Client) -> None:
        american = server("US", "xf")
        add_group(pages, american)
        viewer = Group.objects.get(name="viewer")

        response = pages.post(
            reverse("admin:auth_group_change", args=[viewer.pk]), {"name": "viewer", "forbidden": [american.pk]}
        )

        assert response.status_code == 302
        assert [str(row.server) for row in viewer.forbidden_servers.all()] == ["US"]
        assert any("The group XF is not offered to viewer any more" in message for message in said(response))

    def test_permissions_that_mean_something_are_offered_and_others_of_a_role_are_kept(self, pages: Client) -> None:
        role = Group.objects.create(name="own")
        foreign = Permission.objects.get(codename="change_contenttype")
        close = Permission.objects.get(codename="close_session")
        role.permissions.add(foreign)
        address = reverse("admin:auth_group_change", args=[role.pk])

        page = pages.get(address).content.decode()
        new = pages.get(reverse("admin:auth_group_add")).content.decode()
        saved = pages.post(address, {"name": "own", "permissions": [foreign.pk, close.pk]})

        assert "Can close sessions on license servers</option>" in new
        assert len(re.findall(r"\| Can [^<]+</option>", new)) < 40
        assert "content type</option>" in page
        assert "content type</option>" not in new
        assert saved.status_code == 302
        assert set(role.permissions.all()) == {foreign, close}

    def test_an_administrator_gets_nothing_that_a_role_cannot_be_given(self, administrator: User) -> None:
        shipped = Group.objects.get(name="administrator").permissions.all()

        assert set(shipped) <= set(offered_permissions(Group()))

    def test_users_and_groups_of_django_are_called_logins_and_roles(self, pages: Client) -> None:
        index = pages.get(reverse("admin:index")).content.decode()
        role = pages.get(reverse("admin:auth_group_add")).content.decode()
        login = pages.get(reverse("admin:auth_user_add")).content.decode()

        links = re.findall(r'href="/admin/auth/\w*/?"[^>]*>\s*([^<]+?)\s*</a>', index)
        assert [link for link in links if link not in ("Add", "Change")] == ["Logins and roles", "Logins", "Roles"]
        assert "<h1>Add role</h1>" in role
        assert "<h1>Add login</h1>" in login
        assert re.search(r'for="id_groups"[^>]*>Roles:<', login)

    def test_what_the_administrator_may_not_see_stays_forbidden(self, pages: Client) -> None:
        american, polish = server("US", "xf"), server("PL", "xf")
        viewer, own = Group.objects.get(name="viewer"), Group.objects.get(name="administrator")
        ForbiddenServer.objects.create(role=own, server=american)
        ForbiddenServer.objects.create(role=viewer, server=american)
        address = reverse("admin:auth_group_change", args=[viewer.pk])

        pages.post(address, {"name": "viewer", "forbidden": [polish.pk]})
        refused = pages.post(address, {"name": "viewer", "forbidden": [american.pk]})

        assert {str(row.server) for row in viewer.forbidden_servers.all()} == {"US", "PL"}
        assert refused.status_code == 200

    def test_a_role_that_forbids_what_the_administrator_may_not_see_is_not_deleted(self, pages: Client) -> None:
        american, polish = server("US-secret", "xf"), server("PL", "xf")
        ForbiddenServer.objects.create(role=Group.objects.get(name="administrator"), server=american)
        both, one = Group.objects.create(name="both"), Group.objects.create(name="one")
        for role, forbidden in ((both, american), (both, polish), (one, polish)):
            ForbiddenServer.objects.create(role=role, server=forbidden)

        refused = pages.post(reverse("admin:auth_group_delete", args=[both.pk]), {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": [both.pk, one.pk]}
        many = pages.post(reverse("admin:auth_group_changelist"), chosen)
        pages.post(reverse("admin:auth_group_changelist"), chosen | {"post": "yes"})
        pages.post(reverse("admin:auth_group_delete", args=[one.pk]), {"post": "yes"})

        assert refused.status_code == 403
        assert "US-secret" not in many.content.decode()
        assert list(Group.objects.filter(name__in=["both", "one"])) == [both]
