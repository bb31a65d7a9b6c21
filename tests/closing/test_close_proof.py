"""What a reading proves of a session that was removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from licstats.managers.reading import Problem, ProblemKind, Reading, SessionReading, Status, Verdict
from licstats.models import Feature
from sessions_app.closing.identity import Identity, seen_in
from sessions_app.closing.prove import Proof, look, notice, unseen_licenses
from sessions_app.models import CloseRequest, CloseState
from tests.closing.making import AT, close_request, reading_with
from tests.factories import FeatureFactory, OpenSessionFactory

ONE = SessionReading("ada", "ws1", display=":0", server_host="lic", port="27000", handle="101", checked_out_at=AT)
TWO = ONE._replace(user="ben", host="ws2", handle="102")
WANTED = Identity("vendord", "mesh", "ada", "ws1", ":0", "lic", "27000", "101", AT)


def proof(reading: Reading, gap: int | None = None) -> Proof:
    return look(reading, {one.identity for one in seen_in(reading)}, WANTED, gap)


def problem(kind: ProblemKind, vendor: str = "", feature: str = "") -> Problem:
    return Problem(kind, "something", vendor=vendor, feature=feature)


def test_a_session_that_is_listed_is_there() -> None:
    assert proof(reading_with(ONE, TWO)) is Proof.THERE


@pytest.mark.parametrize(
    "other",
    [
        {"user": "ben"},
        {"host": "ws2"},
        {"display": ":1"},
        {"handle": "103"},
        {"checked_out_at": AT + timedelta(minutes=1)},
        {"checked_out_at": None},
    ],
)
def test_a_handle_alone_does_not_make_it_the_same_session(other: dict[str, object]) -> None:
    assert proof(reading_with(ONE._replace(**other))) is Proof.GONE  # type: ignore[arg-type]


def test_a_whole_reading_without_it_proves_that_it_is_gone() -> None:
    assert proof(reading_with(TWO)) is Proof.GONE


def test_a_feature_that_is_not_listed_any_more_proves_nothing() -> None:
    assert proof(replace(reading_with(TWO), features=())) is Proof.UNKNOWN


@pytest.mark.parametrize("kind", [ProblemKind.CUT, ProblemKind.SERVER, ProblemKind.TOOL, ProblemKind.LINE])
def test_a_reading_that_may_hide_it_proves_nothing(kind: ProblemKind) -> None:
    reading = reading_with(TWO, verdict=Verdict.PARTIAL, problems=(problem(kind),))
    assert proof(reading) is Proof.UNKNOWN


def test_what_is_wrong_with_another_vendor_or_feature_does_not_matter() -> None:
    others = (problem(ProblemKind.DAEMON, "otherd"), problem(ProblemKind.LINE, "vendord", "solve"))
    assert proof(reading_with(TWO, verdict=Verdict.PARTIAL, problems=others)) is Proof.GONE
    own = (*others, problem(ProblemKind.DAEMON, "vendord"))
    assert proof(reading_with(TWO, verdict=Verdict.PARTIAL, problems=own)) is Proof.UNKNOWN


def test_neither_silence_nor_a_server_that_is_down_proves_anything() -> None:
    failed = Reading(Status.DOWN, Verdict.FAILED, AT)
    assert proof(failed) is Proof.UNKNOWN
    assert proof(replace(reading_with(TWO), status=Status.DOWN)) is Proof.UNKNOWN


def test_licenses_in_use_that_nobody_is_seen_to_hold_leave_it_open() -> None:
    reading = reading_with(TWO, used=3, adds_up=False)
    assert unseen_licenses(reading, WANTED) == 2
    assert proof(reading) is Proof.UNKNOWN
    assert proof(reading, gap=1) is Proof.UNKNOWN
    assert proof(reading, gap=2) is Proof.GONE
    assert proof(replace(reading, features=(replace(reading.features[0], used=None),)), gap=2) is Proof.UNKNOWN


@pytest.mark.django_db
class TestTakenAgain:
    def closed(self) -> tuple:
        feature = FeatureFactory(name="mesh")
        session = OpenSessionFactory(feature=feature, user="ada", host="ws1", checked_out_at=AT - timedelta(days=1))
        request = close_request(session, CloseState.CLOSED)
        session.delete()
        return feature, request

    def test_a_session_of_the_same_user_that_began_since_is_noticed_once(self) -> None:
        feature, request = self.closed()
        back_at = request.sent_at + timedelta(minutes=2)
        OpenSessionFactory(feature=feature, user="ada", host="ws1", checked_out_at=back_at, first_seen_at=back_at)
        assert [notice(feature.server, back_at), notice(feature.server, back_at)] == [1, 0]
        request.refresh_from_db()
        assert (request.state, request.taken_again_at) == (CloseState.TAKEN_AGAIN, back_at)
        assert "still running" in request.message

    def test_the_very_same_session_that_returns_is_noticed(self) -> None:
        feature, request = self.closed()
        OpenSessionFactory(
            feature=feature,
            user="ada",
            host="ws1",
            handle=request.handle,
            checked_out_at=request.checked_out_at,
            first_seen_at=request.sent_at + timedelta(minutes=1),
        )
        assert notice(feature.server, request.sent_at + timedelta(minutes=1)) == 1

    @pytest.mark.parametrize(
        "other",
        [{"user": "ben"}, {"host": "ws2"}, {"display": ":9"}, {"checked_out_at": AT - timedelta(hours=1)}],
    )
    def test_other_sessions_are_not_taken_for_it(self, other: dict[str, object]) -> None:
        feature, request = self.closed()
        seen = request.sent_at + timedelta(minutes=1)
        fields = {"user": "ada", "host": "ws1", "checked_out_at": seen, "first_seen_at": seen} | other
        OpenSessionFactory(feature=feature, **fields)
        assert notice(feature.server, seen) == 0

    def test_a_checkout_long_after_is_the_users_own(self) -> None:
        feature, request = self.closed()
        later = request.sent_at + timedelta(hours=2)
        OpenSessionFactory(feature=feature, user="ada", host="ws1", checked_out_at=later, first_seen_at=later)
        assert notice(feature.server, later) == 0

    def test_a_program_that_is_started_once_took_one_of_several_licenses_again(self) -> None:
        feature, first = self.closed()
        newest = self.closed_again(feature, first, minutes=1)
        seen = newest.sent_at + timedelta(minutes=1)
        again = {"feature": feature, "user": "ada", "host": "ws1", "checked_out_at": seen, "first_seen_at": seen}
        OpenSessionFactory(**again)
        assert [notice(feature.server, seen), notice(feature.server, seen)] == [1, 0]
        assert self.states(first, newest) == [CloseState.CLOSED, CloseState.TAKEN_AGAIN]
        OpenSessionFactory(**again)
        assert notice(feature.server, seen) == 1
        assert self.states(first, newest) == [CloseState.TAKEN_AGAIN, CloseState.TAKEN_AGAIN]

    def test_a_license_that_was_taken_between_two_closes_leaves_the_second_what_came_after_it(self) -> None:
        feature, first = self.closed()
        newest = self.closed_again(feature, first, minutes=10)
        for minutes in (5, 15):
            seen = first.sent_at + timedelta(minutes=minutes)
            OpenSessionFactory(feature=feature, user="ada", host="ws1", checked_out_at=seen, first_seen_at=seen)
        assert notice(feature.server, seen) == 2
        assert newest.taken_again_at is None
        newest.refresh_from_db()
        assert newest.taken_again_at == seen

    def closed_again(self, feature: Feature, first: CloseRequest, minutes: int) -> CloseRequest:
        """Another close of the same user's, sent so many minutes after the first."""
        session = OpenSessionFactory(feature=feature, user="ada", host="ws1", checked_out_at=AT - timedelta(days=1))
        request = close_request(session, CloseState.CLOSED, sent_at=first.sent_at + timedelta(minutes=minutes))
        session.delete()
        return request

    def states(self, *requests: CloseRequest) -> list[str]:
        for request in requests:
            request.refresh_from_db()
        return [request.state for request in requests]

    def test_a_poll_asks_one_query_where_nothing_was_closed(self, django_assert_num_queries) -> None:
        feature = FeatureFactory()
        with django_assert_num_queries(1):
            notice(feature.server, AT)
