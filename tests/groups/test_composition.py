"""The rules for members of a group hold from the other side too: where a license server is changed."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from groups_app.composition import check_members, misfits
from groups_app.models import ForbiddenServer, LicenseServerGroup
from licstats.models import LicenseServer
from tests.factories import NOON, FeatureFactory
from tests.groups.administering import add_group, said, server
from tests.groups.fleets import apply, refused

pytestmark = pytest.mark.django_db

SAME = ["27000@pl", "@pl.", "27000@a,27000@pl,27000@c"]  # as 27000@PL
CHANGED = {"timezone": "UTC", "site": "main", "interval": "60s", "timeout": "15s", "enabled": "on"}


def twice(address: str) -> str:
    one = f"US ({address}) and PL (27000@PL) are one license server by their addresses"
    return f"{one}: its licenses are counted twice."


@pytest.fixture
def american() -> LicenseServer:
    """US, which is in the group XF with PL."""
    polish, american = server("PL", "xf"), server("US", "xf")
    LicenseServerGroup.objects.create(name="XF").servers.add(polish, american)
    return american


def change(pages: Client, changed: LicenseServer, **values: str):
    now = {"name": changed.name, "manager": changed.manager, "address": changed.address}
    return pages.post(reverse("admin:licstats_licenseserver_change", args=[changed.pk]), CHANGED | now | values)


def entry(name: str, manager: str, address: str) -> str:
    return f'[[server]]\nname = "{name}"\nmanager = "{manager}"\naddress = "{address}"\n'


class TestInTheAdministration:
    def test_the_license_manager_of_a_member_is_not_changed_to_another(
        self, pages: Client, american: LicenseServer
    ) -> None:
        response = change(pages, american, manager="lmx", address="6200@us")

        assert response.context["adminform"].form.errors == {
            "manager": [
                "In the group XF: US has the license manager LM-X, the others have FlexNet: a group has license "
                "servers of one license manager. Take US out of the group first."
            ]
        }
        american.refresh_from_db()
        assert american.manager == "flexnet"

    def test_a_license_server_alone_in_its_group_may_be_of_any(self, pages: Client) -> None:
        alone = server("US", "xf")
        add_group(pages, alone)

        assert change(pages, alone, manager="lmx", address="6200@us").status_code == 302

    def test_a_member_with_a_vendor_that_the_others_lost_may_still_be_described(
        self, pages: Client, american: LicenseServer
    ) -> None:
        american.features.update(vendor="acad")

        assert change(pages, american, description="in Boston").status_code == 302

    def test_a_group_that_the_administrator_may_not_see_is_kept_whole_without_its_name(
        self, pages: Client, american: LicenseServer
    ) -> None:
        polish = LicenseServer.objects.get(name="PL")
        ForbiddenServer.objects.create(role=Group.objects.get(name="administrator"), server=polish)

        page = change(pages, american, manager="lmx", address="6200@us").content.decode()

        assert "US is in a group that your roles do not show you" in page
        assert re.search(r"\b(XF|PL)\b", page) is None  # not as letters of a token

    @pytest.mark.parametrize("address", SAME)
    def test_members_with_one_address_are_said_to_count_twice(
        self, pages: Client, american: LicenseServer, address: str
    ) -> None:
        assert said(change(pages, american, address=address))[0] == twice(address)

        response = add_group(pages, *LicenseServer.objects.all(), name="both")

        assert twice(address) in said(response)


class TestWhatALicenseServerServesLater:
    """A member may show its vendor, or change it, long after it has joined."""

    WRONG = "US has no vendor in common with the others: it serves acad, they serve xf."

    def shown(self, pages: Client) -> bool:
        """Alike on the group's page, and in the administration's list of groups."""
        addresses = [
            reverse("group", args=[LicenseServerGroup.objects.get().pk]),
            reverse("admin:groups_app_licenseservergroup_changelist"),
        ]
        [shown] = {self.WRONG in pages.get(address).content.decode() for address in addresses}
        return shown

    def test_a_vendor_that_the_first_reading_shows_is_judged(self, pages: Client) -> None:
        polish, danish, american = server("PL", "xf"), server("DK", "xf"), server("US")
        add_group(pages, polish, danish, american)
        assert not self.shown(pages)

        FeatureFactory(server=american, vendor="acad")

        assert self.shown(pages)

    def test_a_vendor_that_is_no_longer_reported_is_in_common_no_more(
        self, pages: Client, american: LicenseServer
    ) -> None:
        LicenseServerGroup.objects.get().servers.add(server("DK", "xf"))
        FeatureFactory(server=american, vendor="acad")
        assert not self.shown(pages)

        american.features.filter(vendor="xf").update(last_listed_at=NOON)
        assert self.shown(pages)
        american.features.filter(vendor="acad").delete()
        assert not self.shown(pages)

    def test_the_list_of_groups_asks_once_for_all(self, pages: Client, american: LicenseServer) -> None:
        groups = LicenseServerGroup.objects.bulk_create(LicenseServerGroup(name=f"G{n}") for n in range(5))
        for group in groups:
            group.servers.set(LicenseServer.objects.all())
        american.features.update(vendor="zz")

        with CaptureQueriesContext(connection) as queries:
            found = misfits(groups)

        assert [found[group.pk] for group in groups] == [[self.WRONG.replace("acad", "zz")]] * 5
        assert len(queries) == 2


class TestInFleetFiles:
    def test_the_license_manager_of_a_member_is_not_changed_to_another(
        self, tmp_path: Path, american: LicenseServer
    ) -> None:
        message = refused(tmp_path, entry("US", "lmx", "6200@us"))

        assert "fleet.toml line 3: manager 'lmx': In the group XF: US has the license manager LM-X" in message
        assert "Take US out of the group first." in message
        american.refresh_from_db()
        assert american.manager == "flexnet"

    def test_what_the_file_makes_of_servers_and_groups_together_is_judged(
        self, tmp_path: Path, american: LicenseServer
    ) -> None:
        moved = entry("US", "lmx", "6200@us")

        assert "server US: changed" in apply(tmp_path, moved + '[[group]]\nname = "XF"\nservers = ["PL"]\n')

        LicenseServerGroup.objects.get().servers.add(american)
        LicenseServer.objects.update(manager="flexnet")
        assert "server PL: changed" in apply(tmp_path, moved + entry("PL", "lmx", "6200@pl"))

    @pytest.mark.parametrize("address", SAME)
    def test_members_with_one_address_are_said_to_count_twice(
        self, tmp_path: Path, american: LicenseServer, address: str
    ) -> None:
        moved = entry("US", "flexnet", address)

        assert f"server US: changed (address)\n  note: {twice(address)}" in apply(tmp_path, moved)
        again = apply(tmp_path, moved + '[[group]]\nname = "XF"\nservers = ["PL", "US"]\n')
        assert again.count(twice(address)) == 1
        assert f"group XF: unchanged\n  note: {twice(address)}" in again


machines = st.sampled_from([f"{port}@{host}" for port in (27000, 6200) for host in "abcd"])
addresses = st.lists(machines, min_size=3, max_size=3, unique_by=lambda one: one.partition("@")[2])


class TestAnyMembers(TestCase):
    @settings(max_examples=50, deadline=None)
    @given(st.lists(addresses | machines.map(lambda one: [one]), max_size=5))
    def test_each_two_with_a_machine_in_common_are_said_to_count_twice(self, members: list[list[str]]) -> None:
        servers = [
            LicenseServer(pk=pk, name=f"S{pk}", manager="flexnet", address=",".join(parts))
            for pk, parts in enumerate(members)
        ]

        told = [notice for notice in check_members(servers) if "counted twice" in notice]

        assert [tuple(re.findall(r"\bS\d", notice)) for notice in told] == [
            (f"S{late}", f"S{early}")
            for early, late in combinations(range(len(members)), 2)
            if not set(members[early]).isdisjoint(members[late])
        ]
