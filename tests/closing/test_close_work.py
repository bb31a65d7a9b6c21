"""A close from its request to its end, through a tool that is really run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from licstats.managers.reading import Problem, ProblemKind, Reading, Status, Verdict
from licstats.models import LicenseServer
from sessions_app.closing import work
from sessions_app.closing.ask import CloseSession
from sessions_app.closing.identity import Identity
from sessions_app.closing.work import Glance, close_on
from sessions_app.models import ClosedSession, CloseRequest, CloseState, OpenSession
from sessions_app.polling.poll import PollServer
from tests.closing.farm import START, Farm, ended, polled

pytestmark = pytest.mark.django_db


def close(session: OpenSession, login: User, **options: object) -> CloseRequest:
    request = CloseSession(session, login, "left for the day", **options).execute()  # type: ignore[arg-type]
    close_on(session.server_id)
    return ended(request)


def test_a_session_is_removed_by_its_handle_and_leaves_the_grid(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    farm.check_out("ben", "ws2", "102")
    session = polled(server)
    request = close(session, login)
    assert request.state == CloseState.CLOSED
    assert farm.users == ["ben"]
    assert farm.removals == [["lmremove", "-c", "27000@lic", "-h", "mesh", "lic", "27000", "101"]]
    assert [one.user for one in OpenSession.objects.all()] == ["ben"]
    assert ClosedSession.objects.get().id == session.pk
    steps = [event.step for event in request.events.all()]
    assert steps == ["requested", "checking", "removing", "verifying", "closed"]
    assert request.command[1:] == farm.removals[0]
    assert "back in the pool" in request.message
    assert "Flexera" in request.answer


def test_a_handle_that_was_given_to_somebody_else_is_left_alone(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    session = polled(server)
    farm.return_all()
    farm.check_out("ben", "ws2")  # with the same handle
    request = close(session, login)
    assert request.state == CloseState.ALREADY_GONE
    assert "belongs to ben on ws2" in request.message
    assert farm.users == ["ben"]
    assert farm.removals == []
    assert not OpenSession.objects.filter(user="ada").exists()


@pytest.mark.parametrize("changed", [{"display": ":1"}, {"start": (START + timedelta(minutes=1)).isoformat()}])
def test_a_session_that_differs_in_its_display_or_start_is_another(
    farm: Farm, server: LicenseServer, login: User, changed: dict[str, str]
) -> None:
    farm.check_out("ada")
    session = polled(server, display=":0")
    farm.return_all()
    farm.check_out("ada", **changed)
    assert close(session, login).state == CloseState.ALREADY_GONE
    assert farm.removals == []


REFUSALS = [
    ("You are not a license administrator. (-63,294)", 193, "administrator"),
    ("lmremove request before the minimum lmremove interval. (-64,300)", 192, "interval"),
    ("Cannot remove a linger license. (-100,362)", 156, "linger"),
    ("License server doesn't support this request. (-85,294)", 171, "allowLicenseReclaim"),
]


@pytest.mark.parametrize(("text", "status", "word"), REFUSALS)
def test_a_refusal_is_a_sentence_and_leaves_the_session(
    farm: Farm, server: LicenseServer, login: User, text: str, status: int, word: str
) -> None:
    farm.check_out("ada")
    farm.set(answer=[text, status])
    request = close(polled(server), login)
    assert request.state == CloseState.REFUSED
    assert word in request.message
    assert text in request.answer
    assert request.exit_status == status
    assert OpenSession.objects.filter(user="ada").exists()
    assert len(farm.removals) == 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("License server does not support this feature. (-18,327)", 238),
        ("Feature was never checked out. (-41,147)", 215),
        ("No such feature exists. (-5,222)", 251),
        ("Cannot connect to license server system. (-15,570)", 241),
        ("License server machine is down or not responding. (-96,491)", 160),
        ("usage:  lmremove [-c license_file_list] feature user user_host display", 1),
    ],
)
def test_an_answer_that_the_next_query_contradicts_is_a_failure(
    farm: Farm, server: LicenseServer, login: User, monkeypatch: pytest.MonkeyPatch, text: str, status: int
) -> None:
    monkeypatch.setattr(work, "PROOF_AFTER_FAILURE", timedelta(seconds=0.5))
    farm.check_out("ada")
    farm.set(answer=[text, status])
    request = close(polled(server), login)
    assert request.state == CloseState.FAILED
    assert "still there" in request.message
    assert text in request.answer
    assert len(farm.removals) == 1


def test_silence_of_the_tool_is_no_proof(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    farm.set(answer=["", 0])
    request = close(polled(server), login)
    assert request.state == CloseState.TIMED_OUT
    assert "without a word" in request.message
    assert len(farm.removals) == 1


def test_a_connection_that_is_lost_after_the_removal_still_ends_closed(
    farm: Farm, server: LicenseServer, login: User, settings: object
) -> None:
    farm.check_out("ada")
    session = polled(server)
    server.timeout = timedelta(seconds=1)
    server.save()
    farm.gate("after-lmremove")
    request = close(session, login)
    assert request.state == CloseState.CLOSED
    assert "time-out" in request.answer


def test_a_license_server_that_cannot_be_asked_first_is_not_told_to_remove(
    farm: Farm, server: LicenseServer, login: User
) -> None:
    farm.check_out("ada")
    session = polled(server)
    farm.tool.unlink()
    request = close(session, login)
    assert request.state == CloseState.FAILED
    assert "nothing was removed" in request.message
    assert "LICSTATS_LMUTIL" in request.message


def test_a_session_that_became_borrowed_is_refused(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    session = polled(server)
    farm.return_all()
    farm.check_out("ada", tail=" (linger: 86400 / 172800)")
    request = close(session, login)
    assert request.state == CloseState.REFUSED
    assert "borrowed now" in request.message
    assert farm.removals == []


def test_a_dry_run_does_all_but_the_removal(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    request = close(polled(server), login, dry_run=True)
    assert request.state == CloseState.DRY_RUN
    assert request.command[1:] == ["lmremove", "-c", "27000@lic", "-h", "mesh", "lic", "27000", "101"]
    assert farm.removals == []
    assert farm.users == ["ada"]


def test_a_dry_run_of_the_installation_holds_for_every_close(
    farm: Farm, server: LicenseServer, login: User, settings: object
) -> None:
    farm.check_out("ada")
    settings.LICSTATS_DRY_RUN = True  # type: ignore[attr-defined]
    assert close(polled(server), login).state == CloseState.DRY_RUN
    assert farm.users == ["ada"]


class TestWithoutHandle:
    def test_what_the_preview_showed_goes_by_one_command(self, farm: Farm, server: LicenseServer, login: User) -> None:
        farm.check_out("ada", handle="")
        farm.check_out("ada", handle="", start=(START + timedelta(hours=1)).isoformat())
        PollServer(server).execute()
        sessions = list(OpenSession.objects.select_related("feature", "server"))
        requests = [CloseSession(session, login).execute() for session in sessions]
        close_on(server.pk)
        assert {ended(request).state for request in requests} == {CloseState.CLOSED}
        assert farm.removals == [["lmremove", "-c", "27000@lic", "mesh", "ada", "ws1", ":0"]]

    def test_what_the_preview_did_not_show_keeps_it_from_going(
        self, farm: Farm, server: LicenseServer, login: User
    ) -> None:
        farm.check_out("ada", handle="")
        session = polled(server)
        farm.check_out("ada", handle="", start=(START + timedelta(hours=1)).isoformat())
        request = close(session, login)
        assert request.state == CloseState.REFUSED
        assert "Something more would go" in request.message
        assert farm.removals == []


def test_many_closes_of_a_server_share_two_queries(farm: Farm, server: LicenseServer, login: User) -> None:
    for number in range(5):
        farm.check_out(f"user{number}", f"ws{number}", str(100 + number))
    PollServer(server).execute()
    before = len(farm.calls)
    sessions = OpenSession.objects.select_related("feature", "server")
    requests = [CloseSession(session, login).execute() for session in sessions]
    close_on(server.pk)
    assert {ended(request).state for request in requests} == {CloseState.CLOSED}
    commands = [call["argv"][0] for call in farm.calls[before:]]
    assert commands.count("lmremove") == 5
    assert commands.count("lmstat") <= 3  # before, after, and the poll that tells the grids


def test_a_reading_that_has_grown_old_is_made_anew_before_the_next_removal(
    farm: Farm, server: LicenseServer, login: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.check_out("ada")
    farm.check_out("ben", "ws2", "102")
    PollServer(server).execute()
    monkeypatch.setattr(work, "FRESH", 0.0)
    monkeypatch.setattr(work, "AT_ONCE", 1)
    before = len(farm.calls)
    requests = [
        CloseSession(session, login).execute() for session in OpenSession.objects.select_related("feature", "server")
    ]
    close_on(server.pk)
    assert {ended(request).state for request in requests} == {CloseState.CLOSED}
    commands = [call["argv"][0] for call in farm.calls[before:]]
    first, second = (place for place, name in enumerate(commands) if name == "lmremove")
    assert "lmstat" in commands[first:second]


def test_a_license_that_is_taken_again_at_once_is_told(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    request = close(polled(server), login)
    farm.check_out("ada", handle="107", start=datetime.now(UTC).isoformat())
    PollServer(server).execute()
    request.refresh_from_db()
    assert request.state == CloseState.TAKEN_AGAIN
    assert request.taken_again_at is not None
    assert len(farm.removals) == 1


def test_a_feature_that_never_adds_up_can_still_be_proved(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.set(unseen={"mesh": 2})
    farm.check_out("ada")
    assert close(polled(server), login).state == CloseState.CLOSED


class TestSince:
    """What changed between the click and the worker."""

    def test_a_login_that_lost_its_permission_closes_nothing(
        self, farm: Farm, server: LicenseServer, login: User
    ) -> None:
        farm.check_out("ada")
        request = CloseSession(polled(server), login).execute()
        login.user_permissions.clear()
        close_on(server.pk)
        assert ended(request).state == CloseState.REFUSED
        assert "permission" in request.message
        assert farm.removals == []

    def test_a_login_that_was_switched_off_closes_nothing(self, farm: Farm, server: LicenseServer, login: User) -> None:
        farm.check_out("ada")
        request = CloseSession(polled(server), login).execute()
        User.objects.filter(pk=login.pk).update(is_active=False)
        close_on(server.pk)
        assert ended(request).state == CloseState.REFUSED

    def test_a_login_that_was_deleted_closes_nothing(self, farm: Farm, server: LicenseServer, login: User) -> None:
        farm.check_out("ada")
        request = CloseSession(polled(server), login).execute()
        login.delete()
        close_on(server.pk)
        assert ended(request).state == CloseState.REFUSED
        assert "nadia was deleted" in request.message
        assert farm.removals == []

    def test_a_server_that_was_switched_off_is_not_asked(self, farm: Farm, server: LicenseServer, login: User) -> None:
        farm.check_out("ada")
        request = CloseSession(polled(server), login).execute()
        LicenseServer.objects.update(enabled=False)
        close_on(server.pk)
        assert ended(request).state == CloseState.REFUSED
        assert farm.removals == []


def test_the_identity_survives_being_stored_with_a_request(server: LicenseServer) -> None:
    identity = Identity("vendord", "mesh", "ada", "ws1", ":0", "lic", "27000", "101", START)
    assert Identity.from_json(identity.as_json()) == identity
    unknown = Identity("vendord", "mesh", "ada", "ws1", "", "", "", "", None)
    assert Identity.from_json(unknown.as_json()) == unknown


def test_a_reason_why_nothing_came_names_no_feature() -> None:
    problems = (
        Problem(ProblemKind.SERVER, "The license server did not answer."),
        Problem(ProblemKind.FEATURE, "No figures of secret-solver.", feature="secret-solver"),
    )
    failed = Reading(Status.DOWN, Verdict.FAILED, timezone.now(), problems=problems)

    assert Glance.of(failed).failure == "The license server did not answer."
    assert Glance.of(replace(failed, problems=problems[1:])).failure == "it did not answer"
