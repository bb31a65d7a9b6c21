"""What an administrator does with groups and roles, through the pages of the administration."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups_app.models import ForbiddenServer, HostGroup, LicenseServerGroup, UserGroup
from groups_app.roles import AddLogin, offered_permissions
from licstats.models import LicenseServer
from tests.factories import FeatureFactory, OpenSessionFactory
from tests.groups.administering import ADD, add_group, said, server

pytestmark = pytest.mark.django_db


class TestLicenseServerGroups:
    def test_a_group_is_made_with_its_members(self, pages: Client) -> None:
        polish, american = server("PL", "xf"), server("US", "xf")

        response = add_group(pages, polish, american)

        assert response.status_code == 302
        assert set(LicenseServerGroup.objects.get().servers.all()) == {polish, american}

    def test_a_member_may_be_in_many_groups(self, pages: Client) -> None:
        polish = server("PL", "xf")

        add_group(pages, polish, name="A")
        add_group(pages, polish, name="B")

        assert {group.name for group in polish.groups.all()} == {"A", "B"}

    def test_another_license_manager_is_refused_by_name(self, pages: Client) -> None:
        response = add_group(pages, server("PL", "xf"), server("US", "xf"), server("DK", "xf", manager="lmx"))

        assert (
            "DK has the license manager LM-X, the others have FlexNet: "
            "a group has license servers of one license manager."
        ) in response.content.decode()
        assert not LicenseServerGroup.objects.exists()

    def test_a_member_without_a_common_vendor_is_refused_by_name(self, pages: Client) -> None:
        response = add_group(pages, server("PL", "xf"), server("US", "xf"), server("DK", "acad"))

        assert b"DK has no vendor in common with the others: it serves acad, they serve xf." in response.content
        assert not LicenseServerGroup.objects.exists()

    def test_one_of_several_vendors_in_common_is_enough(self, pages: Client) -> None:
        both = server("PL", "xf")
        FeatureFactory(server=both, vendor="acad")

        assert add_group(pages, both, server("DK", "acad")).status_code == 302

    def test_a_member_that_was_not_read_yet_is_taken_with_a_notice(self, pages: Client) -> None:
        response = add_group(pages, server("PL", "xf"), server("DK"))

        assert response.status_code == 302
        assert any("DK was not read yet" in message for message in said(response))

    def test_a_notice_writes_a_name_as_the_server_is_called(self, pages: Client) -> None:
        response = add_group(pages, server("PL", "xf"), server("r3-new"))

        page = pages.get(response.url).content.decode()

        assert ">r3-new was not read yet, so whether" in page

    def test_a_member_that_a_role_may_not_see_is_said(self, pages: Client) -> None:
        american = server("US", "xf")
        ForbiddenServer.objects.create(role=Group.objects.get(name="viewer"), server=american)

        response = add_group(pages, american)

        sentence = "Not offered to the role viewer: it may not see US."
        assert sentence in said(response)
        assert sentence.encode() in pages.get(reverse("admin:groups_app_licenseservergroup_changelist")).content

    def test_a_search_by_members_counts_all_members_of_what_it_finds(self, pages: Client) -> None:
        add_group(pages, server("PL-1", "xf"), server("PL-2", "xf"), server("US", "xf"))

        page = pages.get(reverse("admin:groups_app_licenseservergroup_changelist"), {"q": "PL"}).content.decode()

        assert '<td class="field-members">3</td>' in page

    def test_the_picker_finds_members_by_manager_vendor_and_site_with_one_query(self, pages: Client) -> None:
        polish = server("PL", "xf")
        FeatureFactory(server=polish, vendor="acad")
        FeatureFactory(server=polish, vendor="xf")
        LicenseServer.objects.update(site="krakow")
        with CaptureQueriesContext(connection) as alone:
            assert "PL · FlexNet · acad, xf · krakow</option>" in pages.get(reverse(ADD)).content.decode()
        server("new", manager="lmx")
        for number in range(20):
            server(f"US-{number}", "xf")

        with CaptureQueriesContext(connection) as many:
            page = pages.get(reverse(ADD)).content.decode()

        assert ">new · LM-X · main</option>" in page
        assert len(many) == len(alone)

    def test_the_list_shows_the_derived_status(self, pages: Client) -> None:
        down = server("US", "xf")
        LicenseServer.objects.filter(pk=down.pk).update(status="down")
        add_group(pages, server("PL", "xf"), down)

        assert b"some online (1 of 2)" in pages.get(reverse("admin:groups_app_licenseservergroup_changelist")).content


class TestNameGroups:
    def test_who_matches_is_previewed_while_typing(self, pages: Client) -> None:
        for user in ("design-1", "DESIGN-2", "designer", "ann", "bob"):
            OpenSessionFactory(user=user)

        response = pages.post(reverse("admin:groups_app_usergroup_preview"), {"members": "design-*\nANN"})

        assert response.json() == {
            "text": "3 of the users that have sessions now match.",
            "names": ["DESIGN-2", "ann", "design-1"],
            "more": "",
        }

    def test_a_preview_that_does_not_show_all_says_how_many_more(
        self, pages: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("groups_app.matching.SHOWN", 2)
        for user in ("ann", "bob", "eve"):
            OpenSessionFactory(user=user)

        shown = pages.post(reverse("admin:groups_app_usergroup_preview"), {"members": "*"}).json()

        assert (shown["names"], shown["more"]) == (["ann", "bob"], "and 1 more")

    def test_hosts_are_previewed_too(self, pages: Client) -> None:
        for host in ("cad1.krakow.example.com", "cad1.example.com"):
            OpenSessionFactory(host=host)

        response = pages.post(reverse("admin:groups_app_hostgroup_preview"), {"members": "*.krakow.example.com"})

        assert response.json()["names"] == ["cad1.krakow.example.com"]

    def test_a_preview_of_a_wrong_entry_says_what_is_right(self, pages: Client) -> None:
        response = pages.post(reverse("admin:groups_app_hostgroup_preview"), {"members": "a,b"})

        assert response.json()["text"] == "'a,b': write one name or pattern on each line, without commas."

    def test_saving_says_who_matches(self, pages: Client) -> None:
        OpenSessionFactory(user="ann")

        response = pages.post(reverse("admin:groups_app_usergroup_add"), {"name": "all", "members": "*"})

        assert "1 of the users that have sessions now match: ann." in said(response)
        assert UserGroup.objects.get().entries == ["*"]

    def test_a_viewer_gets_no_preview(self, client: Client) -> None:
        AddLogin("ann", "viewer").execute()
        client.force_login(User.objects.get(username="ann"))

        response = client.post(reverse("admin:groups_app_usergroup_preview"), {"members": "*"})

        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))

    def test_wildcards_of_the_database_are_plain_text(self, pages: Client) -> None:
        for host in ("a_b", "axb", "a%b", "a\\b"):
            OpenSessionFactory(host=host)

        def matches(members: str) -> list[str]:
            answer = pages.post(reverse("admin:groups_app_hostgroup_preview"), {"members": members}).json()
            return list(answer["names"])

        assert matches("a_*") == ["a_b"]
        assert matches("*%*") == ["a%b"]
        assert matches("a\\*") == ["a\\b"]
        assert matches("a?b") == ["a%b", "a\\b", "a_b", "axb"]
        assert matches("") == []
        assert not HostGroup.objects.exists()


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


def test_a_server_forbidden_to_an_administrator_is_not_in_the_administration(pages: Client) -> None:
    american = server("US-secret", "xf")
    LicenseServerGroup.objects.create(name="with US").servers.add(american)
    ForbiddenServer.objects.create(role=Group.objects.get(name="administrator"), server=american)

    for name in (
        "licstats_licenseserver_changelist",
        "licstats_feature_changelist",
        "licstats_pool_changelist",
        "groups_app_licenseservergroup_add",
        "groups_app_licenseservergroup_changelist",
    ):
        content = pages.get(reverse(f"admin:{name}")).content
        assert b"US-secret" not in content, name
        assert b"with US" not in content, name
    assert pages.get(reverse("admin:licstats_licenseserver_change", args=[american.pk])).status_code == 302
