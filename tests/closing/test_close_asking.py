"""Asking for a close: what is written down before anybody acts, who is told, and who was quicker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client
from kombu.exceptions import OperationalError

from licstats.models import LicenseServer
from sessions_app.closing import ask
from sessions_app.closing.ask import REASON_LIMIT, CloseSession, close_all
from sessions_app.closing.check import CloseRefused
from sessions_app.models import CloseEvent, CloseRequest, CloseState, OpenSession
from tests.closing.making import AT, close_request
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
CLOSE = "/close/"
Committing = Callable[..., Any]


@pytest.fixture
def session() -> OpenSession:
    made: OpenSession = OpenSessionFactory(
        feature=FeatureFactory(name="mesh", server=LicenseServerFactory(name="PL", site="krakow")), user="ada"
    )
    return made


@pytest.fixture
def web(login: User, client: Client) -> Client:
    client.force_login(login)
    return client


def test_the_longest_reason_is_kept_whole_and_one_letter_more_is_told(web: Client, session: OpenSession) -> None:
    refused = web.post(CLOSE, {"session": session.pk, "reason": "x" * (REASON_LIMIT + 1)})
    assert f"{REASON_LIMIT + 1} characters, {REASON_LIMIT} at most" in refused.content.decode()
    web.post(CLOSE, {"session": session.pk, "reason": "y" * REASON_LIMIT})
    assert CloseRequest.objects.get().reason == "y" * REASON_LIMIT


@pytest.mark.parametrize(
    "reason", ["=1+1", "\N{RIGHT-TO-LEFT OVERRIDE}tfel", 'it\'s "over"\r\nreally', "<b>x</b>", "離席"]
)
def test_a_reason_is_kept_as_it_was_typed_whatever_letters_it_has(
    web: Client, session: OpenSession, reason: str
) -> None:
    web.post(CLOSE, {"session": session.pk, "reason": f"  {reason}\n"})
    assert CloseRequest.objects.get().reason == reason
    shown = web.get("/closed-sessions/").content.decode()
    assert "<b>x</b>" not in shown


def test_a_worker_of_the_site_is_told_once_it_is_committed(
    login: User, session: OpenSession, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Committing
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(ask.app, "send_task", lambda name, args, **options: sent.append((name, args, options["queue"])))
    with django_capture_on_commit_callbacks() as told:
        CloseSession(session, login).execute()
    assert sent == []
    for tell in told:
        tell()
    assert sent == [("sessions_app.tasks.close_sessions", [session.server_id], "closing.krakow")]


def test_who_works_it_off_itself_tells_no_worker(
    login: User, session: OpenSession, sent: list[str], django_capture_on_commit_callbacks: Committing
) -> None:
    other = OpenSessionFactory(feature=session.feature)
    with django_capture_on_commit_callbacks(execute=True):
        CloseSession(session, login, send=False).execute()
    assert sent == []
    with django_capture_on_commit_callbacks(execute=True):
        CloseSession(other, login).execute()
    assert sent == ["PL"]


def test_a_close_is_written_down_though_the_broker_does_not_answer(
    login: User,
    session: OpenSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Committing,
) -> None:
    def unreachable(*args: Any, **options: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(ask.app, "send_task", unreachable)
    with django_capture_on_commit_callbacks(execute=True):
        request = CloseSession(session, login).execute()
    assert request.state == CloseState.REQUESTED
    assert "close not sent" in caplog.text
    assert "the sweep sends it again" in caplog.text


def test_a_dry_run_of_the_installation_is_written_down_as_one(login: User, session: OpenSession, settings: Any) -> None:
    settings.LICSTATS_DRY_RUN = True
    assert CloseSession(session, login).execute().dry_run
    assert CloseEvent.objects.get().details == {"dry_run": True}


def test_a_license_server_that_was_switched_off_is_refused_at_the_click(
    login: User, session: OpenSession, web: Client
) -> None:
    LicenseServer.objects.update(enabled=False)
    shown = web.post(CLOSE, {"session": session.pk}, follow=True).content.decode()
    assert f"{session.user} on {session.host}: PL is switched off in licstats" in shown
    assert not CloseRequest.objects.exists()


def test_what_the_preview_showed_is_kept_with_the_request_and_no_more(web: Client, session: OpenSession) -> None:
    OpenSession.objects.filter(pk=session.pk).update(handle="", host="ws1")
    shown, unshown = (
        OpenSessionFactory(
            feature=session.feature, user="ada", host="ws1", handle="", checked_out_at=AT.replace(hour=hour)
        )
        for hour in (7, 8)
    )
    web.post(CLOSE, {"session": session.pk, "also": shown.pk})
    (also,) = CloseRequest.objects.get().also
    assert also["checked_out_at"] == shown.checked_out_at.isoformat()
    assert also["checked_out_at"] != unshown.checked_out_at.isoformat()


class TestSomebodyElseWasQuicker:
    """Between the look at what is under way and the writing."""

    def after_the_look(self, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
        write = ask._write
        happened: list[object] = []

        def late(closes: Sequence[CloseSession], known: ask.Known) -> list[CloseRequest]:
            if not happened:
                happened.append(meanwhile())
            return write(closes, known)

        monkeypatch.setattr(ask, "_write", late)

    def test_the_second_is_told_who_it_was(
        self, login: User, session: OpenSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.after_the_look(monkeypatch, lambda: close_request(session, login_name="oskar"))
        with pytest.raises(CloseRefused, match="being closed already: asked by oskar"):
            CloseSession(session, login).execute()
        assert CloseRequest.objects.get().login_name == "oskar"
        assert CloseEvent.objects.get(step="turned_away").details["session"] == session.pk

    def test_of_many_the_others_are_asked_all_the_same(
        self, login: User, session: OpenSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        others = OpenSessionFactory.create_batch(2, feature=session.feature)
        self.after_the_look(monkeypatch, lambda: close_request(session, login_name="oskar"))
        outcomes = close_all([CloseSession(one, login) for one in (others[0], session, others[1])])
        assert [isinstance(one, CloseRefused) for one in outcomes] == [False, True, False]
        assert [one.session_id for one in outcomes if isinstance(one, CloseRequest)] == [one.pk for one in others]

    def test_where_that_has_ended_already_it_is_said_too(
        self, login: User, session: OpenSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def taken(closes: Sequence[CloseSession], known: ask.Known) -> list[CloseRequest]:
            raise IntegrityError('violates unique constraint "one_close_under_way_for_a_session"')

        monkeypatch.setattr(ask, "_write", taken)
        with pytest.raises(CloseRefused, match="It was being closed by somebody else just now"):
            CloseSession(session, login).execute()

    def test_what_else_the_database_refuses_is_not_taken_for_it(
        self, login: User, session: OpenSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.after_the_look(monkeypatch, lambda: OpenSession.objects.all().delete())
        monkeypatch.setattr(ask, "_write", lambda closes, known: CloseRequest.objects.bulk_create([CloseRequest()]))
        with pytest.raises(IntegrityError):
            CloseSession(session, login).execute()
