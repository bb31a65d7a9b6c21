"""On the screen of a desk, with names of the usual length, all columns that a list opens with are in sight."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import FeatureFactory, LicenseServerFactory

pytestmark = pytest.mark.django_db(transaction=True)

SCREEN = {"width": 1440, "height": 900}


@pytest.fixture
def fleet(live_server: LiveServer) -> None:
    for number, (site, vendor) in enumerate((("krakow", "formad"), ("detroit", "struxd"), ("pune", "CALCD"))):
        server = LicenseServerFactory(
            name=f"{site[:3]}-sim{number}",
            site=site,
            address=",".join(f"27000@{site}-lic{node}" for node in (1, 2, 3)),
        )
        for name, used in (("STRUX_EXPLICIT", 5), ("FORMA_ASSEMBLY", 190), ("SQ_Analog", 1_000)):
            FeatureFactory(server=server, vendor=vendor, name=name, total=1_000, used=used, expires=date(2030, 1, 1))


@pytest.mark.parametrize("name", ["realtime-usage", "servers", "realtime-sessions"])
def test_no_column_has_to_be_scrolled_to(admin_page: Page, live_server: LiveServer, fleet: None, name: str) -> None:
    admin_page.set_viewport_size(SCREEN)
    admin_page.goto(live_server.url + reverse(name))
    expect(admin_page.locator(".grid-scroll").first).to_be_visible()
    assert admin_page.locator(".grid-scroll").first.evaluate("grid => grid.scrollWidth - grid.clientWidth") == 0


def test_bars_of_utilization_begin_at_one_place_whatever_the_figure_beside_them(
    admin_page: Page, live_server: LiveServer, fleet: None
) -> None:
    admin_page.set_viewport_size(SCREEN)
    admin_page.goto(live_server.url + reverse("realtime-usage"))
    assert {"100 %", "19 %", "0 %"} == set(admin_page.locator("td .utilization .figure").all_inner_texts())
    bars = admin_page.locator("td .utilization .bar-of").evaluate_all(
        "bars => bars.map(bar => Math.round(bar.getBoundingClientRect().left))"
    )
    assert (len(bars), len(set(bars))) == (9, 1), bars
