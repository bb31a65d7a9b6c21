"""Pages that no other module of this folder asks axe about: groups, people, closes, and the administration."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from tests.browser.test_frame import accessible
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


def test_groups_people_and_closes(
    admin_page: Page, live_server: LiveServer, feature: Feature, group: LicenseServerGroup, scheme: str
) -> None:
    OpenSessionFactory(feature=feature, user="ann")
    identity = {"scope": "group:XF", "feature": "WXPF", "version": feature.version, "type": feature.type}
    admin_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for address in [
        "groups/",
        f"groups/{group.pk}/",
        f"groups/feature/?{urlencode(identity)}",
        "visibility/",
        "users/realtime/sessions/?scope=user:ann",
        "closed-sessions/",
    ]:
        answer = admin_page.goto(f"{live_server.url}/{address}")
        assert answer is not None
        assert answer.ok, address
        assert list(accessible(admin_page)) == [], address


def test_the_administration(
    admin_page: Page, live_server: LiveServer, feature: Feature, group: LicenseServerGroup, scheme: str
) -> None:
    role, login = Group.objects.create(name="designers"), User.objects.create(username="ann")
    admin_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for address in [
        "",
        "groups_app/licenseservergroup/",
        "groups_app/licenseservergroup/add/",
        f"groups_app/licenseservergroup/{group.pk}/change/",
        "groups_app/usergroup/add/",
        "groups_app/hostgroup/add/",
        f"licstats/licenseserver/{feature.server.pk}/change/",
        f"auth/group/{role.pk}/change/",
        f"auth/user/{login.pk}/change/",
    ]:
        admin_page.goto(f"{live_server.url}/admin/{address}")
        assert list(accessible(admin_page)) == [], address
