"""Many sessions that are asked to be closed at once: each has its own answer, and few statements do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone as clock

from groups_app.models import HiddenServer
from licstats.models import LicenseServer
from sessions_app.closing.ask import CloseSession, close_all
from sessions_app.closing.check import CloseRefused
from sessions_app.models import CloseEvent, CloseRequest, CloseState, OpenSession
from tests.closing.making import close_request
from tests.factories import FeatureFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db


def closes_of(login: User, *sessions: OpenSession) -> list[CloseSession]:
    return [CloseSession(session, login, "left for the day") for session in sessions]


def test_each_has_its_own_answer_in_its_place(
    login: User, sent: list[str], django_capture_on_commit_callbacks: object
) -> None:
    feature = FeatureFactory()
    good, other = OpenSessionFactory.create_batch(2, feature=feature)
    borrowed = OpenSessionFactory(feature=feature, borrow_expires_at=clock.now() + timedelta(days=2))
    asked = OpenSessionFactory(feature=feature)
    close_request(asked)
    hidden = OpenSessionFactory()
    HiddenServer.objects.create(user=login, server=hidden.server)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        outcomes = close_all(closes_of(login, borrowed, good, asked, hidden, other))
    refusals = [str(one) if isinstance(one, CloseRefused) else "" for one in outcomes]
    words = ["borrowed until", "", "being closed already", "does not see", ""]
    assert all(word in refusal and bool(word) == bool(refusal) for word, refusal in zip(words, refusals, strict=True))
    requests = [one for one in outcomes if isinstance(one, CloseRequest)]
    assert [one.session_id for one in requests] == [good.pk, other.pk]
    assert [one.events.get().step for one in requests] == [CloseState.REQUESTED] * 2
    assert CloseEvent.objects.filter(step="turned_away").count() == 3
    assert sent == [feature.server.name]


def test_one_that_somebody_else_asked_for_just_now_keeps_no_other_from_being_closed(
    login: User, sent: list[str]
) -> None:
    first, second = OpenSessionFactory.create_batch(2, feature=FeatureFactory())
    closes = closes_of(login, first, second, first)
    outcomes = close_all(closes)
    assert [isinstance(one, CloseRequest) for one in outcomes] == [True, True, False]
    assert "being closed already" in str(outcomes[2])
    assert CloseRequest.objects.count() == 2


def test_fifty_cost_as_many_queries_as_five(
    login: User, sent: list[str], django_assert_max_num_queries: object
) -> None:
    feature = FeatureFactory()
    login.has_perm("sessions_app.close_session")
    for number in (5, 50):
        sessions = OpenSession.objects.filter(
            pk__in=[one.pk for one in OpenSessionFactory.create_batch(number, feature=feature)]
        ).select_related("feature", "server")
        closes = closes_of(login, *sessions)
        with django_assert_max_num_queries(10):  # type: ignore[operator]
            close_all(closes)
    assert CloseRequest.objects.count() == 55
    assert LicenseServer.objects.get().revision == 2
