"""The Realtime Sessions page as somebody uses it, by keyboard, without scripts, and while readings come in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from licstats.models import Feature, LicenseServer
from tests.browser.axe import serious_faults
from tests.browser.conftest import hasten
from tests.browser.sessions_page import PATH, edges, status
from tests.factories import LicenseServerFactory, OpenSessionFactory, UserFactory


def test_filters_answer_while_typing_stops_and_the_focus_stays(sessions: Page) -> None:
    status(sessions, "Rows 1 - 20 of 30")
    box = sessions.get_by_role("searchbox", name="User Name")
    box.press_sequentially("SER1", delay=30)

    status(sessions, "Rows 1 - 10 of 10")
    expect(box).to_be_focused()
    expect(box).to_have_value("SER1")
    expect(sessions).to_have_url(re.compile(r"\?user=SER1$"))
    box.press_sequentially("x")
    status(sessions, "No rows")
    sessions.get_by_role("link", name="Show all 30").click()
    status(sessions, "Rows 1 - 20 of 30")
    expect(sessions.get_by_role("searchbox", name="User Name")).to_have_value("")


@pytest.mark.parametrize("stays", [True, False])
def test_a_filter_that_was_typed_while_licstats_was_away_is_sent_when_it_is_back(sessions: Page, stays: bool) -> None:
    box = sessions.get_by_role("searchbox", name="User Name")
    hasten(sessions)
    sessions.route(f"**{PATH}*", lambda route: route.abort())
    with sessions.expect_event("requestfailed", lambda request: "user=SER1" in request.url):
        box.press_sequentially("SER1", delay=30)
    if not stays:
        box.blur()
    LicenseServer.objects.update(revision=F("revision") + 1)
    sessions.unroute(f"**{PATH}*")

    status(sessions, "Rows 1 - 10 of 10")
    expect(box).to_have_value("SER1")
    expect(sessions).to_have_url(re.compile(r"\?user=SER1$"))


def test_a_time_range_and_its_chip(sessions: Page) -> None:
    sessions.get_by_label("Time Used from").fill("6h")
    sessions.get_by_label("Time Used to").fill("12h")
    status(sessions, "Rows 1 - 6 of 6")

    sessions.get_by_role("link", name="Remove the filter: Time Used from 6 h to 12 h").click()
    status(sessions, "Rows 1 - 20 of 30")


def test_what_is_no_duration_says_so_at_its_field(sessions: Page) -> None:
    sessions.get_by_label("Time Used from").fill("six")

    expect(sessions.locator("#error-time_used_min")).to_contain_text("'six' is not a duration")
    expect(sessions.locator("#sessions tbody tr")).to_have_count(0)


def test_headers_sort_and_shift_adds_a_key(sessions: Page) -> None:
    table = sessions.locator("#sessions table")
    table.get_by_role("link", name="Used", exact=True).click()
    expect(sessions).to_have_url(re.compile("sort=used$"))
    table.get_by_role("link", name=re.compile("^Used ?asc")).click()
    expect(sessions).to_have_url(re.compile("sort=-used$"))
    table.locator('[data-key="head-host"] a').click(modifiers=["Shift"])
    expect(sessions).to_have_url(re.compile(r"sort=-used(,|%2C)host$"))
    expect(table.locator('[data-key="head-host"]')).to_have_attribute("aria-sort", "ascending")
    expect(table.locator('[data-key="head-host"] .sorted')).to_have_text("2")


def test_a_switch_is_turned_by_space(sessions: Page) -> None:
    switch = sessions.get_by_role("switch", name="Borrowed Only")
    switch.press("Space")
    status(sessions, "Rows 1 - 1 of 1")
    expect(switch).to_be_checked()
    expect(switch).to_be_focused()
    switch.press("Space")
    status(sessions, "Rows 1 - 20 of 30")


def test_the_skip_link_leads_into_the_content_and_loads_nothing(sessions: Page) -> None:
    sessions.evaluate("window.loadedOnce = true")
    sessions.keyboard.press("Tab")
    expect(sessions.get_by_role("link", name="Skip to the content")).to_be_focused()
    sessions.keyboard.press("Enter")
    expect(sessions.locator("#content")).to_be_focused()
    sessions.wait_for_timeout(300)  # a load would have begun
    assert sessions.evaluate("window.loadedOnce")
    expect(sessions.locator("#content")).to_be_focused()


def test_a_page_beyond_the_last_leads_to_the_last_and_its_box_says_so(sessions: Page) -> None:
    box = sessions.get_by_role("textbox", name="Page")
    box.fill("99999")
    box.press("Enter")

    status(sessions, "Rows 21 - 30 of 30")
    expect(box).to_have_value("2")
    expect(box).to_be_focused()
    expect(sessions).to_have_url(re.compile(r"\?page=2$"))
    expect(sessions.locator("#sessions tbody tr")).to_have_count(10)


def test_aggregated_rows_open_their_lists_and_lead_to_their_sessions(sessions: Page) -> None:
    sessions.get_by_text("Aggregate: none").click()
    sessions.get_by_role("link", name="User", exact=True).click()
    status(sessions, "Rows 1 - 3 of 3")
    expect(sessions.get_by_text("ws-15", exact=True)).to_be_hidden()
    sessions.get_by_text("Show more…").first.click()
    expect(sessions.locator("#sessions tbody tr").first.locator("details.more")).to_contain_text("ws-15")
    expect(sessions.locator("#sessions tbody tr").first.locator("details.more")).to_have_attribute("open", "")
    row = sessions.locator("#sessions tbody tr").first
    assert edges(row.get_by_text("Show less"))[1] == pytest.approx(edges(row.locator("details.more"))[1], abs=4)
    assert edges(row.locator(".close-x"))[0] < edges(row)[0] + 10

    sessions.get_by_title("Show the sessions of this row").first.click()
    expect(sessions.locator("#sessions .rows")).to_have_text("Rows 1 - 10 of 10")


def test_new_readings_come_in_and_leave_the_viewer_alone(sessions: Page, feature: Feature) -> None:
    box = sessions.get_by_role("searchbox", name="Host Name")
    box.press_sequentially("ws-0", delay=20)
    status(sessions, "Rows 1 - 10 of 10")
    hasten(sessions)
    OpenSessionFactory.create(feature=feature, user="aaa", host="ws-0x", checked_out_at=timezone.now())
    LicenseServer.objects.update(revision=F("revision") + 1)

    status(sessions, "Rows 1 - 11 of 11")
    expect(sessions.locator("#sessions tbody tr.changed")).to_have_count(1)
    expect(box).to_be_focused()
    expect(box).to_have_value("ws-0")


def test_what_the_viewer_asked_for_is_no_news(sessions: Page) -> None:
    sessions.locator('[data-key="head-used"] a').click()
    expect(sessions.locator('[data-key="head-used"]')).to_have_attribute("aria-sort", "ascending")
    sessions.get_by_role("link", name="Next page").click()
    status(sessions, "Rows 21 - 30 of 30")

    expect(sessions.locator("#sessions .changed")).to_have_count(0)


def test_columns_are_chosen_and_kept(sessions: Page, live_server: LiveServer) -> None:
    sessions.locator("#sessions-columns summary").click()
    sessions.get_by_label("Host IP").check()
    sessions.get_by_role("button", name="Show these columns").click()
    expect(sessions.locator('[data-key="head-ip"]')).to_be_visible()
    sessions.goto(live_server.url + PATH)
    expect(sessions.locator('[data-key="head-ip"]')).to_be_visible()
    sessions.locator("#sessions-columns summary").click()
    sessions.get_by_role("button", name="Back to the defaults").click()
    expect(sessions.locator('[data-key="head-ip"]')).to_have_count(0)


def test_paging_by_its_box(sessions: Page) -> None:
    sessions.locator("#sessions-page").fill("2")
    sessions.keyboard.press("Enter")
    status(sessions, "Rows 21 - 30 of 30")


def test_first_and_previous_lead_back_from_the_last_page_and_the_focus_stays_on_what_was_pressed(
    sessions: Page,
) -> None:
    for name, rows_shown in [
        ("Last page", "Rows 21 - 30 of 30"),
        ("First page", "Rows 1 - 20 of 30"),
        ("Next page", "Rows 21 - 30 of 30"),
        ("Previous page", "Rows 1 - 20 of 30"),
    ]:
        sessions.get_by_role("link", name=name).focus()
        sessions.keyboard.press("Enter")
        status(sessions, rows_shown)
        expect(sessions.get_by_role("link", name=name)).to_be_focused()
        expect(sessions.get_by_role("link", name=name)).to_be_disabled()
    assert sessions.url.endswith(PATH)


def test_a_chip_that_is_taken_away_leaves_the_focus_beside_it(sessions: Page, live_server: LiveServer) -> None:
    sessions.goto(f"{live_server.url}{PATH}?user=user&host=ws")
    for name in ("User", "Host"):
        sessions.get_by_role("link", name=f"Remove the filter: {name} Name").press("Enter")
        expect(sessions.get_by_role("link", name=f"Remove the filter: {name} Name")).to_have_count(0)
        assert sessions.evaluate("document.activeElement.closest('#sessions') !== null")


def test_a_page_number_that_is_none_is_mended_in_its_box(sessions: Page) -> None:
    box = sessions.locator("#sessions-page")
    box.fill("x")
    sessions.keyboard.press("Enter")
    expect(sessions.locator(".grid-foot .field-error")).to_have_text("'x' is not a whole number from 1.")
    expect(box).to_be_focused()
    box.fill("2")
    sessions.keyboard.press("Enter")
    status(sessions, "Rows 21 - 30 of 30")


def test_files_are_saved_as_the_rows_are_shown(sessions: Page) -> None:
    sessions.get_by_role("searchbox", name="User Name").fill("user1")
    status(sessions, "Rows 1 - 10 of 10")
    sessions.locator("#sessions-save summary").click()
    with sessions.expect_download() as download:
        sessions.get_by_role("link", name="CSV").click()

    assert len(download.value.path().read_text().splitlines()) == 11
    assert download.value.suggested_filename.startswith("sessions-All-license-servers-")


def test_why_nothing_can_be_saved_stands_in_the_menu(sessions: Page, live_server: LiveServer) -> None:
    sessions.goto(f"{live_server.url}{PATH}?time_used_min=x")
    sessions.locator("#sessions-save summary").click()
    menu = sessions.locator("#sessions-save .menu-list")
    expect(menu).to_contain_text("Nothing can be saved, because a choice could not be understood")
    expect(menu.get_by_role("link", name="CSV")).to_be_disabled()
    assert menu.locator("a[href]").count() == 0


def test_a_file_that_is_refused_after_all_says_why(sessions: Page, feature: Feature) -> None:
    hidden = LicenseServerFactory.create(name="gone")
    sessions.goto(sessions.url + "?scope=server:gone")
    hidden.delete()
    sessions.locator("#sessions-save summary").click()
    sessions.get_by_role("link", name="CSV").click()
    expect(sessions.locator("body")).to_contain_text("There is no license server 'gone'.")


def test_everything_works_without_scripts(
    browser: Browser, live_server: LiveServer, feature: Feature, sign_in: Callable[[User], Page], page: Page
) -> None:
    sign_in(UserFactory.create())
    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(live_server.url + PATH)
    plain.get_by_role("searchbox", name="User Name").fill("user2")
    plain.keyboard.press("Enter")
    status(plain, "Rows 1 - 10 of 10")
    plain.locator('[data-key="head-used"] a').click()
    assert "sort=used" in plain.url
    assert "user=user2" in plain.url
    plain.locator("[data-picker] summary").first.click()
    plain.get_by_role("link", name="Choose from the list…").first.click()
    plain.get_by_role("link", name="PL").click()
    assert "scope=server%3APL" in plain.url
    assert "user=user2" in plain.url
    status(plain, "Rows 1 - 10 of 10")
    context.close()


@pytest.mark.parametrize(
    "question",
    [
        "",
        "?group_by=user",
        "?time_used_min=x",
        "?user=nobody",
        "?scope=server:PL&feature=solver&version=1.0&type=floating",
    ],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(sessions: Page, live_server: LiveServer, question: str, scheme: str) -> None:
    sessions.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sessions.goto(live_server.url + PATH + question)

    assert list(serious_faults(sessions)) == []


def test_a_menu_closes_when_something_of_it_was_chosen_and_the_keyboard_goes_on_from_there(sessions: Page) -> None:
    menu = sessions.locator("#sessions details.menu", has_text="Aggregate: none")
    menu.locator("summary").click()
    menu.get_by_role("link", name="Host", exact=True).click()

    status(sessions, "Rows 1 - 20 of 30")
    chosen = sessions.locator("#sessions details.menu", has_text="Aggregate: Host")
    expect(chosen).not_to_have_attribute("open", "")
    expect(chosen.locator("summary")).to_be_focused()


def test_rows_that_are_added_up_say_to_a_screen_reader_whose_they_are(sessions: Page, live_server: LiveServer) -> None:
    sessions.goto(f"{live_server.url}{PATH}?group_by=user,host&user=user1&sort=host")

    first = sessions.locator("#sessions tbody tr").first
    expect(first.get_by_role("link", name="Show the sessions of row 1")).to_be_visible()
    expect(first.get_by_role("link", name="Close the sessions of user1, ws-01, solver, PL…")).to_be_visible()


def test_each_sort_link_says_to_a_screen_reader_which_column_it_is_of(sessions: Page, live_server: LiveServer) -> None:
    sessions.goto(f"{live_server.url}{PATH}?sort=host,-used")
    head = sessions.locator("#sessions thead")

    for name in ("License Server Name", "License Server Vendor", "Feature Name", "User Name", "Checkout Time"):
        expect(head.get_by_role("link", name=name, exact=True)).to_be_visible()
    for name in (re.compile("^Host Name 1 ?ascending$"), re.compile("^Used 2 ?descending$")):
        expect(head.get_by_role("link", name=name)).to_be_visible()
    shown = head.locator('[data-key="head-host"] a').evaluate("each => each.lastElementChild.previousSibling.data")
    assert shown.strip() == "Name"
