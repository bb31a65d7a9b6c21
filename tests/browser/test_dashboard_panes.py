"""The panes of a dashboard, moved by mouse and by keyboard, and looked at on screens of any width."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from groups_app.models import HiddenServer, LicenseServerGroup
from licstats.models import Feature, LicenseServer
from sessions_app.models import DashboardPane, OpenSession
from sessions_app.models.dashboard import Part
from tests.browser.conftest import hasten
from tests.browser.sessions_page import PATH
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UserFactory


@pytest.fixture
def board(admin_page: Page, live_server: LiveServer) -> Page:
    """A dashboard of three grids: One, Two and Three."""
    OpenSessionFactory(user="ann")
    login = User.objects.get(username="ada")
    for title, query in (("One", ""), ("Two", "sort=user"), ("Three", "sort=host")):
        pin(login, title, query)
    return opened(admin_page, live_server)


def pin(login: User, title: str, query: str = "", part: str = "grid") -> DashboardPane:
    return DashboardPane.pin(login.pk, title=title, report="realtime-sessions", part=part, query=query)[0]


def opened(page: Page, live_server: LiveServer) -> Page:
    page.goto(live_server.url)
    expect(page.locator("[data-live][data-version='']")).to_have_count(0)  # rows that come move what is below
    return page


def titles(page: Page) -> list[str]:
    return page.locator(".dashboard h2").all_inner_texts()


def drag(page: Page, title: str, onto: str) -> None:
    """By the empty part of its header, into the middle of another pane."""
    page.set_viewport_size({"width": 1440, "height": 1800})  # all of them on one screen
    start = pane_of(page, title).locator(".pane-header").bounding_box()
    end = pane_of(page, onto).bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=10)
    page.mouse.up()


def pane_of(page: Page, title: str) -> Locator:
    return page.locator(".dashboard > .pane", has=page.get_by_role("heading", name=title))


SHIFTS = """
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted = (window.shifted || 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [1440, 400])
def test_nothing_moves_while_the_panes_fill(admin_page: Page, live_server: LiveServer, width: int) -> None:
    """Six panes: grids with many rows, with one and with none, and graphs."""
    feature = OpenSessionFactory(user="ann").feature
    OpenSession.objects.bulk_create(OpenSessionFactory.build(feature=feature, server=feature.server) for _ in range(30))
    login = User.objects.get(username="ada")
    queries = ("", "user_is=ann", "user_is=nobody", "group_by=user", "group_by=feature")
    panes = [pin(login, f"Pane {number}", query) for number, query in enumerate(queries)]
    panes.append(pin(login, "Graph", part="graph"))
    panes.append(pin(login, "Empty graph", "user_is=nobody", part="graph"))
    DashboardPane.objects.filter(pk__in=[panes[1].pk, panes[2].pk, panes[3].pk]).update(width="half")
    admin_page.set_viewport_size({"width": width, "height": 900})
    admin_page.add_init_script(SHIFTS)
    opened(admin_page, live_server)
    expect(admin_page.locator(".bars .point").first).to_be_attached()
    admin_page.wait_for_timeout(500)
    assert admin_page.evaluate("window.shifted || 0") < 0.01


def test_a_pane_that_no_reading_has_come_for_tells_no_age(admin_page: Page, live_server: LiveServer) -> None:
    OpenSessionFactory(user="ann")
    pin(User.objects.get(username="ada"), "One")
    admin_page.route(f"**{PATH}*", lambda route: None)  # its rows are on their way
    admin_page.goto(live_server.url)
    admin_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the ages are counted
    expect(admin_page.locator(".pane-age")).to_have_text("")


@pytest.mark.parametrize("width", [400, 1440])
def test_a_pane_that_is_not_available_leaves_no_room_for_an_age(
    admin_page: Page, live_server: LiveServer, width: int
) -> None:
    pin(User.objects.get(username="ada"), "One", query="scope=server:nowhere")
    admin_page.set_viewport_size({"width": width, "height": 800})
    admin_page.goto(live_server.url)
    header, title = (admin_page.locator(f".dashboard .pane-header{inner}").bounding_box() for inner in ("", " h2"))
    assert header is not None
    assert title is not None
    above, below = title["y"] - header["y"], header["y"] + header["height"] - title["y"] - title["height"]
    assert abs(above - below) < 3


def test_a_pane_that_is_dragged_stays_where_it_was_let_go(board: Page, live_server: LiveServer) -> None:
    with board.expect_response(lambda answer: answer.request.method == "POST") as moved:
        drag(board, "One", onto="Two")
    assert moved.value.status == 204
    assert titles(board) == ["Two", "One", "Three"]
    assert titles(opened(board, live_server)) == ["Two", "One", "Three"]


def test_up_and_down_are_right_after_a_drag(board: Page) -> None:
    with board.expect_response(lambda answer: answer.request.method == "POST"):
        drag(board, "One", onto="Two")
    menu = board.get_by_label("Change Two")
    menu.click()
    expect(board.get_by_role("button", name="Move up")).to_have_count(0)  # it stands first now
    menu.click()
    board.get_by_label("Change One").click()
    board.get_by_role("button", name="Move down").click()
    expect(board.locator(".dashboard h2").last).to_have_text("One")
    assert titles(board) == ["Two", "Three", "One"]


def test_a_move_that_fails_is_said_and_taken_back(board: Page) -> None:
    DashboardPane.objects.filter(title="One").delete()  # in another window
    drag(board, "One", onto="Two")
    expect(board.locator("#notices")).to_contain_text("stands where it was")
    assert titles(board) == ["One", "Two", "Three"]


@pytest.mark.parametrize(("width", "letters"), [(1440, 50), (400, 40)])
def test_a_name_can_be_read_while_it_is_changed(board: Page, width: int, letters: int) -> None:
    board.set_viewport_size({"width": width, "height": 900})
    board.get_by_label("Change One").click()
    field = board.locator("#content .menu[open] input[name=title]")
    field.fill("Licenses in use at both sites, by the design teams."[:letters])
    assert field.evaluate("(field) => field.scrollWidth <= field.clientWidth")
    box = field.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_the_focus_stays_on_the_menu_of_a_pane_that_is_moved_by_keyboard(board: Page) -> None:
    board.get_by_label("Change Three").focus()
    board.keyboard.press("Enter")
    board.keyboard.press("Tab")
    expect(board.get_by_role("button", name="Move up")).to_be_focused()
    board.keyboard.press("Enter")
    expect(board.locator(".dashboard h2").nth(1)).to_have_text("Three")
    expect(board.get_by_label("Change Three")).to_be_focused()


def test_a_sum_explains_itself_on_the_dashboard_as_in_its_report(admin_page: Page, live_server: LiveServer) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    for name in ("PL", "US"):
        server = LicenseServerFactory(name=name, read_at=timezone.now())
        group.servers.add(FeatureFactory(server=server, name="WXPF", total=10).server)
    login = User.objects.get(username="ada")
    DashboardPane.pin(login.pk, title="Sums", report="realtime-usage", part="grid", query="scope=group:XF")
    page = opened(admin_page, live_server)

    page.get_by_role("link", name="20", exact=True).first.hover()

    expect(page.locator("#sum-card")).to_contain_text("20 = PL 10 + US 10")
    assert page.locator("#sum-card").evaluate("(card) => card.scrollWidth <= card.clientWidth")


@pytest.mark.parametrize("address", ["/", PATH])
def test_time_used_goes_on_while_no_reading_finds_anything_new(
    admin_page: Page, live_server: LiveServer, address: str
) -> None:
    OpenSessionFactory(user="ann", checked_out_at=timezone.now() - timedelta(minutes=5, seconds=5))
    pin(User.objects.get(username="ada"), "One")
    admin_page.clock.install()
    admin_page.goto(live_server.url + address)
    used = admin_page.locator("td time[data-since]").first
    expect(used).to_have_text("5 min")

    admin_page.clock.run_for(120_000)

    expect(used).to_have_text("7 min")


def test_what_was_done_is_said_for_a_while_and_then_leaves_the_panes_free(
    admin_page: Page, live_server: LiveServer, feature: Feature
) -> None:
    admin_page.clock.install()
    admin_page.goto(live_server.url + PATH)
    admin_page.click("#sessions .pin button")
    said = admin_page.locator(".notice-success")
    expect(said).to_contain_text("is on your dashboard")

    said.hover()
    admin_page.clock.run_for(12_000)
    expect(said).to_be_visible()  # somebody reads it
    admin_page.mouse.move(0, 0)
    admin_page.clock.run_for(2_000)
    expect(said).to_have_count(0)


def change(**fields: object) -> None:
    LicenseServer.objects.update(**fields, revision=F("revision") + 1)


@pytest.mark.parametrize("part", list(Part))
def test_the_header_of_a_pane_follows_readings_and_says_when_there_are_none_any_more(
    admin_page: Page, live_server: LiveServer, feature: Feature, part: Part
) -> None:
    LicenseServer.objects.update(read_at=timezone.now() - timedelta(seconds=100))
    pin(User.objects.get(username="ada"), "One", "scope=server:PL", part=part)
    opened(admin_page, live_server)
    age = admin_page.locator(".pane-age")
    expect(age).to_have_text(re.compile(r"^\s*updated 1 min ago\s*$"))
    hasten(admin_page)
    LicenseServer.objects.update(read_at=timezone.now() + timedelta(minutes=5))  # it found nothing new
    expect(age).to_have_text(re.compile(r"^\s*updated just now\s*$"))

    change(enabled=False, read_at=timezone.now() - timedelta(days=3))

    expect(age.locator(".age-stale")).to_have_text("3 d ago stale")
    expect(admin_page.locator(".dashboard > .pane")).to_contain_text("No realtime data: PL is not queried any more")


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("query", ["scope=server:PL", "server_is=PL"])
def test_a_pane_of_a_license_server_that_is_hidden_meanwhile_is_not_available_any_more(
    sign_in: Callable[[User], Page], live_server: LiveServer, feature: Feature, part: Part, query: str
) -> None:
    login = UserFactory(username="vic")
    pin(login, "PL at night", query, part=part)
    page = opened(sign_in(login), live_server)
    expect(page.locator(".dashboard h2")).to_have_text("PL at night")

    HiddenServer.objects.create(user=login, server=feature.server)
    hasten(page)

    expect(page.locator(".dashboard h2")).to_contain_text("Not available 1: Realtime")
    assert page.locator(".dashboard [hx-get]").count() == 0


@pytest.mark.parametrize("part", list(Part))
def test_a_pane_is_there_again_by_itself_once_what_it_shows_is_but_not_while_a_menu_is_open(
    sign_in: Callable[[User], Page], live_server: LiveServer, feature: Feature, part: Part
) -> None:
    login = UserFactory(username="vic")
    pin(login, "PL at night", "scope=server:PL", part=part)
    hidden = HiddenServer.objects.create(user=login, server=feature.server)
    page = opened(sign_in(login), live_server)
    assert "PL" not in page.content()
    hasten(page)
    with page.expect_response(f"{live_server.url}/") as asked:
        pass
    assert asked.value.status == 204

    menu = page.get_by_label("Change Not available 1")
    menu.click()
    hidden.delete()
    page.wait_for_timeout(2500)
    expect(page.get_by_role("button", name="Remove from the dashboard")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator(".dashboard h2")).to_have_text("PL at night")
    expect(page.locator(".dashboard")).to_contain_text("user1")
    assert page.locator("[data-live-unless]").count() == 0
