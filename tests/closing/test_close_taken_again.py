"""Which session is the return of one that was closed: by the clocks of both, and by what each reading knew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone as clock
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from licstats.managers.reading import SessionReading
from licstats.models import Feature, LicenseServer
from sessions_app.closing.identity import Identity, seen_in
from sessions_app.closing.prove import TAKEN_AGAIN_WITHIN, Proof, look, notice
from sessions_app.models import CloseRequest, CloseState, OpenSession
from tests.closing.making import AT, close_request, reading_with
from tests.factories import FeatureFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
SENT = datetime(2026, 3, 16, 12, 0, 30, tzinfo=AT.tzinfo)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def feature(db: None) -> Feature:
    made: Feature = FeatureFactory(name="mesh")
    return made


def closed(feature: Feature, sent: datetime = SENT) -> CloseRequest:
    """The close of a session of ada's, whose removal was sent then."""
    session = OpenSessionFactory(feature=feature, user="ada", host="ws1", checked_out_at=AT - timedelta(days=1))
    request = close_request(session, CloseState.CLOSED, sent_at=sent, moved_at=sent, ended_at=sent)
    session.delete()
    return request


def back(feature: Feature, seen: datetime, start: datetime | None, **fields: Any) -> OpenSession:
    """A session of ada's that was seen first at `seen`."""
    made: OpenSession = OpenSessionFactory(
        feature=feature, user="ada", host="ws1", checked_out_at=start, first_seen_at=seen, **fields
    )
    return made


def server_whose_clock_is(feature: Feature, ahead: timedelta) -> LicenseServer:
    feature.server.clock_offset = ahead
    feature.server.save()
    return feature.server


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(ahead=st.integers(-600, 600), begun=st.integers(-300, 300))
def test_a_start_is_compared_by_the_clock_of_the_license_server_which_shows_whole_minutes(
    db: None, ahead: int, begun: int
) -> None:
    feature = FeatureFactory(name="mesh")
    offset, truth = timedelta(seconds=ahead), SENT + timedelta(seconds=begun)
    request = closed(feature)
    shown = (truth + offset).replace(second=0)
    back(feature, SENT + 6 * MINUTE, shown)

    found = notice(server_whose_clock_is(feature, offset), SENT + 6 * MINUTE)

    same_minute = shown == (SENT + offset).replace(second=0)
    assert found == (begun >= 0 or same_minute), "the minute in which it was sent may be before or after"
    request.refresh_from_db()
    assert (request.state == CloseState.TAKEN_AGAIN) is bool(found)


def test_a_start_that_is_not_known_is_told_by_when_it_was_seen_first(feature: Feature) -> None:
    request = closed(feature)
    back(feature, SENT + MINUTE, None)
    assert notice(feature.server, SENT + MINUTE) == 1
    request.refresh_from_db()
    assert request.taken_again_at == SENT + MINUTE


def test_what_was_seen_before_a_removal_is_no_return_after_it(feature: Feature) -> None:
    first, second = closed(feature), closed(feature, SENT + 10 * MINUTE)
    back(feature, SENT + 5 * MINUTE, None)
    assert notice(feature.server, SENT + 11 * MINUTE) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (CloseState.TAKEN_AGAIN, CloseState.CLOSED)


def test_of_several_since_it_is_the_first_that_took_it_again(feature: Feature) -> None:
    request = closed(feature)
    for minutes in (7, 2, 5):
        back(feature, SENT + minutes * MINUTE, SENT + minutes * MINUTE)
    assert notice(feature.server, SENT + 7 * MINUTE) == 1
    request.refresh_from_db()
    assert request.taken_again_at == SENT + 2 * MINUTE


def test_a_session_that_is_not_confirmed_any_more_has_taken_nothing_again(feature: Feature) -> None:
    request = closed(feature)
    back(feature, SENT + MINUTE, SENT + MINUTE, last_seen_at=SENT + 2 * MINUTE)
    assert notice(feature.server, SENT + 3 * MINUTE) == 0
    request.refresh_from_db()
    assert request.state == CloseState.CLOSED


def test_of_another_license_server_nothing_is_noticed(feature: Feature) -> None:
    request = closed(feature)
    other = FeatureFactory(name="mesh")
    back(other, SENT + MINUTE, SENT + MINUTE)
    assert notice(other.server, SENT + MINUTE) == 0
    assert notice(feature.server, SENT + MINUTE) == 0
    request.refresh_from_db()
    assert request.state == CloseState.CLOSED


@pytest.mark.parametrize(("after", "noticed"), [(TAKEN_AGAIN_WITHIN, 1), (TAKEN_AGAIN_WITHIN + MINUTE, 0)])
def test_within_an_hour_it_is_the_program_and_later_the_user(feature: Feature, after: timedelta, noticed: int) -> None:
    closed(feature)
    back(feature, SENT + after, SENT + after)
    assert notice(feature.server, SENT + after) == noticed


def test_a_return_says_who_and_where_and_is_written_into_the_trail(feature: Feature) -> None:
    request = closed(feature)
    back(feature, SENT + MINUTE, clock.now())
    notice(feature.server, SENT + MINUTE)
    event = request.events.get()
    assert event.step == CloseState.TAKEN_AGAIN
    assert "ada on ws1 has taken one again" in event.message
    assert "Ask the user to end it" in event.message


class TestTwoVersionsOfOneName:
    """A session's version does not tell under which of two headings it would be listed."""

    ONE = SessionReading("ada", "ws1", display=":0", server_host="lic", port="27000", handle="101", checked_out_at=AT)
    WANTED = Identity("vendord", "mesh", "ada", "ws1", ":0", "lic", "27000", "101", AT)

    def proof(self, unseen: tuple[int, int], gap: int | None = None) -> Proof:
        """Of a whole reading in which so many licenses of either are in use unseen."""
        other = self.ONE._replace(user="ben", handle="102")
        reading = reading_with(other)
        features = [
            replace(reading.features[0], version=version, used=1 + hidden, adds_up=not hidden)
            for version, hidden in zip(("1.0", "2.0"), unseen, strict=True)
        ]
        reading = replace(reading, features=tuple(features))
        return look(reading, {one.identity for one in seen_in(reading)}, self.WANTED, gap)

    def test_it_is_gone_where_both_add_up(self) -> None:
        assert self.proof((0, 0)) is Proof.GONE

    @pytest.mark.parametrize("unseen", [(0, 1), (1, 0)])
    def test_it_is_not_told_where_either_may_hide_it(self, unseen: tuple[int, int]) -> None:
        assert self.proof(unseen) is Proof.UNKNOWN
        assert self.proof(unseen, gap=0) is Proof.UNKNOWN

    def test_what_both_hide_is_added_up_and_compared_with_before(self) -> None:
        assert self.proof((1, 2), gap=2) is Proof.UNKNOWN
        assert self.proof((1, 2), gap=3) is Proof.GONE
