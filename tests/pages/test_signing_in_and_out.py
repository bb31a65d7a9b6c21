from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from groups_app.logins import LoginBackend
from groups_app.models import LoginSession
from sessions_app import tasks
from tests.factories import NOON, UserFactory

WRONG = "wrong"
PASSWORD = "a long enough password"
OPEN = {"login", "healthz", "metrics"}  # the only pages that need no login


def attempt(client: Client, name: str = "vic", *, password: str = WRONG, address: str = "192.0.2.1"):
    return client.post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


def plain_pages() -> list[str]:
    """Every address of ours that has no argument."""
    names = []
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and entry.app_name != "admin":
            names += [pattern for pattern in entry.url_patterns if isinstance(pattern, URLPattern)]
        elif isinstance(entry, URLPattern):
            names.append(entry)
    return sorted({p.name for p in names if p.name and not p.pattern.converters and "(?P" not in str(p.pattern)})


def test_a_login_gets_where_it_wanted_to_go(nobody: Client, viewer: User) -> None:
    wanted = nobody.get("/servers/?state=down")
    assert wanted.status_code == 302
    page = nobody.get(wanted["Location"])
    assert b"Sign in" in page.content
    answer = nobody.post(wanted["Location"], {"username": "vic", "password": PASSWORD, "next": "/servers/?state=down"})
    assert answer["Location"] == "/servers/?state=down"
    assert nobody.get("/servers/").status_code == 200


def test_next_does_not_lead_to_another_host(nobody: Client, viewer: User) -> None:
    answer = nobody.post("/login/", {"username": "vic", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(nobody: Client, viewer: User) -> None:
    known = attempt(nobody).content.decode()
    unknown = attempt(nobody, "nobody-of-that-name").content.decode()
    assert "correct username and password" in known
    assert "correct username and password" in unknown


def test_the_fifth_failure_locks_and_the_page_says_until_when(nobody: Client, viewer: User) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [attempt(nobody) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    page = answers[-1].content.decode()
    assert "locked until 12:15" in page
    assert "axes_reset_username" in page


def test_the_right_password_does_not_open_a_lock_early_and_does_later(nobody: Client, viewer: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            attempt(nobody)
        clock.shift(timedelta(minutes=14))
        assert attempt(nobody, password=PASSWORD).status_code == 429
        clock.shift(timedelta(minutes=2))
        assert attempt(nobody, password=PASSWORD).status_code == 302


def test_attempts_during_a_lock_do_not_lengthen_it(nobody: Client, viewer: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            attempt(nobody)
        clock.shift(timedelta(minutes=10))
        assert "locked until 12:15" in attempt(nobody).content.decode()


def test_a_lock_holds_for_that_login_at_that_address_only(nobody: Client, viewer: User) -> None:
    UserFactory(username="wim")
    for _ in range(5):
        attempt(nobody)
    assert attempt(nobody, password=PASSWORD, address="192.0.2.9").status_code == 302
    assert attempt(Client(), "wim", password=PASSWORD).status_code == 302


def locked_out_by(forwarded: list[str], others: str) -> bool:
    """Whether wrong passwords that came with each of `forwarded` lock the login for `others`; by the same proxy."""

    def send(password: str, header: str) -> int:
        form = {"username": "vic", "password": password}
        return Client().post("/login/", form, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=header).status_code

    for header in forwarded:
        send(WRONG, header)
    return send(PASSWORD, others) == 429


@pytest.mark.parametrize("last", ["192.0.2.9", "2001:db8::9"])
def test_behind_a_proxy_of_ours_a_lock_holds_for_the_address_that_it_tells(
    viewer: User, settings: Any, last: str
) -> None:
    settings.LICSTATS_PROXY = True
    assert not locked_out_by([last] * 5, "192.0.2.1")
    assert locked_out_by([], f"203.0.113.5, {last}")


def test_behind_a_proxy_of_ours_what_was_told_before_it_opens_no_lock(viewer: User, settings: Any) -> None:
    settings.LICSTATS_PROXY = True
    assert locked_out_by([f"198.51.100.{number}, 192.0.2.9" for number in range(5)], "198.51.100.7, 192.0.2.9")


@pytest.mark.parametrize("told", ["", "unknown", "192.0.2.9, "])
def test_what_a_proxy_tells_that_is_no_address_counts_as_its_own(viewer: User, settings: Any, told: str) -> None:
    settings.LICSTATS_PROXY = True
    assert locked_out_by([told] * 5, "")


def test_without_a_proxy_of_ours_a_forged_address_opens_no_lock(viewer: User) -> None:
    assert locked_out_by([f"198.51.100.{number}" for number in range(5)], "198.51.100.7")


def test_the_name_in_a_lock_page_is_escaped(nobody: Client) -> None:
    for _ in range(5):
        answer = attempt(nobody, "<script>alert(1)</script>")
    assert b"<script>alert(1)" not in answer.content
    assert b"&lt;script&gt;alert(1)" in answer.content


def test_signing_out_needs_a_post_and_ends_it(viewer_page: Client) -> None:
    assert viewer_page.get("/logout/").status_code == 405
    assert viewer_page.post("/logout/").status_code == 302
    assert viewer_page.get("/servers/").status_code == 302


@pytest.mark.parametrize("name", plain_pages())
def test_every_page_needs_a_login(name: str, nobody: Client) -> None:
    if name in OPEN:
        return
    answer = nobody.get(reverse(name))
    assert answer.status_code in (302, 405)
    if answer.status_code == 302:
        assert answer["Location"].startswith("/login/")


def test_there_are_pages_to_sweep() -> None:
    assert {"servers", "search", "login", "password_change"} <= set(plain_pages())


def test_a_login_is_signed_out_where_its_session_ended(viewer_page: Client) -> None:
    assert viewer_page.get("/servers/").status_code == 200
    LoginSession.objects.update(expire_date=timezone.now())
    assert viewer_page.get("/servers/").status_code == 302


def test_sessions_that_ended_are_removed_and_nobody_else_is_signed_out(viewer_page: Client, admin_page: Client) -> None:
    LoginSession.objects.filter(session_key=viewer_page.session.session_key).update(expire_date=timezone.now())
    tasks.clear_login_sessions()
    assert [session.session_key for session in LoginSession.objects.all()] == [admin_page.session.session_key]
    assert admin_page.get("/servers/").status_code == 200


def test_a_session_that_was_written_by_another_secret_opens_nothing(viewer_page: Client) -> None:
    LoginSession.objects.update(session_data="made:up:data")
    assert viewer_page.get("/servers/").status_code == 302


def test_a_login_that_was_switched_off_or_removed_is_signed_out(viewer_page: Client, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert viewer_page.get("/servers/").status_code == 302
    User.objects.filter(pk=viewer.pk).delete()
    assert viewer_page.get("/servers/").status_code == 302


def test_a_page_of_another_login_is_loaded_anew_and_told_nothing(viewer_page: Client, viewer: User) -> None:
    asks = {"HX-Request": "true", "X-Login": str(viewer.pk)}
    assert "HX-Refresh" not in viewer_page.get("/servers/", headers=asks).headers

    answer = viewer_page.get("/servers/", headers=asks | {"X-Login": str(viewer.pk + 1)})
    assert (answer.headers["HX-Refresh"], answer.content) == ("true", b"")


def test_logins_in_two_browsers_are_told_apart(viewer_page: Client, admin_page: Client) -> None:
    for _ in range(2):
        assert b">vic<" in viewer_page.get("/servers/").content
        assert b">ada<" in admin_page.get("/servers/").content


def test_a_session_from_before_sessions_said_whose_they_are_stays_signed_in(viewer_page: Client) -> None:
    LoginSession.objects.update(login=None)
    assert b">vic<" in viewer_page.get("/servers/").content


def test_whose_a_session_is_its_signed_data_say_not_its_row(viewer_page: Client, administrator: User) -> None:
    LoginSession.objects.update(login=administrator.pk)
    page = viewer_page.get("/servers/").content
    assert b">vic<" in page
    assert b">ada<" not in page


def test_a_session_says_whose_it_is_from_signing_in_to_signing_out(nobody: Client, viewer: User) -> None:
    assert attempt(nobody, password=PASSWORD).status_code == 302
    assert [session.login for session in LoginSession.objects.all()] == [viewer.pk]
    assert nobody.post("/logout/").status_code == 302
    assert not LoginSession.objects.exists()


def test_a_login_and_its_session_are_one_question(viewer_page: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        viewer_page.get("/password/")
    assert [query["sql"] for query in asked if "auth_user u" in query["sql"] or "loginsession" in query["sql"]] == [
        asked[0]["sql"]
    ]


def test_what_a_session_brought_along_answers_for_its_request_alone(viewer_page: Client, viewer: User) -> None:
    viewer_page.get("/servers/")
    User.objects.filter(pk=viewer.pk).update(first_name="Victoria")
    login = LoginBackend().get_user(viewer.pk)
    assert login is not None
    assert login.first_name == "Victoria"


def test_administration_has_no_sign_in_of_its_own(nobody: Client, viewer_page: Client) -> None:
    answer = nobody.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login/?next=/admin/"
    refused = viewer_page.get("/admin/", follow=True)
    assert refused.status_code == 403
    assert b"Administration is for administrators" in refused.content


def test_a_password_is_changed_and_a_weak_one_refused(viewer_page: Client, viewer: User) -> None:
    def change(new: str):
        form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        return viewer_page.post("/password/", form)

    assert b"too short" in change("short").content
    assert change("quite another password 7").status_code == 302
    viewer.refresh_from_db()
    assert viewer.check_password("quite another password 7")
    assert viewer_page.get("/servers/").status_code == 200
