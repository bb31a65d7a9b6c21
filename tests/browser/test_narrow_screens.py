"""No page is wider than a narrow screen, whatever stands in its grids: what is wide scrolls where it is."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from groups_app.members import Identity
from groups_app.models import LicenseServerGroup
from groups_app.scope import feature_address
from licstats.models import Feature
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db(transaction=True)

WIDTH = 400


@pytest.fixture
def dashes(live_server: LiveServer) -> Feature:
    """Two license servers of which little is known, so that many cells have a dash and a word read aloud only."""
    LicenseServerFactory(name="never-read", read_at=None, response_time=None, verdict="")
    feature: Feature = FeatureFactory(server__name="PL", name="solver", total=None, used=None, expires=None)
    OpenSessionFactory(feature=feature, user="ann", host="workstation-of-ann.detroit.example.com", checked_out_at=None)
    LicenseServerGroup.objects.create(name="XF").servers.add(feature.server)
    return feature


@pytest.mark.parametrize("query", ["", "?group_by=user", "?scope=server:PL", "?scope=group:XF"])
@pytest.mark.parametrize("report", ["realtime-sessions", "history-sessions"])
def test_sessions_are_no_wider_than_a_narrow_screen(
    admin_page: Page, live_server: LiveServer, dashes: Feature, report: str, query: str
) -> None:
    fits(admin_page, live_server, reverse(report) + query)


def test_a_feature_of_a_group_is_no_wider_than_a_narrow_screen(
    admin_page: Page, live_server: LiveServer, dashes: Feature
) -> None:
    one = Identity(dashes.name, dashes.version, dashes.type)
    names = ("merged-feature", "realtime-sessions", "realtime-usage", "history-usage")
    fits(admin_page, live_server, *(feature_address(name, "group:XF", one) for name in names))


def test_other_pages_are_no_wider_than_a_narrow_screen(
    admin_page: Page, live_server: LiveServer, dashes: Feature
) -> None:
    one = reverse("servers-one", args=[dashes.server.pk])
    names = (
        "dashboard",
        "servers",
        "groups",
        "visibility",
        "closed-sessions",
        "user-sessions",
        "realtime-usage",
        "history-usage",
    )
    fits(admin_page, live_server, one, *map(reverse, names))


def test_features_of_one_long_name_are_told_apart_by_their_license_servers_before_they_are_hidden(
    admin_page: Page, live_server: LiveServer
) -> None:
    for name in ("PL", "license-server-of-detroit.example.com"):
        FeatureFactory(server__name=name, name="solver_of_structural_mechanics_with_everything_it_has")

    fits(admin_page, live_server, f"{reverse('visibility')}?tab=features")

    for server in admin_page.locator("#title-visible").locator("xpath=../..").locator("tbody td.muted").all():
        expect(server).to_be_in_viewport(ratio=0.9)


def fits(page: Page, live_server: LiveServer, *addresses: str) -> None:
    page.set_viewport_size({"width": WIDTH, "height": 900})
    for address in addresses:
        answer = page.goto(live_server.url + address)
        assert answer is not None
        assert answer.ok, address
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, address
