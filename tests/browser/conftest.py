"""A real browser on a live server. Chromium is the system's, or the program that LICSTATS_CHROMIUM names.

Where there is none these tests are skipped, and fail with LICSTATS_REQUIRE_BROWSER=1. In every test, a page that asks
another host for anything, breaks the Content-Security-Policy, or raises an error in a script fails it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, BrowserType, ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from licstats.models import Feature
from tests.browser.sessions_page import PATH
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UserFactory

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the thread of the tests

expect.set_options(timeout=20_000)  # milliseconds, for a busy machine; what is there sooner is seen sooner

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WHERE = "no Chromium: looked for " + ", ".join(NAMES) + " on PATH; LICSTATS_CHROMIUM can name one"
OPTIONS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


in_each_way_not_to_answer = pytest.mark.parametrize(
    "fail",
    [lambda route: route.abort(), lambda route: route.fulfill(status=502, body="Bad Gateway")],
    ids=["silence", "gateway"],
)


def find_chromium() -> str | None:
    given = os.environ.get("LICSTATS_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if find_chromium() is None and os.environ.get("LICSTATS_REQUIRE_BROWSER") != "1":
                item.add_marker(pytest.mark.skip(reason=WHERE))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_chromium() is None:
        terminalreporter.write_line(f"Browser tests were left out: {WHERE}.", yellow=True)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    program = find_chromium()
    if program is None:
        pytest.fail(WHERE)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
    return browser_type_launch_args | {"executable_path": program, "args": [*OPTIONS, *root]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}


@pytest.fixture(scope="session")
def profile(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    browser_context_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    live_server: LiveServer,
) -> Iterator[BrowserContext]:
    """One for all tests: only in a profile does Chromium keep compiled scripts, and plotly.js takes it two seconds.

    It goes before the live server and its database do.
    """
    folder = tmp_path_factory.mktemp("profile")
    with browser_type.launch_persistent_context(folder, **browser_type_launch_args, **browser_context_args) as profile:
        yield profile


@pytest.fixture
def context(request: pytest.FixtureRequest, live_server: LiveServer) -> Iterator[BrowserContext]:
    """The profile without anything that an earlier test left in it, but for static files.

    With --tracing, --screenshot or --video it is a profile of its own: that is what these record.
    """
    if any(request.config.getoption(name) != "off" for name in ("--tracing", "--screenshot", "--video")):
        yield request.getfixturevalue("new_context")()
        return
    profile: BrowserContext = request.getfixturevalue("profile")
    first, *_ = profile.pages
    devtools = profile.new_cdp_session(first)
    devtools.send("Storage.clearDataForOrigin", {"origin": live_server.url, "storageTypes": "all"})
    devtools.detach()
    profile.clear_cookies()
    yield profile
    for page in profile.pages:
        if page != first:
            page.close()


@pytest.fixture
def page(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """A page whose wrongdoings fail the test."""
    wrong: list[str] = []

    def look_at_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != urlsplit(live_server.url).netloc:
            wrong.append(f"asked another host: {request.url}")

    def look_at_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            wrong.append(message.text)

    page.on("request", look_at_request)
    page.on("console", look_at_console)
    page.on("pageerror", lambda error: wrong.append(f"error in a script: {error}"))
    yield page
    assert wrong == []


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Callable[[User], Page]:
    """`sign_in(user)` gives the page of that login."""

    def go(user: User) -> Page:
        client = Client()
        client.force_login(user, backend="groups_app.logins.LoginBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return go


@pytest.fixture
def admin_page(sign_in: Callable[[User], Page]) -> Page:
    """The page of a login that may do everything."""
    return sign_in(UserFactory(username="ada", is_staff=True, is_superuser=True))


def hasten(page: Page) -> Page:
    """Its live panes ask every second, until they are drawn anew; as shipped it is every five."""
    page.evaluate("document.querySelectorAll('[data-live]').forEach((pane) => { pane.dataset.live = '1' })")
    return page


@pytest.fixture
def feature(transactional_db: None) -> Feature:
    now = timezone.now()
    server = LicenseServerFactory.create(name="PL", read_at=now)
    feature = FeatureFactory.create(server=server, name="solver", total=100, used=72, reserved=4)
    for number in range(30):
        OpenSessionFactory.create(
            feature=feature,
            user=f"user{number % 3}",
            host=f"ws-{number:02}",
            used=1 + number % 4,
            checked_out_at=now - timedelta(hours=number, minutes=5),
            borrow_expires_at=now + timedelta(days=3) if number == 7 else None,
        )
    return feature


@pytest.fixture
def sessions(admin_page: Page, live_server: LiveServer, feature: Feature) -> Page:
    admin_page.goto(live_server.url + PATH)
    return admin_page
