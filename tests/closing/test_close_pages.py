"""Closing from a page: who may, what is shown before, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from groups_app.models import ForbiddenServer, HiddenServer
from groups_app.roles import ADMINISTRATOR, VIEWER
from licstats.models import LicenseServer
from sessions_app.closing.ask import REASON_LIMIT
from sessions_app.models import CloseEvent, CloseRequest, CloseState, OpenSession
from sessions_app.models.closing import UNDER_WAY
from tests.closing.forms import confirm
from tests.closing.making import AT, close_request, closer
from tests.factories import FeatureFactory, OpenSessionFactory, UserFactory

pytestmark = pytest.mark.django_db
PREVIEW, CLOSE, PROGRESS = "/close/preview/", "/close/", "/close/progress/"


@pytest.fixture
def session() -> OpenSession:
    feature = FeatureFactory(name="mesh")
    made: OpenSession = OpenSessionFactory(feature=feature, user="ada", host="ws1", used=2, checked_out_at=AT)
    return made


@pytest.fixture
def web(login: User, client: Client) -> Client:
    client.force_login(login)
    return client


def turned_away() -> list[CloseEvent]:
    return list(CloseEvent.objects.filter(step="turned_away"))


class TestWhoMay:
    def with_role(self, name: str) -> User:
        from django.contrib.auth.models import Group

        login: User = UserFactory(username=name)
        login.groups.add(Group.objects.get(name=name))
        return login

    def test_an_administrator_may_close_and_a_viewer_may_not(self, client: Client, session: OpenSession) -> None:
        client.force_login(self.with_role(ADMINISTRATOR))
        assert client.post(CLOSE, {"session": session.pk}).status_code == 302
        assert CloseRequest.objects.count() == 1
        client.force_login(self.with_role(VIEWER))
        assert client.get(PREVIEW, {"session": session.pk}).status_code == 403
        assert client.post(CLOSE, {"session": session.pk}).status_code == 403
        assert CloseRequest.objects.count() == 1
        assert [event.by for event in turned_away()] == ["viewer", "viewer"]

    def test_a_login_without_the_permission_is_refused_and_noted(self, client: Client, session: OpenSession) -> None:
        client.force_login(UserFactory(username="mallory"))
        answer = client.post(CLOSE, {"session": session.pk})
        assert answer.status_code == 403
        assert b"may not close sessions" in answer.content
        assert turned_away()[0].by == "mallory"
        assert not CloseRequest.objects.exists()

    def test_without_a_login_there_is_only_the_sign_in_page(self, client: Client, session: OpenSession) -> None:
        for answer in (client.get(PREVIEW, {"session": session.pk}), client.post(CLOSE, {"session": session.pk})):
            assert answer.status_code == 302
            assert answer.url.startswith("/login/")
        assert not CloseRequest.objects.exists()

    def test_a_server_forbidden_to_its_role_is_refused_and_noted(self, client: Client, session: OpenSession) -> None:
        from django.contrib.auth.models import Group

        login = self.with_role(ADMINISTRATOR)
        ForbiddenServer.objects.create(role=Group.objects.get(name=ADMINISTRATOR), server=session.server)
        client.force_login(login)
        shown = client.get(PREVIEW, {"session": session.pk}).content.decode()
        assert "There is nothing to close" in shown
        assert "ada" not in shown
        client.post(CLOSE, {"session": session.pk})
        assert not CloseRequest.objects.exists()
        assert "does not see" in turned_away()[0].message

    def test_a_server_that_it_hid_from_itself_is_refused(self, web: Client, login: User, session: OpenSession) -> None:
        HiddenServer.objects.create(user=login, server=session.server)
        answer = web.post(CLOSE, {"session": session.pk}, follow=True)
        assert not CloseRequest.objects.exists()
        assert "ada" not in answer.content.decode()

    def test_get_is_refused_and_noted(self, web: Client, session: OpenSession) -> None:
        assert web.get(CLOSE, {"session": session.pk}).status_code == 405
        assert "GET" in turned_away()[0].message
        assert not CloseRequest.objects.exists()

    def test_without_the_token_of_the_page_it_is_refused_and_noted(self, login: User, session: OpenSession) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(login)
        assert strict.post(CLOSE, {"session": session.pk}).status_code == 403
        assert not CloseRequest.objects.exists()
        assert (turned_away()[0].by, turned_away()[0].details["path"]) == ("nadia", CLOSE)

    def test_a_stranger_leaves_a_line_in_the_log_and_nothing_in_the_audit_trail(
        self, session: OpenSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert Client(enforce_csrf_checks=True).post(CLOSE, {"session": session.pk}).status_code == 403
        assert not CloseEvent.objects.exists()
        assert f"Forbidden (CSRF cookie not set.): {CLOSE}" in caplog.text

    def test_with_the_token_of_the_preview_it_is_done(self, login: User, session: OpenSession) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(login)
        confirm(strict, strict.get(PREVIEW, {"session": session.pk}))
        assert CloseRequest.objects.get().login_name == "nadia"


class TestPreview:
    def test_it_says_exactly_what_goes(self, web: Client, session: OpenSession) -> None:
        shown = web.get(PREVIEW, {"session": session.pk}).content.decode()
        for part in ("ada", "ws1", ":0.0", "mesh", "v1.0", session.server.name, "2026-03-16 12:00"):
            assert part in shown
        assert "Close 1 session and take back 2 licenses?" in shown
        assert "may take the license again" in shown

    def test_it_has_the_safe_choice_focused(self, web: Client, session: OpenSession) -> None:
        shown = web.get(PREVIEW, {"session": session.pk}).content.decode()
        focused = re.findall(r"<(\w+) [^>]*autofocus[^>]*>([^<]*)", shown)
        assert focused == [("a", "Keep it")]

    def test_for_htmx_it_is_the_content_of_a_dialog(self, web: Client, session: OpenSession) -> None:
        answer = web.get(PREVIEW, {"session": session.pk}, headers={"HX-Request": "true"})
        assert b"<html" not in answer.content
        assert "HX-Request" in answer["Vary"]

    def test_without_a_handle_it_lists_every_checkout_that_goes_too(self, web: Client) -> None:
        feature = FeatureFactory()
        first = OpenSessionFactory(feature=feature, user="ada", host="ws1", handle="")
        earlier = AT.replace(hour=7)
        second = OpenSessionFactory(feature=feature, user="ada", host="ws1", handle="", checked_out_at=earlier)
        OpenSessionFactory(feature=feature, user="ada", host="ws2", handle="")
        shown = web.get(PREVIEW, {"session": first.pk}).content.decode()
        assert "1 more session would go with it" in shown
        assert "2026-03-16 07:00" in shown
        assert f'name="also" value="{second.pk}"' in shown
        assert "ws2" not in shown

    def test_with_a_handle_nothing_else_goes(self, web: Client) -> None:
        feature = FeatureFactory()
        first = OpenSessionFactory(feature=feature, user="ada", host="ws1")
        OpenSessionFactory(feature=feature, user="ada", host="ws1")
        assert "would go with" not in web.get(PREVIEW, {"session": first.pk}).content.decode()

    def test_several_sessions_are_all_shown(self, web: Client) -> None:
        sessions = OpenSessionFactory.create_batch(4, feature=FeatureFactory())
        shown = web.get(PREVIEW, {"session": [one.pk for one in sessions]}).content.decode()
        assert "Close 4 sessions and take back 4 licenses?" in shown
        assert all(one.user in shown for one in sessions)

    def test_a_borrowed_session_is_named_and_left_out(self, web: Client, session: OpenSession) -> None:
        borrowed = OpenSessionFactory(feature=session.feature, user="bo", borrow_expires_at=AT)
        shown = web.get(PREVIEW, {"session": [session.pk, borrowed.pk]}).content.decode()
        assert "borrowed until 2026-03-16 12:00 UTC" in shown
        assert f'name="session" value="{session.pk}"' in shown
        assert f'name="session" value="{borrowed.pk}"' not in shown

    def test_a_session_that_is_being_closed_says_by_whom(self, web: Client, session: OpenSession) -> None:
        close_request(session, login_name="oskar")
        assert "asked by oskar" in web.get(PREVIEW, {"session": session.pk}).content.decode()

    @pytest.mark.parametrize("query", [{}, {"session": "x"}, {"session": list(range(1, 202))}])
    def test_no_choice_or_far_too_many_are_told(self, web: Client, query: dict[str, object]) -> None:
        answer = web.get(PREVIEW, query)
        assert answer.status_code == 400
        assert b"From one to 200 sessions can be closed at once" in answer.content

    def test_names_from_a_license_server_are_text_and_nothing_else(self, web: Client) -> None:
        session = OpenSessionFactory(user="<script>alert(1)</script>", host='"><img src=x>', display="{{ 7 }}")
        shown = web.get(PREVIEW, {"session": session.pk}).content.decode()
        assert "<script>alert" not in shown
        assert "<img" not in shown


class TestClick:
    def test_it_writes_the_request_with_all_that_was_shown(
        self, web: Client, login: User, session: OpenSession
    ) -> None:
        answer = web.post(CLOSE, {"session": session.pk, "reason": "left for the day"})
        request = CloseRequest.objects.get()
        assert (request.state, request.reason, request.login) == (CloseState.REQUESTED, "left for the day", login)
        assert (request.user, request.host, request.handle) == (session.user, session.host, session.handle)
        assert request.checked_out_at == session.checked_out_at
        assert answer.url.startswith(f"{PROGRESS}?request={request.pk}")
        assert b"left for the day" not in web.get(answer.url).content

    def test_two_clicks_are_one_close(self, web: Client, session: OpenSession) -> None:
        web.post(CLOSE, {"session": session.pk})
        answer = web.post(CLOSE, {"session": session.pk}, follow=True)
        assert CloseRequest.objects.count() == 1
        assert b"being closed already: asked by nadia" in answer.content

    def test_a_missing_reason_is_told_beside_its_field_where_it_is_required(
        self, web: Client, session: OpenSession, settings: object
    ) -> None:
        settings.LICSTATS_CLOSE_REASON_REQUIRED = True  # type: ignore[attr-defined]
        answer = web.post(CLOSE, {"session": session.pk, "reason": " - "})
        assert answer.status_code == 422
        assert b"Say why" in answer.content
        assert not CloseRequest.objects.exists()
        web.post(CLOSE, {"session": session.pk, "reason": "crashed"})
        assert CloseRequest.objects.exists()

    @pytest.mark.parametrize("reason", ["nul\0", "x" * 1001])
    def test_a_reason_that_cannot_be_kept_is_told(self, web: Client, session: OpenSession, reason: str) -> None:
        assert web.post(CLOSE, {"session": session.pk, "reason": reason}).status_code == 422
        assert not CloseRequest.objects.exists()

    def test_a_borrowed_session_is_refused_whatever_the_page_sent(self, web: Client, session: OpenSession) -> None:
        OpenSession.objects.update(borrow_expires_at=AT)
        web.post(CLOSE, {"session": session.pk})
        assert not CloseRequest.objects.exists()

    def test_a_dry_run_can_be_chosen(self, web: Client, session: OpenSession) -> None:
        web.post(CLOSE, {"session": session.pk, "dry_run": "1"})
        assert CloseRequest.objects.get().dry_run

    def test_a_dry_run_stays_one_when_its_reason_has_to_be_typed_anew(self, web: Client, session: OpenSession) -> None:
        preview = web.get(PREVIEW, {"session": session.pk})
        anew = confirm(web, preview, dry_run="1", reason="x" * (REASON_LIMIT + 1))
        confirm(web, anew, reason="left")
        assert CloseRequest.objects.get().dry_run

    def test_what_nobody_chose_as_a_dry_run_is_none(self, web: Client, session: OpenSession) -> None:
        anew = confirm(web, web.get(PREVIEW, {"session": session.pk}), reason="x" * (REASON_LIMIT + 1))
        confirm(web, anew, reason="left")
        assert not CloseRequest.objects.get().dry_run

    def test_a_forged_way_back_leads_nowhere_else(self, web: Client, session: OpenSession) -> None:
        shown = web.get(PREVIEW, {"session": session.pk, "back": "https://evil.example/"}).content.decode()
        assert "evil.example" not in shown


class TestProgress:
    def test_it_is_live_until_all_have_ended(self, web: Client, session: OpenSession) -> None:
        request = close_request(session)
        shown = web.get(PROGRESS, {"request": request.pk})
        assert b'data-live="1"' in shown.content
        version = f"{request.pk}:requested"
        assert web.get(PROGRESS, {"request": request.pk}, headers={"X-Version": version}).status_code == 204
        CloseRequest.objects.update(state=CloseState.REFUSED, ended_at=AT, message="Not an administrator.")
        shown = web.get(PROGRESS, {"request": request.pk}, headers={"X-Version": version})
        assert b"Not an administrator." in shown.content
        assert b"data-live=" not in shown.content

    @pytest.mark.parametrize(
        ("states", "said"),
        [
            (
                [CloseState.CLOSED, CloseState.REMOVING, CloseState.CLOSED, CloseState.ALREADY_GONE, CloseState.CLOSED],
                "Of 5: 3 closed, 1 under way, 1 already gone.",
            ),
            (UNDER_WAY, "Of 4: 4 under way."),
            ([CloseState.DRY_RUN] * 2, "Of 2: 2 were dry runs."),
            ([CloseState.REFUSED] * 2 + [CloseState.DRY_RUN], "Of 3: 2 refused, 1 was a dry run."),
            (
                [CloseState.FAILED, CloseState.TIMED_OUT, CloseState.TAKEN_AGAIN],
                "Of 3: 1 failed, 1 timed out, 1 taken again.",
            ),
            ([CloseState.DRY_RUN], ""),
        ],
    )
    def test_of_several_it_says_how_many_have_come_how_far(
        self, web: Client, states: Sequence[CloseState], said: str
    ) -> None:
        asked = [close_request(OpenSessionFactory(user=f"user{n}"), state) for n, state in enumerate(states)]
        page = web.get(PROGRESS, {"request": [one.pk for one in asked]}).content.decode()
        assert re.findall("Of [^<]*", page) == ([said] if said else [])

    def test_a_close_of_what_the_login_does_not_see_is_not_shown(self, client: Client, session: OpenSession) -> None:
        other = closer()
        HiddenServer.objects.create(user=other, server=session.server)
        client.force_login(other)
        assert client.get(PROGRESS, {"request": close_request(session).pk}).status_code == 404


def test_the_urls_have_their_names() -> None:
    assert [reverse(f"close-{name}") for name in ("preview", "sessions", "progress")] == [PREVIEW, CLOSE, PROGRESS]


def test_a_deleted_server_leaves_its_closes_readable(web: Client, login: User, session: OpenSession) -> None:
    request = close_request(session, CloseState.CLOSED, login=login)
    LicenseServer.objects.all().delete()
    assert b"ada" in web.get(PROGRESS, {"request": request.pk}).content
