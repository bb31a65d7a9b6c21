"""Answers of licstats that come after the viewer went on: what is shown is what was asked for last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.sessions_page import PATH, status

GRAPH = "#sessions-graph-data"


class Slow:
    """Holds the questions of one live part of the page that are about all users, until they are let go."""

    def __init__(self, page: Page, part: str) -> None:
        self.page = page
        self.part = part
        self.held: list[Route] = []
        page.route(f"**{PATH}**", self.look_at)

    def look_at(self, route: Route) -> None:
        headers = route.request.headers
        if "x-version" in headers and headers.get("x-part", "") == self.part and "user=" not in route.request.url:
            self.held.append(route)
        else:
            route.fallback()

    def wait_for_one(self, element: str) -> None:
        """One is asked, that will be answered with all of it."""
        self.page.evaluate(f"document.querySelector('{element}').dataset.version = 'of before'")
        for _ in range(200):
            if self.held:
                return
            self.page.wait_for_timeout(100)
        pytest.fail("Nothing was asked.")

    def let_go(self) -> None:
        with self.page.expect_response(lambda answer: "user=" not in answer.url and answer.status == 200):
            while self.held:
                self.held.pop().continue_()
        self.page.wait_for_timeout(300)


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    yield page
    page.unroute_all(behavior="ignoreErrors")


def test_a_late_answer_to_the_grid_does_not_undo_a_filter(sessions: Page) -> None:
    slow = Slow(sessions, "")
    slow.wait_for_one("#sessions")

    sessions.fill("#filter-user", "user1")
    status(sessions, "Rows 1 - 10 of 10")
    slow.let_go()

    status(sessions, "Rows 1 - 10 of 10")
    expect(sessions.locator("#filter-user")).to_have_value("user1")
    assert "user=user1" in str(sessions.get_attribute("#sessions", "hx-get"))


def test_a_late_answer_to_the_graph_does_not_bring_back_the_figures_of_another_filter(sessions: Page) -> None:
    expect(sessions.locator(f"{GRAPH} tbody tr")).to_have_count(3)
    slow = Slow(sessions, "graph")
    slow.wait_for_one(GRAPH)

    sessions.fill("#filter-user", "user1")
    expect(sessions.locator(f"{GRAPH} tbody tr")).to_have_count(1)
    slow.let_go()

    expect(sessions.locator(f"{GRAPH} tbody tr")).to_have_count(1)


def test_what_was_typed_is_not_lost_to_a_reading_that_comes_before_it_is_sent(sessions: Page) -> None:
    slow = Slow(sessions, "")
    slow.wait_for_one("#sessions")
    sessions.evaluate(
        """document.addEventListener("htmx:beforeSwap", () => {
            const field = document.getElementById("filter-user");
            field.value = "user1";
            field.dispatchEvent(new Event("input", { bubbles: true }));
        }, { once: true })"""
    )  # and left for the next field, in the moment before the answer is shown

    slow.let_go()

    status(sessions, "Rows 1 - 10 of 10")
    expect(sessions.locator("#filter-user")).to_have_value("user1")
