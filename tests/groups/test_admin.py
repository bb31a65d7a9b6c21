"""What an administrator does with groups, through the pages of the administration."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups_app.models import ForbiddenServer, HostGroup, LicenseServerGroup, NameGroup, UserGroup
from groups_app.roles import AddLogin
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
        pages.get(reverse(ADD))  # types of content are asked for once
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

    def test_the_list_takes_as_many_queries_for_many_groups_as_for_one(self, pages: Client) -> None:
        role = Group.objects.get(name="viewer")
        counts = []
        for numbers in (range(1), range(1, 13)):
            for number in numbers:
                kept, other = server(f"PL-{number}", "xf"), server(f"US-{number}", "acad")
                ForbiddenServer.objects.create(role=role, server=kept)
                LicenseServerGroup.objects.create(name=f"G{number}").servers.set([kept, other])
            with CaptureQueriesContext(connection) as queries:
                page = pages.get(reverse("admin:groups_app_licenseservergroup_changelist")).content.decode()
            counts.append(len(queries))

            for number in range(numbers[-1] + 1):
                assert f"it may not see PL-{number}." in page
                assert f"PL-{number} has no vendor in common" in page or f"US-{number} has no vendor" in page
        assert page.count("all online (2 of 2)") == 13
        assert counts[0] == counts[1]

    def test_the_page_of_a_group_says_its_status_and_to_whom_it_is_not_offered(self, pages: Client) -> None:
        american = server("US", "xf")
        ForbiddenServer.objects.create(role=Group.objects.get(name="viewer"), server=american)
        add_group(pages, american)
        group = LicenseServerGroup.objects.get()

        page = pages.get(reverse("admin:groups_app_licenseservergroup_change", args=[group.pk])).content.decode()

        assert "all online (1 of 1)" in page
        assert "Not offered to the role viewer: it may not see US." in page


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

        assert "1 of the users that have sessions now matches: ann." in said(response)
        assert UserGroup.objects.get().entries == ["*"]

    @pytest.mark.parametrize(("kind", "name"), [(UserGroup, "usergroup"), (HostGroup, "hostgroup")])
    def test_saving_what_was_not_edited_changes_nothing(self, pages: Client, kind: type[NameGroup], name: str) -> None:
        group = kind._default_manager.create(name="all", members="ann\nbob")
        address = reverse(f"admin:groups_app_{name}_change", args=[group.pk])

        pages.post(address, {"name": "all", "members": "ann\r\nbob"})

        group.refresh_from_db()
        assert group.members == "ann\nbob"
        assert LogEntry.objects.get().get_change_message() == "No fields changed."

    def test_a_session_without_a_user_is_counted_and_named_as_such(self, pages: Client) -> None:
        for user in ("", "ann"):
            OpenSessionFactory(user=user)

        shown = pages.post(reverse("admin:groups_app_usergroup_preview"), {"members": "*"}).json()
        response = pages.post(reverse("admin:groups_app_usergroup_add"), {"name": "all", "members": "*"})

        assert shown["names"] == ["(no name)", "ann"]
        assert "2 of the users that have sessions now match: (no name), ann." in said(response)

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
