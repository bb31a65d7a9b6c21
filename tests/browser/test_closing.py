"""A session is closed as an administrator does it: X, preview, confirm, and the license is back in the pool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis as redis_client
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone as clock
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from licstats.simulator.client import Simulator
from licstats.simulator.process import running
from sessions_app.closing import tool
from sessions_app.models import CloseRequest, CloseState, OpenSession
from sessions_app.polling.poll import PollServer
from tests.browser.axe import serious_faults
from tests.browser.conftest import hasten
from tests.closing.making import closer, end
from tests.closing.worker import Worker
from tests.factories import LicenseServerFactory

PATIENCE = 40_000  # milliseconds: a worker starts meanwhile
REMOVE = "-removeuser -clientuser {user} -clienthost {host} -host {server_host} -port {port}"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("simulator"), "--fleet", "small", "--lmx-password", "orchid-17") as simulator:
        for name, manager, port in (("F1", "flexnet", 27000), ("L1", "lmx", 6200)):
            simulator.do("add_server", name=name, manager=manager, hosts=[name.lower()], port=port)
            simulator.do("add_feature", server=name, feature="Mesh", count=10)
        yield simulator


@pytest.fixture
def fleet(
    simulator: Simulator, settings: Any, live_server: LiveServer, redis: redis_client.Redis, tmp_path: Any
) -> Iterator[Simulator]:
    """F1 (FlexNet) and L1 (LM-X) without sessions, licstats knows both, and a worker is at their site."""
    settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {
        "lmutil": simulator.lmutil,
        "lmxendutil": simulator.lmxendutil,
    }
    settings.LICSTATS_LMX_REMOVE = REMOVE
    for name in ("F1", "L1"):
        for session in simulator.state(name):
            simulator.do("end_session", server=name, handle=session["handle"])
    later = clock.now() + timedelta(hours=1)
    LicenseServerFactory(name="F1", address="27000@f1", next_poll_at=later)
    LicenseServerFactory(name="L1", manager="lmx", address="6200@l1", next_poll_at=later)
    tool.check("main", MANAGERS["lmx"])
    worker = Worker(
        tmp_path / "worker.log",
        LICSTATS_LMUTIL=simulator.lmutil,
        LICSTATS_LMXENDUTIL=simulator.lmxendutil,
        LICSTATS_LMX_REMOVE=REMOVE,
        LICSTATS_LMX_PASSWORD="orchid-17",
    )
    yield simulator
    worker.kill()


@pytest.fixture
def login(db: None) -> User:
    return closer(username="nadia")


def poll() -> None:
    for server in LicenseServer.objects.all():
        PollServer(server).execute()


def test_x_preview_confirm_and_the_license_is_back(
    fleet: Simulator, sign_in: Callable[[User], Page], login: User, live_server: LiveServer
) -> None:
    fleet.add_session("F1", "Mesh", "ann", "ws1", display=":0.0")
    fleet.add_session("F1", "Mesh", "bob", "ws2", display=":0.0")
    poll()
    page = sign_in(login)
    page.goto(f"{live_server.url}/features/realtime/sessions/")
    page.get_by_role("link", name="Close the session of ann on ws1").click()
    dialog = page.get_by_role("dialog", name="Close 1 session and take back 1 license?")
    expect(dialog.get_by_role("row", name=re.compile("ann ws1 :0.0 Mesh .* F1 1"))).to_be_visible()
    expect(dialog.get_by_role("link", name="Keep it")).to_be_focused()
    dialog.get_by_label("Reason").fill("left for the day")
    dialog.get_by_role("button", name="Close session").click()
    outcome = page.get_by_role("dialog")
    expect(outcome.get_by_text("The license is back in the pool")).to_be_visible(timeout=PATIENCE)
    assert [session["user"] for session in fleet.state("F1")] == ["bob"]
    assert fleet.removals()[-1]["removed"][0]["user"] == "ann"
    outcome.get_by_role("link", name="Back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Close the session of ann on ws1")).to_have_count(0)
    expect(page.get_by_role("link", name="Close the session of bob on ws2")).to_be_visible()

    page.get_by_role("link", name="Closed Sessions").click()
    row = page.get_by_role("row", name=re.compile("nadia F1 Mesh"))
    expect(row).to_contain_text("left for the day")
    expect(row).to_contain_text("Closed")
    request = CloseRequest.objects.get()
    steps = list(request.events.values_list("step", "by"))
    assert [step for step, _ in steps] == ["requested", "checking", "removing", "verifying", "closed"]
    assert steps[0][1] == "nadia"


def test_an_aggregated_row_closes_its_four_sessions(
    fleet: Simulator, sign_in: Callable[[User], Page], login: User, live_server: LiveServer
) -> None:
    for number in range(4):
        fleet.add_session("F1", "Mesh", "ann", f"ws{number}", display=":0.0")
    fleet.add_session("F1", "Mesh", "bob", "ws1", display=":0.0")
    poll()
    page = sign_in(login)
    page.goto(f"{live_server.url}/features/realtime/sessions/?group_by=user")
    row = page.get_by_role("row", name=re.compile("ann"))
    row.get_by_role("link", name=re.compile("Close the sessions of ann")).click()
    dialog = page.get_by_role("dialog", name="Close 4 sessions and take back 4 licenses?")
    for number in range(4):
        expect(dialog.get_by_role("cell", name=f"ws{number}", exact=True)).to_be_visible()
    expect(dialog.get_by_role("cell", name="bob")).to_have_count(0)
    dialog.get_by_role("button", name="Close 4 sessions").click()
    expect(page.get_by_role("dialog").get_by_text("The license is back in the pool")).to_have_count(4, timeout=PATIENCE)
    assert [session["user"] for session in fleet.state("F1")] == ["bob"]
    assert CloseRequest.objects.filter(state=CloseState.CLOSED, user="ann").count() == 4


def test_through_lmxendutil(
    fleet: Simulator, sign_in: Callable[[User], Page], login: User, live_server: LiveServer
) -> None:
    fleet.add_session("L1", "Mesh", "ann", "ws1", ip="10.0.0.1")
    poll()
    page = sign_in(login)
    page.goto(f"{live_server.url}/features/realtime/sessions/")
    page.get_by_role("link", name="Close the session of ann on ws1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ws1")
    dialog.get_by_role("button", name="Close session").click()
    expect(page.get_by_role("dialog").get_by_text("The license is back in the pool")).to_be_visible(timeout=PATIENCE)
    assert fleet.state("L1") == []
    assert not OpenSession.objects.exists()


class TestBeforeAnything:
    """No worker is needed for what happens before somebody confirms."""

    @pytest.fixture
    def session(self, live_server: LiveServer) -> OpenSession:
        from tests.factories import FeatureFactory, OpenSessionFactory

        session: OpenSession = OpenSessionFactory(feature=FeatureFactory(name="Mesh"), user="ann", host="ws1")
        return session

    @pytest.fixture
    def grid(self, session: OpenSession, sign_in: Callable[[User], Page], login: User, live_server: LiveServer) -> Page:
        page = sign_in(login)
        page.goto(f"{live_server.url}/features/realtime/sessions/")
        return page

    def test_escape_and_keep_leave_everything_as_it_was(self, grid: Page) -> None:
        x = grid.get_by_role("link", name="Close the session of ann on ws1")
        x.click()
        expect(grid.get_by_role("dialog")).to_be_visible()
        grid.keyboard.press("Escape")
        expect(grid.get_by_role("dialog")).to_have_count(0)
        expect(x).to_be_focused()
        grid.keyboard.press("Enter")
        grid.get_by_role("dialog").get_by_role("link", name="Keep it").press("Enter")
        expect(grid.get_by_role("dialog")).to_have_count(0)
        assert not CloseRequest.objects.exists()

    def test_the_dialog_opens_again_though_its_close_is_told_only_after(self, grid: Page) -> None:
        x = grid.get_by_role("link", name="Close the session of ann on ws1")
        x.click()
        keep = grid.get_by_role("dialog").get_by_role("link", name="Keep it")
        expect(keep).to_be_visible()

        x.evaluate("(x) => { document.querySelector('dialog').close(); x.click(); }")
        expect(keep).to_be_visible()
        expect(keep).to_be_focused()

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (lambda route: route.fulfill(status=500, body="Server Error"), "could not look it up (error 500)"),
            (lambda route: route.fulfill(status=200, body="<h1>Sign in to the proxy</h1>"), "was not licstats"),
            (lambda route: route.abort(), "licstats does not answer"),
        ],
        ids=["error", "stranger", "silence"],
    )
    def test_a_preview_that_does_not_come_says_so_and_can_be_asked_for_again(
        self, grid: Page, answer: Callable[[Route], None], words: str
    ) -> None:
        grid.route("**/close/**", answer, times=1)
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        dialog = grid.get_by_role("dialog", name="It could not be shown")
        expect(dialog.get_by_role("alert")).to_contain_text(words)
        expect(dialog.get_by_role("link", name="Back")).to_be_focused()
        dialog.get_by_role("button", name="Try again").click()
        expect(grid.get_by_role("dialog").get_by_role("button", name="Close session")).to_be_visible()

    def test_a_preview_that_takes_its_time_is_waited_for_in_the_dialog(self, grid: Page) -> None:
        grid.route("**/close/**", lambda route: None)  # never answered
        x = grid.get_by_role("link", name="Close the session of ann on ws1")
        x.click()
        expect(grid.get_by_role("dialog", name="One moment…")).to_be_visible()
        grid.keyboard.press("Escape")
        expect(grid.get_by_role("dialog")).to_have_count(0)
        grid.unroute("**/close/**")
        x.click()
        expect(grid.get_by_role("dialog").get_by_role("link", name="Keep it")).to_be_focused()

    @pytest.mark.parametrize("leave", ["[data-close-cancel]').click()", "').closest('dialog').requestClose()"])
    def test_an_answer_that_comes_just_when_the_dialog_is_left_opens_it_no_more(self, grid: Page, leave: str) -> None:
        grid.evaluate("() => { window.fetch = () => new Promise((come) => { window.come = come; }); }")
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        expect(grid.get_by_role("dialog", name="One moment…")).to_be_visible()
        grid.evaluate(f"document.querySelector('dialog #close-dialog-body {leave}; come(new Response('late'))")
        grid.wait_for_timeout(300)
        expect(grid.get_by_role("dialog")).to_have_count(0)

    def test_a_confirmation_without_an_answer_says_that_it_is_not_known(self, grid: Page) -> None:
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        button = grid.get_by_role("dialog").get_by_role("button", name="Close session")
        expect(button).to_be_visible()
        grid.route("**/close/**", lambda route: route.abort())
        button.click()
        expect(grid.get_by_role("dialog").get_by_role("alert")).to_contain_text("not known whether")

    def sign_in_again(self, page: Page, live_server: LiveServer) -> None:
        """In another tab, while the page's own live grid asks for nothing: it would lead to the sign-in."""
        page.route("**/features/**", lambda route: route.abort())
        other = page.context.new_page()
        other.goto(live_server.url)
        other.get_by_label("Login nadia").click()
        other.get_by_role("button", name="Sign out").click()
        other.goto(f"{live_server.url}/login/")
        other.get_by_label("Username").fill("nadia")
        other.get_by_label("Password", exact=True).fill("a long enough password")
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_label("Login nadia")).to_be_visible()
        other.close()

    @pytest.mark.parametrize("in_dialog", [True, False])
    def test_a_form_from_before_a_new_sign_in_asks_for_nothing_and_is_opened_anew_with_what_was_typed(
        self, grid: Page, live_server: LiveServer, in_dialog: bool
    ) -> None:
        x = grid.get_by_role("link", name="Close the session of ann on ws1")
        x.click() if in_dialog else grid.goto(f"{live_server.url}{x.get_attribute('href')}")
        form = grid.locator("form.close-preview")
        form.get_by_label("Reason").fill("left for the day")
        form.get_by_label("Dry run").check()
        self.sign_in_again(grid, live_server)
        form.get_by_role("button", name="Close session").click()
        expect(form.get_by_role("alert")).to_contain_text("Nothing was asked for")
        expect(form.get_by_role("button", name="Close session")).to_have_count(0)
        assert not CloseRequest.objects.exists()

        form.get_by_role("button", name="Open it anew").press("Enter")
        expect(form.get_by_role("link", name="Keep it")).to_be_focused()
        expect(form.get_by_label("Reason")).to_have_value("left for the day")
        form.get_by_role("button", name="Close session").click()
        expect(grid.get_by_role("heading", name="Closing…")).to_be_visible()

        request = CloseRequest.objects.get()
        assert (request.reason, request.dry_run) == ("left for the day", True)

    def test_a_form_that_cannot_be_opened_anew_says_so_and_stays(self, grid: Page) -> None:
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        form = grid.locator("form.close-preview")
        form.get_by_label("Reason").fill("left for the day")
        grid.route("**/close/**", lambda route: route.fulfill(status=404, body="Not Found"))
        form.get_by_role("button", name="Close session").click()
        form.get_by_role("button", name="Open it anew").click()
        expect(form.get_by_role("alert")).to_contain_text("licstats could not look it up (error 404)")
        expect(form.get_by_label("Reason")).to_have_value("left for the day")
        grid.unroute("**/close/**")
        form.get_by_role("button", name="Open it anew").click()
        expect(form.get_by_role("button", name="Close session")).to_be_visible()
        expect(form.get_by_label("Reason")).to_have_value("left for the day")

    def test_the_dialog_is_accessible(self, grid: Page) -> None:
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        expect(grid.get_by_role("dialog")).to_be_visible()
        assert list(serious_faults(grid, ".close-dialog")) == []

    def test_the_row_says_how_far_it_is_and_offers_no_second_x(self, grid: Page, session: OpenSession) -> None:
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        grid.get_by_role("dialog").get_by_role("button", name="Close session").click()
        expect(grid.get_by_role("dialog").get_by_role("heading", name="Closing…")).to_be_visible()
        grid.get_by_role("dialog").get_by_role("link", name="Back; it goes on").click()
        expect(grid.get_by_role("link", name="Closing…", exact=True)).to_be_visible()
        expect(grid.get_by_role("link", name="Close the session of ann on ws1")).to_have_count(0)

    def test_why_a_session_is_not_closed_stays_while_the_close_of_another_goes_on(
        self, grid: Page, session: OpenSession
    ) -> None:
        from tests.factories import OpenSessionFactory

        other = OpenSessionFactory(feature=session.feature, user="ann", host="ws2")
        grid.goto(f"{grid.url}?group_by=user")
        grid.get_by_role("link", name=re.compile("Close the sessions of ann")).click()
        dialog = grid.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="Close 2 sessions")).to_be_visible()
        end(other)
        dialog.get_by_role("button", name="Close 2 sessions").click()
        expect(dialog.get_by_role("heading", name="Closing…")).to_be_visible()
        CloseRequest.objects.update(state=CloseState.CLOSED, ended_at=clock.now(), message="It is back.")
        expect(dialog.get_by_role("heading", name="Done")).to_be_visible()
        expect(dialog.get_by_text("had ended before you confirmed")).to_be_visible()

    def test_the_focus_stays_in_the_dialog_when_a_close_is_confirmed(self, grid: Page) -> None:
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        grid.get_by_role("dialog").get_by_role("button", name="Close session").press("Enter")
        expect(grid.get_by_role("dialog").get_by_role("link", name="Back; it goes on")).to_be_focused()

    def test_the_focus_goes_to_the_grid_when_the_row_is_gone(self, grid: Page, session: OpenSession) -> None:
        grid.get_by_role("link", name="Close the session of ann on ws1").click()
        expect(grid.get_by_role("dialog").get_by_role("link", name="Keep it")).to_be_focused()
        hasten(grid)
        session.delete()
        LicenseServer.objects.update(revision=F("revision") + 1)
        expect(grid.locator("#sessions tbody tr")).to_have_count(0)
        grid.keyboard.press("Escape")
        expect(grid.locator("#sessions .grid-scroll")).to_be_focused()

    def test_without_javascript_it_is_pages(
        self, session: OpenSession, login: User, live_server: LiveServer, browser: Browser, page: Page,
        sign_in: Callable[[User], Page],
    ) -> None:  # fmt: skip
        cookies = sign_in(login).context.cookies()
        context = browser.new_context(java_script_enabled=False)
        context.add_cookies(cookies)  # type: ignore[arg-type]
        plain = context.new_page()
        plain.goto(f"{live_server.url}/features/realtime/sessions/")
        plain.get_by_role("link", name="Close the session of ann on ws1").click()
        expect(plain.get_by_role("heading", name="Close 1 session and take back 1 license?")).to_be_visible()
        plain.get_by_label("Reason").fill("left")
        plain.get_by_label("Dry run").check()
        plain.get_by_role("button", name="Close session").click()
        expect(plain.get_by_role("heading", name="Closing…")).to_be_visible()
        request = CloseRequest.objects.get()
        assert (request.reason, request.dry_run) == ("left", True)
        plain.get_by_role("link", name="Back; it goes on").click()
        expect(plain).to_have_url(re.compile("/features/realtime/sessions/"))
        context.close()
