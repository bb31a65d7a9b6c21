"""What lies where on the Realtime Sessions page: lists, menus, maximised panes, held columns."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from licstats.models import Feature, LicenseServer
from tests.browser.conftest import hasten, in_each_way_not_to_answer
from tests.browser.sessions_page import PATH, status
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory


@pytest.mark.parametrize("menu", ["columns", "aggregate", "save"])
def test_menus_of_a_pane_lie_on_the_screen_of_a_phone(sessions: Page, menu: str) -> None:
    sessions.set_viewport_size({"width": 400, "height": 900})
    sessions.locator(f"#sessions-{menu} summary").click()
    entries = sessions.locator(f"#sessions-{menu} .menu-list :is(input, a, button):visible")
    assert entries.count() >= 4
    for entry in entries.all():
        entry.scroll_into_view_if_needed()
        box = entry.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 400
        assert 0 <= box["y"] <= 900 - box["height"]
    entries.first.click(trial=True)  # nothing covers it


def test_the_list_of_a_filter_opens_fully_over_a_grid_of_one_row(sessions: Page) -> None:
    sessions.get_by_role("switch", name="Borrowed Only").click()
    status(sessions, "Rows 1 - 1 of 1")
    sessions.locator(".choices summary").click()
    shown = sessions.locator("#sessions .grid-scroll").bounding_box()
    last = sessions.locator(".choices label").last.bounding_box()
    assert shown is not None
    assert last is not None
    assert last["y"] + last["height"] <= shown["y"] + shown["height"]


@pytest.mark.parametrize("width", [1440, 400])
def test_the_list_of_a_filter_lies_over_the_filters_beside_it(sessions: Page, width: int) -> None:
    sessions.set_viewport_size({"width": width, "height": 900})
    sessions.locator(".choices summary").click()
    for line in sessions.locator(".choices label").all():
        line.scroll_into_view_if_needed()
        assert line.evaluate(
            """(line) => {
                const { left, right, top, bottom } = line.getBoundingClientRect();
                const end = Math.min(right, line.closest(".grid-scroll").getBoundingClientRect().right);
                const at = (x) => document.elementFromPoint(x, (top + bottom) / 2);
                return [left + 4, (left + end) / 2, end - 4].every((x) => line.contains(at(x)));
            }"""
        )


def test_a_maximised_pane_stays_so_while_readings_come_and_keeps_the_keyboard(sessions: Page, feature: Feature) -> None:
    sessions.locator("#sessions [data-maximise]").click()
    hasten(sessions)
    OpenSessionFactory.create(feature=feature, user="aaa", checked_out_at=timezone.now())
    LicenseServer.objects.update(revision=F("revision") + 1)
    status(sessions, "Rows 1 - 20 of 31")
    expect(sessions.locator("#sessions.maximised")).to_have_count(1)
    sessions.locator("#sessions .grid-foot a").last.focus()
    for _ in range(3):
        sessions.keyboard.press("Tab")
        assert sessions.evaluate("document.activeElement.matches('body, #sessions *')")


def test_escape_closes_the_menu_first_and_then_the_maximised_pane(sessions: Page) -> None:
    sessions.locator("#sessions [data-maximise]").click()
    sessions.locator("#sessions-columns summary").click()
    sessions.keyboard.press("Escape")
    expect(sessions.locator("#sessions-columns")).not_to_have_attribute("open", "")
    expect(sessions.locator("#sessions.maximised")).to_have_count(1)
    sessions.keyboard.press("Escape")
    expect(sessions.locator("#sessions.maximised")).to_have_count(0)
    expect(sessions.locator("[inert]")).to_have_count(0)


def test_escape_empties_a_filter_first_and_then_restores_the_maximised_pane(sessions: Page) -> None:
    sessions.locator("#sessions [data-maximise]").click()
    box = sessions.get_by_role("searchbox", name="User Name")
    box.press_sequentially("user1", delay=20)
    status(sessions, "Rows 1 - 10 of 10")
    sessions.keyboard.press("Escape")
    expect(box).to_have_value("")
    status(sessions, "Rows 1 - 20 of 30")
    expect(sessions.locator("#sessions.maximised")).to_have_count(1)
    sessions.keyboard.press("Escape")
    expect(sessions.locator("#sessions.maximised")).to_have_count(0)


def test_pick_lists_take_a_part_of_a_name_and_the_keyboard(sessions: Page) -> None:
    LicenseServerFactory.create(name="localhost", read_at=timezone.now())
    sessions.locator("[data-picker] summary").first.focus()
    sessions.keyboard.press("Enter")
    expect(sessions.get_by_label("License Server contains")).to_be_focused()
    sessions.keyboard.type("HOST")
    expect(sessions.locator(".options a")).to_have_count(1)
    sessions.keyboard.press("ArrowDown")
    sessions.keyboard.press("Enter")
    expect(sessions).to_have_url(re.compile("scope=server%3Alocalhost"))


@in_each_way_not_to_answer
def test_a_pick_list_that_could_not_be_loaded_says_so_and_is_loaded_when_it_is_opened_again(
    sessions: Page, fail: Callable[[Route], None]
) -> None:
    picker = sessions.locator("[data-picker]").first
    sessions.route("**/pick/**", fail, times=1)
    picker.locator("summary").click()
    expect(picker.get_by_role("alert")).to_contain_text("The list could not be loaded")
    sessions.keyboard.press("Escape")

    picker.locator("summary").click()
    expect(picker.get_by_role("link", name="PL")).to_be_visible()
    expect(picker.get_by_role("alert")).to_have_count(0)


def test_a_pick_list_that_is_on_its_way_once_more_does_not_say_that_it_could_not_be_loaded(sessions: Page) -> None:
    picker = sessions.locator("[data-picker]").first
    sessions.route("**/pick/**", lambda route: route.abort(), times=1)
    picker.locator("summary").click()
    expect(picker.get_by_role("alert")).to_be_visible()
    sessions.keyboard.press("Escape")

    sessions.route("**/pick/**", lambda route: None)  # not answered yet
    picker.locator("summary").click()
    expect(picker.get_by_role("searchbox")).to_be_visible()
    expect(picker.get_by_role("alert")).to_have_count(0)


def test_a_pick_list_that_is_opened_again_has_what_is_there_by_then(sessions: Page) -> None:
    picker = sessions.locator("[data-picker]").first
    picker.locator("summary").click()
    expect(picker.get_by_role("link", name="PL")).to_be_visible()
    sessions.keyboard.press("Escape")
    LicenseServer.objects.filter(name="PL").update(name="Warsaw")

    picker.locator("summary").click()
    expect(picker.get_by_role("link", name="Warsaw")).to_be_visible()
    expect(picker.get_by_role("link", name="PL")).to_have_count(0)


def test_the_page_stays_where_it_is_scrolled_to(sessions: Page, live_server: LiveServer) -> None:
    sessions.goto(f"{live_server.url}{PATH}?host=ws")
    sessions.set_viewport_size({"width": 1440, "height": 600})
    sessions.get_by_role("link", name="Remove the filter").scroll_into_view_if_needed()
    place = "[document.documentElement.scrollTop, document.body.scrollHeight - window.innerHeight]"  # and the furthest
    for control in (
        sessions.locator('[data-key="head-used"] a'),
        sessions.get_by_role("link", name="50", exact=True),
        sessions.get_by_role("switch", name="Borrowed Only"),
        sessions.get_by_role("link", name="Remove the filter: Host Name"),
    ):
        control.scroll_into_view_if_needed()
        (before, _), address = sessions.evaluate(place), sessions.url
        control.press("Enter")
        expect(sessions).not_to_have_url(address)
        sessions.wait_for_timeout(100)
        after, furthest = sessions.evaluate(place)
        assert after == min(before, furthest)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("", "a-user-of-a-rather-long-name"),
        ("?group_by=feature", "PL"),
        ("?columns=feature,used,checkout_time,time_used,borrow_expiration", "solver"),
    ],
)
def test_on_a_narrow_screen_the_number_and_what_tells_the_row_stay_in_sight(
    sessions: Page, live_server: LiveServer, feature: Feature, question: str, told: str
) -> None:
    OpenSessionFactory.create(feature=feature, user="a-user-of-a-rather-long-name", borrow_expires_at=timezone.now())
    sessions.set_viewport_size({"width": 400, "height": 850})
    sessions.goto(live_server.url + PATH + question)
    sessions.locator("#sessions .grid-scroll").evaluate("(grid) => grid.scrollTo(grid.scrollWidth, 0)")

    held = sessions.locator("#sessions tbody tr").first.locator(".held")
    box = held.bounding_box()
    expect(held).to_contain_text(told)
    assert box is not None
    assert 40 < box["x"] + box["width"] < 200
    for title in sessions.locator("#sessions thead .held").all():
        assert (title.bounding_box() or {})["x"] == box["x"]


SHADED = """() => [".number", ".held", ".act"].filter((name) => {
    const [shown, cell] = [(css) => css.content !== "none" && css.display !== "none", `#sessions tbody ${name}`];
    return shown(getComputedStyle(document.querySelector(cell), "::after"));
})"""


@pytest.mark.parametrize(
    ("width", "scrolled", "shaded"),
    [
        (2000, 0, []),
        (1200, 0, [".act"]),
        (1200, 5000, [".number"]),
        (400, 0, [".act"]),
        (400, 90, [".number", ".act"]),
        (400, 5000, [".held"]),
    ],
)
def test_held_columns_have_a_shadow_while_others_are_scrolled_under_them(
    sessions: Page, live_server: LiveServer, width: int, scrolled: int, shaded: list[str]
) -> None:
    sessions.set_viewport_size({"width": width, "height": 850})
    sessions.goto(live_server.url + PATH)
    sessions.locator("#sessions .grid-scroll").evaluate(f"(grid) => grid.scrollTo({scrolled}, 0)")
    for _ in range(2):
        sessions.wait_for_timeout(100)
        assert sessions.evaluate(SHADED) == shaded
        sessions.get_by_role("link", name="Refresh").click()  # draws the pane anew


def test_on_a_narrow_screen_the_held_column_is_not_drawn_over_the_action(sessions: Page) -> None:
    sessions.set_viewport_size({"width": 400, "height": 850})
    sessions.locator("#sessions .grid-scroll").evaluate("(grid) => grid.scrollTo(90, 0)")
    cells = sessions.locator("#sessions :is(thead, tbody tr:first-child) .act").all()
    drawn = [cell for cell in cells if (cell.bounding_box() or {})["height"] > 0]
    assert drawn
    for cell in drawn:
        cell.click(trial=True, position={"x": 40, "y": 8})


@pytest.mark.parametrize("address", ["/features/realtime/usage/", f"{PATH}?group_by=feature&feature_name=solver"])
def test_a_very_long_name_leaves_the_other_columns_on_the_screen(
    admin_page: Page, live_server: LiveServer, feature: Feature, address: str
) -> None:
    FeatureFactory.create(server=feature.server, name="f" * 300)
    OpenSessionFactory.create(feature=feature, host="a" * 250)

    admin_page.goto(live_server.url + address)

    used = admin_page.locator("thead").get_by_role("link", name="Used", exact=True)
    box = used.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] < 1440
