"""What an administrator whom a role limits does with license servers and their groups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from groups_app.models import ForbiddenServer, LicenseServerGroup
from licstats.models import LicenseServer
from tests.factories import LicenseServerFactory
from tests.groups.administering import add_group, errors, server

pytestmark = pytest.mark.django_db

FORM = {"manager": "flexnet", "timezone": "UTC", "site": "main", "interval": "60s", "timeout": "15s", "enabled": "on"}
NOT_YOURS = {"address": ["This address cannot be used by you. Ask a superuser, or another administrator, to add it."]}
NO_SUCH_NAME = {"name": ["This name cannot be used. Choose another one."]}


@pytest.fixture
def american() -> LicenseServer:
    """Forbidden to the administrator."""
    made = LicenseServerFactory(name="US", address="27000@us")
    ForbiddenServer.objects.create(role=Group.objects.get(name="administrator"), server=made)
    return made


def add(pages: Client, name: str, address: str, **values: str):
    return pages.post(reverse("admin:licstats_licenseserver_add"), FORM | {"name": name, "address": address} | values)


def change(pages: Client, changed: LicenseServer, **values: str):
    fields = FORM | {"name": changed.name, "address": changed.address} | values
    return pages.post(reverse("admin:licstats_licenseserver_change", args=[changed.pk]), fields)


class TestForbiddenAddresses:
    @pytest.mark.parametrize("address", ["27000@us", " 27000@US ", "@us", "27000@a,27000@us,27000@c"])
    def test_the_address_of_a_forbidden_license_server_is_not_added_under_another_name(
        self, pages: Client, american: LicenseServer, address: str
    ) -> None:
        assert errors(add(pages, "mine", address)) == NOT_YOURS
        assert LicenseServer.objects.count() == 1

    def test_a_license_server_is_not_moved_to_the_address_of_a_forbidden_one(
        self, pages: Client, american: LicenseServer
    ) -> None:
        mine = LicenseServerFactory(name="mine")

        assert errors(change(pages, mine, address="27000@us")) == NOT_YOURS
        assert change(pages, mine, address="27000@us2").status_code == 302

    def test_a_license_server_that_has_the_address_already_may_still_be_described(
        self, pages: Client, american: LicenseServer
    ) -> None:
        twin = LicenseServerFactory(name="twin", address=american.address)

        assert change(pages, twin, description="the same machine").status_code == 302

    def test_a_superuser_adds_any_address(self, client: Client, american: LicenseServer, administrator: User) -> None:
        User.objects.filter(pk=administrator.pk).update(is_superuser=True)
        client.force_login(administrator)

        assert add(client, "mine", "27000@us").status_code == 302


class TestNamesThatAreTaken:
    def test_a_name_of_a_forbidden_license_server_is_refused_without_saying_why(
        self, pages: Client, american: LicenseServer
    ) -> None:
        mine = LicenseServerFactory(name="mine")

        assert errors(add(pages, "US", "27000@other")) == NO_SUCH_NAME
        assert errors(change(pages, mine, name="US")) == NO_SUCH_NAME

    def test_a_name_of_a_group_that_is_not_shown_is_refused_without_saying_why(
        self, pages: Client, american: LicenseServer
    ) -> None:
        LicenseServerGroup.objects.create(name="XF").servers.add(american)

        assert errors(add_group(pages, server("PL", "xf"), name="XF")) == NO_SUCH_NAME

    def test_a_name_of_what_is_shown_is_said_to_exist(self, pages: Client) -> None:
        LicenseServerFactory(name="PL")
        LicenseServerGroup.objects.create(name="XF")

        assert errors(add(pages, "PL", "27000@other")) == {"name": ["License server with this Name already exists."]}
        assert errors(add_group(pages, name="XF")) == {"name": ["License server group with this Name already exists."]}
