"""What an open page says of its data follows the license server, and stays dismissed while it is the same."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from groups_app.models import LicenseServerGroup
from licstats.models import LicenseServer
from tests.browser.conftest import hasten
from tests.factories import FeatureFactory


def change(**fields: object) -> None:
    LicenseServer.objects.update(**fields, revision=F("revision") + 1)


def test_a_notice_comes_and_goes_with_the_license_server_and_stays_dismissed_until_it_says_something_else(
    admin_page: Page, live_server: LiveServer
) -> None:
    FeatureFactory.create(server__name="PL", server__read_at=timezone.now(), name="solver")
    admin_page.goto(f"{live_server.url}/features/realtime/usage/?scope=server:PL")
    hasten(admin_page)
    notice = admin_page.locator("#no-data .notice")
    expect(notice).to_have_count(0)

    change(failures=1)
    expect(notice).to_contain_text("No new data: PL does not answer")
    notice.get_by_label("Dismiss").click()
    expect(notice).to_be_hidden()
    with admin_page.expect_response(lambda response: response.status == 200):
        change(failures=2)
    expect(notice).to_have_count(1)
    expect(notice).to_be_hidden()

    change(enabled=False)
    expect(admin_page.get_by_text("PL is not queried any more")).to_be_visible()
    change(enabled=True, failures=0)
    expect(notice).to_have_count(0)


def test_what_is_said_above_a_group_comes_and_goes_while_its_page_is_open(
    admin_page: Page, live_server: LiveServer
) -> None:
    member = FeatureFactory.create(server__name="PL", server__read_at=timezone.now(), name="solver").server
    LicenseServerGroup.objects.create(name="XF").servers.add(member)
    admin_page.goto(f"{live_server.url}/features/realtime/usage/?scope=group:XF")
    hasten(admin_page)
    notices = admin_page.locator("#group-notices li")
    expect(notices).to_have_count(0)

    change(failures=1)
    expect(notices).to_contain_text("PL does not answer: its last reading was")
    change(failures=0)
    expect(notices).to_have_count(0)
