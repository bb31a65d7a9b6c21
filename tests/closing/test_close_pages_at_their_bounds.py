"""The preview, the click and the progress: at their bounds, for htmx, and with what nobody's browser would send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from groups_app.models import HiddenFeature, HiddenServer
from licstats.models import LicenseServer
from sessions_app.closing.identity import Identity
from sessions_app.closing.preview import AT_ONCE, preview
from sessions_app.models import CloseEvent, CloseRequest, CloseState, OpenSession
from tests.closing.forms import confirm
from tests.closing.making import AT, close_request
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UserFactory

pytestmark = pytest.mark.django_db
PREVIEW, CLOSE, PROGRESS = "/close/preview/", "/close/", "/close/progress/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def web(login: User, client: Client) -> Client:
    client.force_login(login)
    return client


@pytest.fixture
def session(db: None) -> OpenSession:
    server = LicenseServerFactory(name="PL")
    made: OpenSession = OpenSessionFactory(feature=FeatureFactory(server=server, name="mesh"), user="ada", host="ws1")
    return made


def many(number: int) -> list[int]:
    return [one.pk for one in OpenSessionFactory.create_batch(number, feature=FeatureFactory())]


@pytest.mark.parametrize(("number", "fits"), [(AT_ONCE, True), (AT_ONCE + 1, False)])
def test_two_hundred_sessions_can_be_closed_at_once_and_not_one_more(web: Client, number: int, fits: bool) -> None:
    ids = many(number)
    for query in ({"session": ids}, {"scope": "all"}):
        shown = web.get(PREVIEW, query)
        assert (shown.status_code == 200) is fits
        assert (f"Close {number} sessions" in shown.content.decode()) is fits
    web.post(CLOSE, {"session": ids})
    assert CloseRequest.objects.count() == (number if fits else 0)


def test_two_hundred_sessions_that_go_together_can_be_closed_at_once(web: Client) -> None:
    feature = FeatureFactory()
    for second in range(AT_ONCE + 1):
        start = AT + timedelta(seconds=second)
        OpenSessionFactory(feature=feature, user="ada", host="ws1", handle="", checked_out_at=start)
    *chosen, other = OpenSession.objects.order_by("pk")
    preview = web.get(PREVIEW, {"session": [one.pk for one in chosen]})
    assert "1 more session would go with them" in preview.content.decode()

    assert confirm(web, preview).status_code == 302

    assert CloseRequest.objects.count() == AT_ONCE
    everything = {one.checked_out_at for one in (*chosen, other)}
    for request in CloseRequest.objects.all():
        shown = {request.checked_out_at, *(Identity.from_json(one).checked_out_at for one in request.also)}
        assert shown == everything


def test_a_click_without_a_session_shows_that_there_is_nothing(web: Client) -> None:
    assert "There is nothing to close" in web.post(CLOSE, {}).content.decode()


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "9" * 19, "9" * 5000, "\N{ARABIC-INDIC DIGIT ONE}", "1\0", ""])
def test_a_number_that_is_none_closes_nothing_and_breaks_nothing(
    web: Client, session: OpenSession, number: str
) -> None:
    assert web.get(PREVIEW, {"session": number}).status_code == 400
    assert web.post(CLOSE, {"session": number}).status_code == 200
    assert web.get(PROGRESS, {"request": number}).status_code == 404
    assert not CloseRequest.objects.exists()


def test_a_session_that_is_sent_twice_is_closed_once(web: Client, session: OpenSession) -> None:
    assert "Close 1 session " in web.get(PREVIEW, {"session": [session.pk] * 2}).content.decode()
    web.post(CLOSE, {"session": [session.pk] * 2})
    assert CloseRequest.objects.count() == 1
    assert not CloseEvent.objects.filter(step="turned_away").exists()


@pytest.mark.parametrize("query", [{"group_by": "user"}, {"at": "2026-03-16"}, {"colour": "red"}, {"used_min": "x"}])
def test_what_the_grid_does_not_show_as_sessions_of_now_is_not_closed(
    web: Client, session: OpenSession, query: dict[str, str]
) -> None:
    answer = web.get(PREVIEW, {"scope": "all"} | query)
    assert answer.status_code == 400
    assert b"these are none" in answer.content


class TestForHtmx:
    """The answers are the content of a dialog that is open, whatever they say."""

    def test_a_problem_is_shown_in_it(self, web: Client) -> None:
        answer = web.get(PREVIEW, {"session": "x"}, headers=HTMX)
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()
        assert "From one to 200 sessions" in answer.content.decode()

    def test_a_reason_that_cannot_be_kept_is_told_in_it(self, web: Client, session: OpenSession) -> None:
        answer = web.post(CLOSE, {"session": session.pk, "reason": "x" * 2000}, headers=HTMX)
        assert answer.status_code == 200
        assert "too long: 2000 characters" in answer.content.decode()
        assert not CloseRequest.objects.exists()

    def test_a_click_is_followed_by_how_far_it_is_and_by_what_was_refused(
        self, web: Client, session: OpenSession
    ) -> None:
        borrowed = OpenSessionFactory(feature=session.feature, user="bo", host="ws2", borrow_expires_at=AT)
        answer = web.post(CLOSE, {"session": [session.pk, borrowed.pk, 10**9]}, headers=HTMX)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "<html" not in text
        assert f"request={CloseRequest.objects.get().pk}" in text
        assert "bo on ws2: It is borrowed until 2026-03-16 12:00 UTC" in text
        assert "licstats no longer has this session" in text

    def test_a_login_without_the_permission_is_told_in_it(self, client: Client, session: OpenSession) -> None:
        client.force_login(UserFactory(username="mallory"))
        answer = client.post(CLOSE, {"session": session.pk}, headers=HTMX)
        assert (answer.status_code, "may not close sessions" in answer.content.decode()) == (200, True)
        assert not CloseRequest.objects.exists()


class TestWayBack:
    def back(self, web: Client, session: OpenSession, headers: dict[str, str], **query: Any) -> str:
        return str(web.get(PREVIEW, {"session": session.pk} | query, headers=headers).context["back"])

    @pytest.mark.parametrize("header", ["HX-Current-URL", "Referer"])
    def test_it_is_the_page_that_one_came_from(self, web: Client, session: OpenSession, header: str) -> None:
        address = "http://testserver/features/realtime/sessions/?user=ada"
        assert self.back(web, session, {header: address}) == address

    @pytest.mark.parametrize(
        "address",
        [
            "http://testserver/close/preview/?session=1",
            "//evil.example/",
            "https://evil.example/close",
            "javascript:alert(1)",
            "http:///evil.example",
            "\\\\evil.example",
            "",
        ],
    )
    def test_it_is_no_close_and_no_other_site(self, web: Client, session: OpenSession, address: str) -> None:
        assert self.back(web, session, {"Referer": address}) == "/"
        assert self.back(web, session, {}, back=address) == "/"

    def test_what_the_page_says_comes_before_what_the_browser_says(self, web: Client, session: OpenSession) -> None:
        headers = {"HX-Current-URL": "http://testserver/a/", "Referer": "http://testserver/b/"}
        assert self.back(web, session, headers, back="/users/") == "/users/"
        assert self.back(web, session, headers) == "http://testserver/a/"

    def test_after_a_refusal_it_is_taken(self, web: Client, session: OpenSession) -> None:
        session.delete()
        answer = web.post(CLOSE, {"session": session.pk or 1, "back": "/users/realtime/sessions/"})
        assert answer.url == "/users/realtime/sessions/"

    def test_how_far_it_is_leads_back_as_long_as_it_is_followed(self, web: Client, session: OpenSession) -> None:
        grid = "http://testserver/features/realtime/sessions/?user=ada"
        preview = web.get(PREVIEW, {"session": session.pk}, headers={"Referer": grid})
        page = web.get(confirm(web, preview).url)
        assert f'href="{grid}"' in page.content.decode()
        progress = "http://testserver/close/progress/"
        followed = web.get(page.context["address"], headers=HTMX | {"HX-Current-URL": progress, "Referer": progress})
        assert f'href="{grid}"' in followed.content.decode()
        assert followed.context["address"] == page.context["address"]

    def test_it_is_not_taken_for_a_filter_of_the_sessions(self, web: Client, session: OpenSession) -> None:
        shown = web.get(PREVIEW, {"scope": "all", "user": "ada", "back": "/users/"})
        assert shown.status_code == 200


class TestPreview:
    def test_what_goes_too_but_was_chosen_as_well_is_not_shown_twice(self, login: User, session: OpenSession) -> None:
        OpenSession.objects.update(handle="")
        other = OpenSessionFactory(
            feature=session.feature, user="ada", host="ws1", handle="", checked_out_at=AT.replace(hour=7)
        )
        shown = preview([session.pk, other.pk], login)
        assert [item.session.pk for item in shown.closable] == [session.pk, other.pk]
        assert shown.also == []
        assert [one.pk for one in preview([session.pk], login).also] == [other.pk]

    def test_what_goes_too_and_is_hidden_is_counted_and_not_named(self, login: User) -> None:
        server = LicenseServerFactory(manager="flexnet")
        parts = {"user": "ada", "host": "ws1", "handle": "101", "server_host": "lic", "port": "1"}
        mesh = OpenSessionFactory(feature=FeatureFactory(server=server, name="mesh", version="1"), **parts)
        OpenSessionFactory(feature=FeatureFactory(server=server, name="mesh", version="2"), **parts)
        assert len(preview([mesh.pk], login).also) == 1
        HiddenFeature.objects.create(user=login, server=server, name="mesh")
        shown = preview([mesh.pk], login)
        assert (shown.closable, shown.missing) == ([], 1)

    def test_what_stands_against_one_takes_nothing_else_along(self, login: User, session: OpenSession) -> None:
        OpenSession.objects.update(handle="")
        OpenSessionFactory(
            feature=session.feature, user="ada", host="ws1", handle="", checked_out_at=AT.replace(hour=7)
        )
        close_request(session, login_name="oskar")
        shown = preview([session.pk], login)
        assert (len(shown.blocked), shown.also, shown.licenses) == (1, [], 0)
        assert "asked by oskar" in shown.blocked[0].obstacle

    def test_the_permission_is_missed_before_anything_else(self, session: OpenSession) -> None:
        (item,) = preview([session.pk], UserFactory()).blocked
        assert "may not close sessions" in item.obstacle

    def test_ids_that_are_given_twice_or_gone_are_counted_as_what_they_are(
        self, login: User, session: OpenSession
    ) -> None:
        assert preview([session.pk, session.pk], login).missing == 0
        assert preview([session.pk, 10**9, 10**9], login).missing == 1
        assert preview([session.pk], login, kept=3).missing == 3

    def test_its_order_is_that_of_the_names(self, login: User) -> None:
        for server, feature, user in (("b", "x", "u"), ("a", "y", "u"), ("a", "x", "w"), ("a", "x", "v")):
            known = LicenseServer.objects.filter(name=server).first() or LicenseServerFactory(name=server)
            OpenSessionFactory(feature=FeatureFactory(server=known, name=feature, version=user), user=user)
        ids = OpenSession.objects.values_list("pk", flat=True)
        found = [
            (one.session.server.name, one.session.feature.name, one.session.user)
            for one in preview(ids, login).closable
        ]
        assert found == [("a", "x", "v"), ("a", "x", "w"), ("a", "y", "u"), ("b", "x", "u")]


def test_a_refusal_of_what_the_login_does_not_see_names_nobody(web: Client, login: User, session: OpenSession) -> None:
    HiddenServer.objects.create(user=login, server=session.server)
    text = web.post(CLOSE, {"session": session.pk}, headers=HTMX).content.decode()
    assert "There is no such session, or it is on a license server that your login does not see." in text
    assert "ada" not in text
    assert "ws1" not in text


def test_only_of_two_hundred_closes_the_progress_is_told(web: Client, login: User) -> None:
    feature = FeatureFactory()
    rows = [close_request(OpenSessionFactory(feature=feature), CloseState.CLOSED) for _ in range(3)]
    wanted = [10**9 + number for number in range(AT_ONCE - 1)]
    shown = web.get(PROGRESS, {"request": [*wanted, *(row.pk for row in rows)]})
    assert [row.pk for row in shown.context["rows"]] == [rows[0].pk]
