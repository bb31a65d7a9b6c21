"""Pages that no other module of this folder asks axe about: groups, people, closes, and the administration."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from groups_app.members import Identity
from groups_app.models import LicenseServerGroup
from groups_app.scope import feature_address
from licstats.models import Feature
from tests.browser.axe import serious_faults
from tests.factories import FeatureFactory, OpenSessionFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("scheme", ["light", "dark"])]


@pytest.fixture
def feature() -> Feature:
    return FeatureFactory(server__name="PL", name="WXPF")


@pytest.fixture
def group(feature: Feature) -> LicenseServerGroup:
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(feature.server)
    return group


def look_at(page: Page, live_server: LiveServer, scheme: str, *addresses: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    for address in addresses:
        answer = page.goto(live_server.url + address)
        assert answer is not None
        assert answer.ok, address
        assert list(serious_faults(page)) == [], address


def test_groups_people_and_closes(
    admin_page: Page, live_server: LiveServer, feature: Feature, group: LicenseServerGroup, scheme: str
) -> None:
    OpenSessionFactory(feature=feature, user="ann")
    look_at(
        admin_page,
        live_server,
        scheme,
        "/groups/",
        f"/groups/{group.pk}/",
        feature_address("merged-feature", "group:XF", Identity(feature.name, feature.version, feature.type)),
        "/visibility/",
        "/users/realtime/sessions/?scope=user:ann",
        "/closed-sessions/",
    )


def test_the_administration(
    admin_page: Page, live_server: LiveServer, feature: Feature, group: LicenseServerGroup, scheme: str
) -> None:
    role, login = Group.objects.create(name="designers"), User.objects.create(username="ann")
    look_at(
        admin_page,
        live_server,
        scheme,
        "/admin/",
        "/admin/groups_app/licenseservergroup/",
        "/admin/groups_app/licenseservergroup/add/",
        f"/admin/groups_app/licenseservergroup/{group.pk}/change/",
        "/admin/groups_app/usergroup/add/",
        "/admin/groups_app/hostgroup/add/",
        f"/admin/licstats/licenseserver/{feature.server.pk}/change/",
        f"/admin/auth/group/{role.pk}/change/",
        "/admin/auth/user/add/",
        f"/admin/auth/user/{login.pk}/change/",
    )
