from __future__ import annotations

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import UserFactory


def test_every_page_leads_to_the_sign_in_and_back(page: Page, live_server: LiveServer) -> None:
    UserFactory(username="brontje", password="a long enough password")
    page.goto(f"{live_server.url}/servers/")
    assert "/login/" in page.url
    page.get_by_label("Username").fill("brontje")
    page.get_by_label("Password", exact=True).fill("a long enough password")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/servers/")


def test_a_wrong_password_says_so_and_does_not_sign_in(page: Page, live_server: LiveServer) -> None:
    UserFactory(username="brontje")
    page.goto(f"{live_server.url}/login/")
    page.get_by_label("Username").fill("brontje")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    assert "/login/" in page.url
    expect(page.get_by_role("alert")).to_be_visible()
