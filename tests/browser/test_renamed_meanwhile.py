"""A page of one license server, or of one group, that is open while that gets another name."""

from __future__ import annotations

import re

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from tests.browser.conftest import hasten


@pytest.fixture
def group(feature: Feature) -> LicenseServerGroup:
    group: LicenseServerGroup = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(feature.server)
    return group


def test_the_page_of_a_license_server_has_its_new_name_and_its_buttons_lead_to_it(
    admin_page: Page, live_server: LiveServer, feature: Feature
) -> None:
    admin_page.goto(f"{live_server.url}/servers/{feature.server.pk}/")
    hasten(admin_page)

    LicenseServer.objects.update(name="Gdansk", revision=F("revision") + 1)

    expect(admin_page.get_by_role("heading", level=1)).to_have_text("Gdansk")
    expect(admin_page).to_have_title(re.compile("^Gdansk"))
    admin_page.get_by_role("main").get_by_role("link", name="Sessions").click()
    expect(admin_page.locator("#sessions tbody tr").first).to_be_visible()


def test_the_page_of_a_group_has_its_new_name(
    admin_page: Page, live_server: LiveServer, group: LicenseServerGroup
) -> None:
    admin_page.goto(f"{live_server.url}/groups/{group.pk}/")
    hasten(admin_page)

    LicenseServerGroup.objects.update(name="Simulation")

    expect(admin_page.get_by_role("heading", level=1)).to_have_text("Simulation")
    expect(admin_page).to_have_title(re.compile("^Simulation"))


def test_it_stays_as_it_is_while_anything_else_changes(
    admin_page: Page, live_server: LiveServer, feature: Feature
) -> None:
    admin_page.goto(f"{live_server.url}/servers/{feature.server.pk}/")
    hasten(admin_page).evaluate("window.stayed = true")

    LicenseServer.objects.update(description="in the cellar", revision=F("revision") + 1)

    expect(admin_page.get_by_text("in the cellar")).to_be_visible()
    assert admin_page.evaluate("window.stayed")
