"""Back and forward on the Realtime Sessions page: each shows what was there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.sessions_page import PATH, status


def test_back_and_forward_show_what_was_there(sessions: Page) -> None:
    sessions.get_by_role("switch", name="Borrowed Only").click()
    status(sessions, "Rows 1 - 1 of 1")
    sessions.go_back()
    status(sessions, "Rows 1 - 20 of 30")
    sessions.go_forward()
    status(sessions, "Rows 1 - 1 of 1")
    sessions.reload()
    status(sessions, "Rows 1 - 1 of 1")


def choose_an_order(page: Page) -> None:
    page.get_by_role("link", name="Used", exact=True).click()


def choose_a_size(page: Page) -> None:
    page.get_by_role("link", name="50", exact=True).click()


def choose_columns(page: Page) -> None:
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Time Used").uncheck()
    page.get_by_role("button", name="Show these columns").click()


def arranged(page: Page) -> list[str]:
    """By what the rows are sorted, how many a page has, and of what columns."""
    parts = ("thead [aria-sort] a", ".sizes [aria-current]", "[data-grid-columns] label:has(:checked)")
    return [text for part in parts for text in page.locator(f"#sessions {part}").all_text_contents()]


@pytest.mark.parametrize("choose", [choose_an_order, choose_a_size, choose_columns])
def test_back_takes_a_choice_back_though_it_is_kept(sessions: Page, choose: Callable[[Page], None]) -> None:
    before, address = arranged(sessions), sessions.url
    choose(sessions)
    expect(sessions).not_to_have_url(address)
    expect(sessions.locator("#sessions")).not_to_have_attribute("data-here", PATH)
    after = arranged(sessions)
    assert after != before

    for step, shown in [("go_back", before), ("reload", before), ("go_forward", after), ("reload", after)]:
        with sessions.expect_event("load"):
            getattr(sessions, step)()
        assert arranged(sessions) == shown


def test_back_shows_each_page_as_it_was_before_choices_that_were_made_on_later_ones(sessions: Page) -> None:
    there = [arranged(sessions)]
    sessions.get_by_role("searchbox", name="User Name").press_sequentially("u", delay=20)
    expect(sessions).to_have_url(re.compile("user=u$"))
    there.append(arranged(sessions))
    choose_an_order(sessions)
    expect(sessions).to_have_url(re.compile("sort=used$"))
    there.append(arranged(sessions))
    choose_a_size(sessions)
    expect(sessions).to_have_url(re.compile("per_page=50$"))

    for before in reversed(there):
        with sessions.expect_event("load"):
            sessions.go_back()
        assert arranged(sessions) == before


def test_back_shows_a_page_as_it_was_before_a_choice_in_another_window(sessions: Page, live_server: LiveServer) -> None:
    before = arranged(sessions)
    other = sessions.context.new_page()
    other.goto(live_server.url + PATH)
    choose_columns(other)
    expect(other).not_to_have_url(live_server.url + PATH)

    sessions.get_by_role("switch", name="Borrowed Only").click()
    status(sessions, "Rows 1 - 1 of 1")
    with sessions.expect_event("load"):
        sessions.go_back()
    assert arranged(sessions) == before


def test_back_leads_to_what_was_there_before_a_filter_was_typed_however_slowly(sessions: Page) -> None:
    user, host = (sessions.get_by_role("searchbox", name=f"{name} Name") for name in ("User", "Host"))
    for text, rows_shown in [("u", "Rows 1 - 20 of 30"), ("ser1", "Rows 1 - 10 of 10")]:
        user.press_sequentially(text, delay=20)
        expect(sessions).to_have_url(re.compile(f"user=u{text.removeprefix('u')}$"))
        status(sessions, rows_shown)
    for text in ("ws-0", "4"):
        host.press_sequentially(text, delay=20)
        expect(sessions).to_have_url(re.compile(f"{text}$|{text}&"))
    status(sessions, "Rows 1 - 1 of 1")
    sessions.go_back()
    status(sessions, "Rows 1 - 10 of 10")
    sessions.go_back()
    expect(sessions).not_to_have_url(re.compile("user="))
    status(sessions, "Rows 1 - 20 of 30")


def test_back_from_an_anchor_keeps_the_page_and_back_from_a_filter_does_not(sessions: Page) -> None:
    sessions.get_by_role("switch", name="Borrowed Only").click()
    status(sessions, "Rows 1 - 1 of 1")
    sessions.evaluate("window.loadedOnce = true; location.hash = 'content'")
    sessions.go_back()
    expect(sessions).to_have_url(re.compile(r"borrowed=1$"))
    sessions.wait_for_timeout(300)  # a load would have begun
    assert sessions.evaluate("window.loadedOnce")
    sessions.go_back()
    status(sessions, "Rows 1 - 20 of 30")
