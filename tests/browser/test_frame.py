"""The frame and the pages of license servers, walked as somebody would at a screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from licstats.models import LicenseServer, ServerReport
from tests.browser.axe import serious_faults
from tests.browser.conftest import hasten, in_each_way_not_to_answer
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UserFactory

NARROW = {"width": 390, "height": 844}


@pytest.fixture
def fleet(live_server: LiveServer) -> list[LicenseServer]:
    """Three license servers: one up, one partial with problems, one down."""
    now = timezone.now()
    times = {"read_at": now, "asked_at": now, "next_poll_at": now + timedelta(minutes=1), "response_time": 0.2}
    up = LicenseServerFactory(name="PL", site="krakow", **times)
    partial = LicenseServerFactory(name="US", verdict="partial", reason="1 line was not understood", **times)
    down = LicenseServerFactory(
        name="DK", status="down", verdict="failed", failures=2, reason="time-out after 15 s", **times
    )
    problem = {
        "kind": "line",
        "message": "not a checkout",
        "line": 4,
        "text": "ann <b>host",
        "vendor": "",
        "feature": "",
    }
    nodes = [{"host": "a", "status": "up", "role": "master", "version": "v11"}]
    ServerReport.objects.create(server=partial, problems=[problem], problem_count=1, nodes=nodes)
    OpenSessionFactory.create_batch(3, feature=FeatureFactory(server=up, name="solver"))
    return [up, partial, down]


@pytest.fixture
def servers_page(admin_page: Page, live_server: LiveServer, fleet: list[LicenseServer]) -> Page:
    admin_page.goto(f"{live_server.url}/servers/")
    return admin_page


def change(server: LicenseServer, **fields: object) -> None:
    LicenseServer.objects.filter(pk=server.pk).update(revision=F("revision") + 1, **fields)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_pages_are_accessible(servers_page: Page, fleet: list[LicenseServer], width: int, scheme: str) -> None:
    page = servers_page
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    pages = ["/servers/", *(f"/servers/{server.pk}/" for server in fleet), "/search/?q=s", "/password/", "/no-such/"]
    origin = page.url.removesuffix("/servers/")
    for address in pages:
        page.goto(origin + address)
        assert list(serious_faults(page)) == [], address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_is_accessible(page: Page, live_server: LiveServer, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/login/")
    assert list(serious_faults(page)) == []
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert list(serious_faults(page)) == []


def test_a_new_verdict_appears_by_itself_and_keeps_focus_and_scroll(
    servers_page: Page, fleet: list[LicenseServer]
) -> None:
    page, (up, _, _) = hasten(servers_page), fleet
    page.set_viewport_size({"width": 1000, "height": 850})
    page.locator(f"[data-key=server-{fleet[1].pk}] a").first.focus()
    page.evaluate(
        "document.querySelector('.grid-scroll').scrollLeft = 20; window.row = document.querySelector('tbody tr')"
    )
    change(up, status="down", verdict="failed", reason="cannot connect")
    expect(page.locator(f"[data-key=server-{up.pk}]")).to_contain_text("cannot connect")
    expect(page.locator(f"[data-key=server-{up.pk}]")).to_have_class("changed")
    expect(page.locator(f"[data-key=server-{fleet[1].pk}]")).not_to_have_class("changed")
    expect(page.locator(f"[data-key=server-{fleet[1].pk}] a").first).to_be_focused()
    assert page.evaluate("document.querySelector('.grid-scroll').scrollLeft") == 20
    assert page.evaluate("window.row.isConnected")
    expect(page.locator(".states")).to_contain_text("Down 2")


def test_rows_come_and_go_in_their_place(servers_page: Page, fleet: list[LicenseServer]) -> None:
    page = hasten(servers_page)
    fleet[2].delete()
    LicenseServerFactory(name="Q", read_at=timezone.now())
    expect(page.locator("tbody tr th")).to_have_text(["PL", "Q", "US"])


def test_nothing_is_drawn_when_nothing_changed(servers_page: Page) -> None:
    page = hasten(servers_page)
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true") as waited:
        pass
    assert waited.value.status == 204
    assert waited.value.request.headers["x-version"] == page.locator("#servers").get_attribute("data-version")
    expect(page.locator("tbody tr")).to_have_count(3)


def test_a_hidden_page_asks_for_nothing_and_catches_up_when_shown(servers_page: Page) -> None:
    page = servers_page
    asked: list[str] = []
    show = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    page.evaluate(show % "true")
    page.on("request", lambda request: asked.append(request.url) if "hx-request" in request.headers else None)
    hasten(page)
    page.wait_for_timeout(2_500)
    assert asked == []
    with page.expect_request(lambda request: "hx-request" in request.headers):
        page.evaluate(show % "false" + "document.dispatchEvent(new Event('visibilitychange'))")


@in_each_way_not_to_answer
def test_a_page_says_that_licstats_does_not_answer_until_it_does(
    servers_page: Page, fail: Callable[[Route], None]
) -> None:
    page = hasten(servers_page)
    notice = page.get_by_text("licstats does not answer")
    expect(notice).to_be_hidden()
    page.route("**/servers/**", fail)
    expect(notice).to_be_visible()
    page.unroute("**/servers/**")
    expect(notice).to_be_hidden()


def test_selected_text_is_not_torn_away(servers_page: Page, fleet: list[LicenseServer]) -> None:
    page = hasten(servers_page)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#servers tbody tr'))")
    change(fleet[0], reason="something new")
    page.wait_for_timeout(2_500)
    assert "DK" in page.evaluate("getSelection().toString()")
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator("#servers")).to_contain_text("something new")


def test_an_age_counts_on_and_turns_late_and_stale(servers_page: Page, fleet: list[LicenseServer]) -> None:
    page = servers_page
    age = page.locator(f"[data-key=server-{fleet[0].pk}] time")
    expect(age).to_have_class("age-fresh")
    for minutes, kind in ((3, "late"), (6, "stale")):
        then = (timezone.now() - timedelta(minutes=minutes)).isoformat()
        age.evaluate("(element, then) => { element.dateTime = then }", then)
        expect(age).to_have_class(f"age-{kind}")
        expect(age).to_contain_text(f"{minutes} min ago {kind}")


def test_typing_in_the_filter_narrows_the_list_and_the_address(servers_page: Page) -> None:
    page = servers_page
    page.locator("#servers-q").press_sequentially("krak", delay=10)
    expect(page.locator("tbody tr th")).to_have_text(["PL"])
    expect(page).to_have_url(re.compile("q=krak"))
    expect(page.locator("#servers-q")).to_be_focused()
    page.locator("#servers-state").select_option("down")
    expect(page.locator("#servers")).to_contain_text("No license server matches")
    page.reload()
    expect(page.locator("#servers-q")).to_have_value("krak")
    page.get_by_role("link", name="Show all 3").click()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_query_now_says_what_came_of_it(servers_page: Page, fleet: list[LicenseServer]) -> None:
    page = servers_page
    page.get_by_role("button", name="Query PL now").click()
    notice = page.locator(".notice-success")
    expect(notice).to_contain_text("PL will be queried within seconds")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_light_and_dark_are_remembered_and_never_flash(servers_page: Page) -> None:
    page = servers_page
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    switch = page.locator("[data-theme-switch]")
    switch.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.add_init_script(
        "new MutationObserver((_, o) => { if (document.body) { window.first = document.documentElement.dataset.bsTheme;"
        " o.disconnect(); } }).observe(document, {childList: true, subtree: true})"
    )
    page.reload()
    assert page.evaluate("window.first") == "light"
    expect(switch).to_have_attribute("aria-label", "Colours: light. Switch to dark.")
    switch.click()
    switch.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")  # as the system has it


def test_the_navigation_folds_to_icons_and_remembers(servers_page: Page) -> None:
    page = servers_page
    wide = page.locator("#navigation").bounding_box()
    page.get_by_role("button", name="Fold navigation").click()
    folded = page.locator("#navigation").bounding_box()
    assert wide is not None
    assert folded is not None
    assert (wide["width"], folded["width"]) == (196, 52)
    page.reload()
    assert page.locator("#navigation").bounding_box() == folded
    expect(page.get_by_role("link", name="License Servers", exact=True)).to_be_visible()


def test_on_a_narrow_screen_the_navigation_is_drawn_over_the_page(servers_page: Page) -> None:
    page = servers_page
    page.set_viewport_size(NARROW)
    page.reload()
    expect(page.locator("#navigation")).not_to_be_visible()
    page.locator("[data-open-navigation]").click()
    expect(page.locator("#navigation a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#navigation")).not_to_be_visible()
    expect(page.locator("[data-open-navigation]")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_all_controls_are_reached_by_keyboard(servers_page: Page) -> None:
    page = servers_page
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert {"servers-q", "servers-state", "Name", "PL", "US", "DK", "Add license server"} <= reached


def test_search_finds_and_arrows_walk_through_it(servers_page: Page, fleet: list[LicenseServer]) -> None:
    page = servers_page
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("pl", delay=10)
    expect(page.locator("#search-found")).to_contain_text("License servers")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#search-found a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/servers/{fleet[0].pk}/$"))


def test_the_menu_of_the_login_closes_by_escape_and_signs_out(servers_page: Page) -> None:
    page = servers_page
    page.locator("details.login summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).not_to_be_visible()
    page.locator("details.login summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_page_left_open_goes_to_sign_in_when_its_session_ended(servers_page: Page) -> None:
    page = hasten(servers_page)
    page.context.clear_cookies(name="sessionid")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=9_000)


def test_a_page_left_open_is_loaded_anew_once_another_login_signed_in_beside_it(
    servers_page: Page, sign_in: Callable[[User], Page]
) -> None:
    page = hasten(servers_page)
    sign_in(UserFactory(username="bea"))
    expect(page.get_by_label("Login bea")).to_be_visible(timeout=9_000)


def test_the_frame_works_without_scripts(
    browser: object, browser_context_args: dict[str, object], servers_page: Page, live_server: LiveServer
) -> None:
    context = browser.new_context(  # type: ignore[attr-defined]
        **browser_context_args | {"java_script_enabled": False, "viewport": NARROW}
    )
    context.add_cookies(servers_page.context.cookies())
    page = context.new_page()
    page.goto(f"{live_server.url}/servers/")
    page.locator("[data-open-navigation]").click()
    expect(page.locator("#navigation")).to_be_visible()
    page.locator("#navigation").get_by_role("link", name="License Servers").click()
    page.locator("#servers-q").fill("krak")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr th")).to_have_text(["PL"])
    page.locator("details.login summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    context.close()
