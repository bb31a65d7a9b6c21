from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client, override_settings

from licstats.models import LicenseServer
from tests.factories import NOON, LicenseServerFactory

OURS = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
PAGES = ["/servers/", "/search/?q=a", "/password/", "/nothing-of-that-name/"]


class Forbidden(HTMLParser):
    """Collects what a strict Content-Security-Policy would refuse, and what is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.in_script = tag == "script" and "src" not in given and given.get("type") != "application/json"
        for name, value in attrs:
            if name == "style" or name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in ("src", "href") and tag in ("script", "link", "img", "use") and "//" in (value or ""):
                self.found.append(f"<{tag} {name}={value!r}>")
        if tag == "style":
            self.found.append("<style>")

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.found.append(f"<script>{data.strip()[:40]}")


def wrongs(html: str) -> list[str]:
    parser = Forbidden()
    parser.feed(html)
    return parser.found


def test_the_sweep_sees_what_it_looks_for() -> None:
    bad = '<a onclick="x()"><p style="a"><script>x</script><style></style><script src="//cdn.example/a.js"></script>'
    assert len(wrongs(bad)) == 5


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_no_template_has_inline_scripts_or_styles(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{#.*?#}", "", path.read_text())
    assert wrongs(text) == []


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_inline_scripts_or_styles(address: str, admin_page: Client) -> None:
    server = LicenseServerFactory()
    for page in (address, f"/servers/{server.pk}/"):
        assert wrongs(admin_page.get(page).content.decode()) == []


@pytest.mark.parametrize("address", ["/servers/", "/login/", "/healthz"])
def test_every_answer_has_strict_headers(address: str, admin_page: Client) -> None:
    headers = admin_page.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'self'(;|$)", policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-cache" in headers["Cache-Control"]


def test_cookies_are_kept_from_scripts(viewer: User) -> None:
    cookies = Client().get("/login/").cookies
    assert cookies["csrftoken"]["httponly"]
    assert cookies["csrftoken"]["samesite"] == "Lax"
    form = {"username": viewer.get_username(), "password": "a long enough password", "next": "/servers/"}
    session = Client().post("/login/", form).cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


def test_times_are_shown_in_the_viewers_zone(admin_page: Client) -> None:
    server = LicenseServerFactory(asked_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    address = f"/servers/{server.pk}/"
    assert "2026-07-01 22:30" in admin_page.get(address).content.decode()
    admin_page.cookies["licstats_zone"] = "Europe/Warsaw"
    page = admin_page.get(address).content.decode()
    assert "2026-07-02 00:30" in page
    assert "2026-07-02 00:30:00 CEST" in page
    assert "Times in Europe/Warsaw" in page


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "UTC;x", "a" * 5000])
def test_a_zone_that_does_not_exist_is_ignored(zone: str, admin_page: Client) -> None:
    admin_page.cookies["licstats_zone"] = zone
    assert "Times in UTC" in admin_page.get("/servers/").content.decode()


@override_settings(LICSTATS_NAME='Works <& "North">')
def test_the_installations_name_stands_in_the_bar(admin_page: Client) -> None:
    assert "Works &lt;&amp; &quot;North&quot;&gt;" in admin_page.get("/servers/").content.decode()


def test_the_page_that_is_open_is_marked_in_the_navigation(admin_page: Client) -> None:
    page = admin_page.get("/servers/").content.decode()
    marked = re.findall(r'<a href="([^"]*)"[^>]*aria-current="page"', page)
    assert marked == ["/servers/"]


def test_the_navigation_has_the_reports_in_their_order(admin_page: Client) -> None:
    page = admin_page.get("/servers/").content.decode()
    navigation = page[page.index('id="navigation"') : page.index("</nav>")]
    said = re.sub(r"<[^>]*>|\s+", " ", navigation[navigation.index(">") + 1 :]).split()
    assert " ".join(said) == (
        "Dashboard Features Realtime Sessions Usage Features History Sessions Usage "
        "Users Realtime Sessions License Servers Groups Closed Sessions Administration Fold navigation"
    )
    for address in re.findall(r'href="([^"#]*)"', navigation):
        assert admin_page.get(address).status_code == 200, address


def test_a_page_below_another_keeps_that_one_marked(admin_page: Client) -> None:
    page = admin_page.get(f"/servers/{LicenseServerFactory().pk}/").content.decode()
    assert re.findall(r'<a href="([^"]*)"[^>]*aria-current="page"', page) == ["/servers/"]


def test_only_who_may_enter_sees_administration(admin_page: Client, viewer_page: Client) -> None:
    assert 'href="/admin/"' in admin_page.get("/servers/").content.decode()
    assert 'href="/admin/"' not in viewer_page.get("/servers/").content.decode()


def test_a_page_that_is_not_there_says_what_to_do(admin_page: Client) -> None:
    answer = admin_page.get("/nothing-of-that-name/")
    assert answer.status_code == 404
    assert b"There is no such page" in answer.content


@pytest.mark.parametrize("name", ["400.html", "403.html", "404.html", "500.html", "403_csrf.html"])
def test_error_pages_need_nothing_that_could_fail(name: str) -> None:
    page = render_to_string(name)
    assert "<h1>" in page
    assert "licstats.css" in page


def test_a_failure_shows_our_page(admin_page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.views.servers.summarize", lambda servers: 1 // 0)
    admin_page.raise_request_exception = False
    answer = admin_page.get("/servers/")
    assert answer.status_code == 500
    assert b"licstats doctor" in answer.content


def test_an_old_form_is_refused_and_says_why(administrator: object, admin_page: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_page.cookies
    server = LicenseServerFactory(next_poll_at=NOON)
    answer = strict.post(f"/servers/{server.pk}/query-now/")
    assert answer.status_code == 403
    assert b"The form was too old" in answer.content
    assert LicenseServer.objects.get().next_poll_at == NOON


def test_static_files_come_from_us_and_change_their_address_with_their_content(nobody: Client) -> None:
    page = nobody.get("/login/").content.decode()
    style = re.search(r'href="(/static/licstats/licstats\.css\?v=\w{8})"', page)
    assert style is not None
    assert finders.find("plotly/plotly.min.js")
    assert finders.find("plotly/datasets/gapminder.csv.gz") is None
    assert finders.find("css/bootstrap.min.css")


def test_the_check_for_deployment_is_clean() -> None:
    with override_settings(
        SECURE_SSL_REDIRECT=True,
        SESSION_COOKIE_SECURE=True,
        CSRF_COOKIE_SECURE=True,
        SECURE_HSTS_SECONDS=31_536_000,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        SECURE_HSTS_PRELOAD=True,
    ):
        call_command("check", deploy=True, fail_level="WARNING", tags=["security"])


def test_ages_count_by_the_servers_clock(admin_page: Client) -> None:
    server = LicenseServerFactory(read_at=NOON, interval=timedelta(seconds=60))
    with time_machine.travel(NOON + timedelta(seconds=130), tick=False):
        page = admin_page.get("/servers/").content.decode()
    assert 'data-now="2026-03-16T12:02:10+00:00"' in page
    row = page[page.index(f'data-key="server-{server.pk}"') :]
    assert 'class="age-late"' in row
    assert "2 min ago" in row
    assert ">late<" in row
