"""Graphs, history and the dashboard, walked as somebody would at a screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from licstats.models import Feature, LicenseServer
from sessions_app.models import DashboardPane, OpenSession
from tests.browser.axe import serious_faults
from tests.browser.conftest import hasten
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UsageIntervalFactory

SESSIONS = "/features/realtime/sessions/"
GRAPH = "#sessions-graph-pane"
BAR = ".bars .point path"
BARS = f"{GRAPH} .bars .point"


@pytest.fixture
def feature(live_server: LiveServer) -> Feature:
    """WXPF on PL: ann holds 5 licenses, bob 3 (2 of them borrowed), cas 1."""
    now = timezone.now()
    server = LicenseServerFactory(name="PL", read_at=now, asked_at=now)
    feature = FeatureFactory(server=server, name="WXPF", total=10, used=9, since=now - timedelta(hours=1))
    for user, used, borrowed in [("ann", 5, False), ("bob", 1, False), ("bob", 2, True), ("cas", 1, False)]:
        OpenSessionFactory(
            feature=feature,
            user=user,
            used=used,
            checked_out_at=now - timedelta(hours=2),
            borrow_expires_at=now + timedelta(days=3) if borrowed else None,
        )
    return feature


def choice(feature: Feature) -> str:
    return f"scope=server:{feature.server.name}&feature={feature.name}&version={feature.version}&type={feature.type}"


def bars(page: Page) -> dict[str, dict[str, int]]:
    """The drawn figures: for each series, licenses by user."""
    return page.evaluate(
        """() => Object.fromEntries(document.querySelector("#sessions-graph-pane .chart-canvas").data
             .map((trace) => [trace.name, Object.fromEntries(trace.x.map((user, at) => [user, trace.y[at]]))]))"""
    )


def test_one_bar_for_each_user_the_most_licenses_first_split_into_used_and_borrowed(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(BARS).first).to_be_visible()
    assert bars(admin_page) == {
        "Used": {"ann": 5, "bob": 1, "cas": 1},
        "Borrowed": {"ann": 0, "bob": 2, "cas": 0},
    }
    expect(admin_page.locator(f"{GRAPH} .rangeslider-container")).to_be_visible()


def test_long_names_leave_the_bars_their_room_stay_two_users_and_are_whole_on_hover(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    names = [f"{'a' * 150}{number}{'b' * 149}" for number in (1, 2)]
    for name in names:
        OpenSessionFactory(feature=feature, user=name, used=20)
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(BARS)).to_have_count(2 * 2 * 5)  # used and borrowed, in the graph and in its slider
    expect(admin_page.locator(f"{GRAPH} .xtick text").first).to_have_text("aaaaaaa…bbbbbbbb")
    canvas = admin_page.locator(f"{GRAPH} .chart-canvas").bounding_box()
    bar = admin_page.locator(f"{GRAPH} .xy {BAR}").first.bounding_box()
    slider = admin_page.locator(f"{GRAPH} .rangeslider-bg").bounding_box()
    assert bar["height"] > canvas["height"] / 4
    assert slider["y"] + slider["height"] < canvas["y"] + canvas["height"]
    admin_page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    expect(admin_page.locator(f"{GRAPH} .hovertext .nums")).to_contain_text("a" * 70 + "1" + "b" * 9)
    label = admin_page.locator(f"{GRAPH} .hovertext").bounding_box()
    assert canvas["x"] <= label["x"]
    assert label["x"] + label["width"] <= canvas["x"] + canvas["width"]


def axes(page: Page) -> tuple[list[float], list[float]]:
    """What the graph shows: the range of its bars, and that of its licenses."""
    return page.evaluate(
        """() => { const { xaxis, yaxis } = document.querySelector("#sessions-graph-pane .chart-canvas").layout;
             return [xaxis.range, yaxis.range]; }"""
    )


def slide(page: Page, start: float, end: float) -> None:
    """Moves both ends of the slider to these parts of its width."""
    box = page.locator(f"{GRAPH} .rangeslider-bg").bounding_box()
    for handle, part in ((".rangeslider-grabarea-max", end), (".rangeslider-grabarea-min", start)):
        grip = page.locator(f"{GRAPH} {handle}").bounding_box()
        page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + part * box["width"], grip["y"] + grip["height"] / 2, steps=8)
        page.mouse.up()


@pytest.fixture
def _many_users(feature: Feature) -> None:
    """One user with 900 licenses, then 60 with 2 each, named u00 to u59, and five more who begin with z."""
    OpenSessionFactory(feature=feature, user="aaa", used=900)
    for name in [*(f"u{n:02}" for n in range(60)), *(f"z{n}" for n in range(5))]:
        OpenSessionFactory(feature=feature, user=name, used=2)


@pytest.mark.usefixtures("_many_users")
def test_the_axis_of_licenses_follows_the_slider(admin_page: Page, live_server: LiveServer):
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(BARS).first).to_be_visible()
    assert axes(admin_page)[1][1] > 900
    slide(admin_page, 0.5, 0.9)
    expect(admin_page.locator(f"{GRAPH} .ytick text")).to_have_text(["0", "1", "2"])
    (low, high), (_, most) = axes(admin_page)
    assert 25 < low < high < 68
    assert most < 4


@pytest.mark.usefixtures("_many_users")
def test_a_filter_leaves_no_graph_without_bars_wherever_the_slider_was(admin_page: Page, live_server: LiveServer):
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(BARS).first).to_be_visible()
    slide(admin_page, 0.5, 0.9)
    chosen = axes(admin_page)[0]
    admin_page.locator("thead [name=user]").fill("z")
    expect(admin_page.locator(BARS)).to_have_count(2 * 5)  # in the graph and in its slider
    assert axes(admin_page)[0] == [-0.5, 4.5]
    admin_page.locator("thead [name=user]").fill("")
    expect(admin_page.locator(BARS)).not_to_have_count(2 * 5)
    assert axes(admin_page)[0] == pytest.approx(chosen)


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_under_the_pointer_when_the_figure_comes(
    admin_page: Page, live_server: LiveServer, feature: Feature, width: int
):
    """A row that moves between the press and the release of a button is not clicked, or another one is."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("x-part") == "graph":
            waiting.append(route)
        else:
            route.fallback()

    admin_page.set_viewport_size({"width": width, "height": 900})
    admin_page.route(f"**{SESSIONS}*", hold)
    admin_page.goto(live_server.url + SESSIONS)
    row = admin_page.get_by_role("row", name="cas")
    expect(row).to_be_visible()
    before = row.bounding_box()
    while not waiting:
        admin_page.wait_for_timeout(20)
    waiting[0].continue_()
    expect(admin_page.locator(BARS).first).to_be_visible()
    expect(admin_page.get_by_text("The same figures as a table")).to_be_visible()
    assert row.bounding_box() == before


def test_the_legend_switches_a_series_off_and_on(admin_page: Page, live_server: LiveServer, feature: Feature):
    admin_page.goto(live_server.url + SESSIONS)
    borrowed = admin_page.locator(f"{GRAPH} .legendtoggle").nth(1)
    borrowed.click()
    shown = "() => document.querySelector('#sessions-graph-pane .chart-canvas').data[1].visible"
    admin_page.wait_for_function(f"{shown} === 'legendonly'")
    borrowed.click()
    admin_page.wait_for_function(f"{shown} === true")


def test_the_graph_follows_a_filter_of_the_grid(admin_page: Page, live_server: LiveServer, feature: Feature):
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(BARS).first).to_be_visible()
    admin_page.fill("#sessions input[name=user]", "an")
    admin_page.wait_for_function(
        "() => document.querySelector('#sessions-graph-pane .chart-canvas').data[0].x.join() === 'ann'"
    )


def test_the_graph_stays_as_it_is_while_a_filter_is_half_typed(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(BARS).first).to_be_visible()
    box = admin_page.get_by_label("Time Used from")
    place = "(input) => input.getBoundingClientRect().top"
    before, graph = box.evaluate(place), bars(admin_page)
    with admin_page.expect_response(lambda response: response.request.headers.get("x-part") == "graph") as kept:
        box.press_sequentially("6")
    assert kept.value.status == 204
    expect(admin_page.locator("#error-time_used_min")).to_contain_text("'6' is not a duration")
    assert box.evaluate(place) == before
    assert bars(admin_page) == graph

    box.press_sequentially("h")
    admin_page.wait_for_function(f"() => document.querySelector('{GRAPH} .chart-canvas').hidden")


def test_a_value_that_is_mended_brings_the_graph(admin_page: Page, live_server: LiveServer, feature: Feature):
    admin_page.goto(f"{live_server.url}{SESSIONS}?used_min=x&user=ann")
    expect(admin_page.get_by_text("There is no graph, because")).to_be_visible()
    expect(admin_page.get_by_role("button", name="Save picture")).to_be_hidden()
    admin_page.get_by_role("link", name="Show the rows without it").click()
    expect(admin_page.locator(BARS).first).to_be_visible()
    expect(admin_page.get_by_role("button", name="Save picture")).to_be_visible()
    assert bars(admin_page)["Used"] == {"ann": 5}


def test_the_graph_follows_a_new_reading_and_the_readers_series_stay_off(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    admin_page.goto(live_server.url + SESSIONS)
    admin_page.locator(f"{GRAPH} .legendtoggle").nth(1).click()
    hasten(admin_page)
    OpenSession.objects.filter(user="cas").update(used=8)
    LicenseServer.objects.update(revision=F("revision") + 1)
    admin_page.wait_for_function(
        "() => document.querySelector('#sessions-graph-pane .chart-canvas').data[0].y[0] === 8"
    )
    shown = "() => document.querySelector('#sessions-graph-pane .chart-canvas')._fullData[1].visible"
    assert admin_page.evaluate(shown) == "legendonly"


def test_three_thousand_users_are_drawn_with_a_word_about_those_who_are_not(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    OpenSession.objects.bulk_create(
        OpenSession(
            server=feature.server,
            feature=feature,
            user=f"u{number:04d}",
            host=f"h{number}",
            handle=str(5000 + number),
            used=1 + number % 9,
            first_seen_at=timezone.now(),
        )
        for number in range(3000)
    )
    admin_page.goto(live_server.url + SESSIONS)
    expect(admin_page.locator(f"{GRAPH} .chart-note")).to_contain_text("1,000 users with the most licenses of 3,003")
    expect(admin_page.locator(BARS).first).to_be_visible()
    assert len(bars(admin_page)["Used"]) == 1000


def test_a_choice_that_is_not_there_leaves_the_graph_empty(admin_page: Page, live_server: LiveServer, feature: Feature):
    admin_page.goto(f"{live_server.url}{SESSIONS}?scope=server:PL&feature=nothing")
    expect(admin_page.locator("#pick-features-error")).to_have_text("There is no feature 'nothing' in PL.")
    admin_page.wait_for_load_state("networkidle")
    expect(admin_page.locator(f"{GRAPH} .chart-canvas")).to_be_hidden()


def test_the_same_figures_stand_in_a_table(admin_page: Page, live_server: LiveServer, feature: Feature):
    admin_page.goto(live_server.url + SESSIONS)
    admin_page.click(f"{GRAPH} .chart-table summary")
    expect(admin_page.locator(f"{GRAPH} .chart-table tbody tr").nth(1)).to_have_text("bob 3 2", use_inner_text=True)


def test_the_history_of_a_feature_is_drawn_with_its_gap(admin_page: Page, live_server: LiveServer, feature: Feature):
    now = timezone.now()
    UsageIntervalFactory(
        feature=feature,
        started_at=now - timedelta(hours=6),
        ended_at=now - timedelta(hours=4),
        used=2,
    )
    period = f"from={(now - timedelta(hours=8)):%Y-%m-%dT%H:%M}&to={(now + timedelta(hours=1)):%Y-%m-%dT%H:%M}"
    admin_page.goto(f"{live_server.url}/features/history/usage/?{choice(feature)}&{period}")
    expect(admin_page.locator(".scatterlayer path.js-line").first).to_be_attached()
    used = admin_page.evaluate("() => document.querySelector('.chart-canvas').data[0].y")
    assert used == [None, 2, 2, None, 9, 9, None]
    expect(admin_page.locator("#intervals tbody tr")).to_have_count(2)


def test_a_feature_that_was_read_once_is_drawn_as_a_dot(admin_page: Page, live_server: LiveServer, feature: Feature):
    Feature.objects.update(since=feature.server.read_at)
    admin_page.goto(f"{live_server.url}/features/history/usage/?{choice(feature)}&period=today")
    dots = admin_page.locator(".scatterlayer .points path.point")
    expect(dots.first).to_be_attached()
    assert max(dot.bounding_box()["width"] for dot in dots.all()) == pytest.approx(6, abs=1)


def test_a_period_is_chosen_by_its_name_and_stays_in_the_url(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    admin_page.goto(f"{live_server.url}/features/history/sessions/?scope=server:PL")
    admin_page.click("text=Last month")
    expect(admin_page).to_have_url(f"{live_server.url}/features/history/sessions/?scope=server%3APL&period=last-month")
    expect(admin_page.locator(".period-names [aria-current]")).to_have_text("Last month")


def test_the_day_of_the_chosen_feature_has_a_line_at_now(admin_page: Page, live_server: LiveServer, feature: Feature):
    admin_page.goto(f"{live_server.url}/features/realtime/usage/?{choice(feature)}")
    expect(admin_page.locator(".shapelayer path")).to_have_count(1)
    expect(admin_page.locator("#usage tbody tr")).to_have_count(1)


def test_what_is_pinned_stands_on_the_dashboard_live_and_leads_back(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    admin_page.goto(f"{live_server.url}{SESSIONS}?scope=server:PL&user=an")
    admin_page.click(f"{GRAPH} .pin button")
    admin_page.click("#sessions .pin button")
    admin_page.goto(live_server.url)
    graph, grid = admin_page.locator(".dashboard > .pane").all()
    expect(graph.locator(".bars .point").first).to_be_visible()
    expect(grid.locator("tbody tr")).to_have_count(1)
    hasten(admin_page)
    OpenSessionFactory(feature=feature, user="anna")
    LicenseServer.objects.update(revision=F("revision") + 1)
    expect(grid.locator("tbody tr")).to_have_count(2)
    grid.locator("h2 a").click()
    expect(admin_page.locator("#sessions .chip").first).to_contain_text("an")


def test_panes_are_moved_resized_renamed_maximised_and_removed(
    admin_page: Page, live_server: LiveServer, feature: Feature
):
    admin_page.goto(live_server.url + SESSIONS)
    admin_page.click(f"{GRAPH} .pin button")
    admin_page.click("#sessions .pin button")
    admin_page.goto(live_server.url)
    first, second = DashboardPane.objects.order_by("place")

    def menu(pane: DashboardPane) -> None:
        expect(admin_page.locator("[data-live][data-version='']")).to_have_count(0)  # rows that come move what is below
        admin_page.click(f"#pane-{pane.pk} .menu summary")

    menu(second)
    admin_page.click(f"#pane-{second.pk} >> text=Move up")
    expect(admin_page.locator(".dashboard > .pane").first).to_have_id(f"pane-{second.pk}")
    menu(first)
    admin_page.click(f"#pane-{first.pk} >> text=Half width")
    expect(admin_page.locator(f"#pane-{first.pk}")).to_have_class("pane width-half")
    menu(first)
    admin_page.fill(f"#pane-{first.pk} input[name=title]", "Who holds what")
    admin_page.click(f"#pane-{first.pk} >> text=Rename")
    expect(admin_page.locator(f"#pane-{first.pk} h2")).to_have_text("Who holds what")
    admin_page.click(f"#pane-{first.pk} [data-maximise]")
    expect(admin_page.locator(".pane.maximised")).to_have_count(1)
    admin_page.keyboard.press("Escape")
    expect(admin_page.locator(".pane.maximised")).to_have_count(0)
    menu(first)
    admin_page.click(f"#pane-{first.pk} >> text=Remove from the dashboard")
    expect(admin_page.locator(".dashboard > .pane")).to_have_count(1)


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/features/realtime/usage/", "/features/history/usage/", "/features/history/sessions/"),
        "/features/realtime/sessions/?at=2026-01-01",
    ],
)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    admin_page: Page, live_server: LiveServer, feature: Feature, address: str, colours: str
):
    admin_page.emulate_media(color_scheme=colours)
    admin_page.goto(live_server.url + address)
    admin_page.wait_for_load_state("networkidle")
    assert list(serious_faults(admin_page)) == []
