"""The state machine of a close and its audit trail."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone as clock

from sessions_app.closing import record
from sessions_app.models import CloseEvent, CloseRequest, CloseState
from sessions_app.models.closing import FOLLOWS, UNDER_WAY
from tests.closing.making import close_request
from tests.factories import OpenSessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("before", "after"), list(itertools.product(CloseState, CloseState)))
def test_a_close_only_takes_the_steps_of_its_machine(before: CloseState, after: CloseState) -> None:
    request = close_request(state=before)
    extra = {"attempt": uuid.uuid4(), "sent_at": clock.now()} if after == CloseState.REMOVING else {}
    if after in FOLLOWS.get(before, ()):
        assert record.move(request, after, "because", **extra)
        request.refresh_from_db()
        assert request.state == after
        assert (request.ended_at is None) == (after in UNDER_WAY)
    else:
        with pytest.raises(ValueError, match="does not go"):
            record.move(request, after)
        request.refresh_from_db()
        assert request.state == before


def test_no_way_leads_from_a_removal_back_to_one() -> None:
    reached, edge = set(), {CloseState.REMOVING}
    while edge:
        edge = {after for before in edge for after in FOLLOWS.get(before, ())} - reached
        reached |= edge
    assert CloseState.REMOVING not in reached
    assert CloseState.CHECKING not in reached


def test_of_two_that_move_a_close_on_the_second_does_nothing() -> None:
    first = close_request()
    second = CloseRequest.objects.get(pk=first.pk)
    assert record.move(first, CloseState.CHECKING, attempt=uuid.uuid4())
    assert not record.move(second, CloseState.CHECKING, attempt=uuid.uuid4())
    assert first.events.count() == 1


def test_a_worker_of_an_earlier_attempt_cannot_remove_any_more() -> None:
    old = close_request(state=CloseState.CHECKING)
    new = CloseRequest.objects.get(pk=old.pk)
    assert record.move(new, CloseState.REQUESTED, attempt=None)
    assert record.move(new, CloseState.CHECKING, attempt=uuid.uuid4())
    assert not record.move(old, CloseState.REMOVING, sent_at=clock.now())


def test_each_step_is_an_entry_with_who_and_why_and_moves_the_server_on() -> None:
    request = close_request(state=CloseState.VERIFYING)
    server = request.server
    record.move(request, CloseState.CLOSED, "The license is back.")
    event = request.events.get()
    server.refresh_from_db()
    assert (event.step, event.message) == ("closed", "The license is back.")
    assert event.by.startswith("worker ")
    assert server.revision == 1


def test_the_audit_trail_cannot_be_changed_or_shortened() -> None:
    record.turned_away("mallory", "No permission.", session=7)
    event = CloseEvent.objects.get()
    event.message = "All well."
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        CloseEvent.objects.all().delete()
    assert CloseEvent.objects.get().message == "No permission."


@pytest.mark.parametrize(
    "change",
    [
        {"user": "somebody else"},
        {"reason": "another"},
        {"login_name": "another"},
        {"handle": "1"},
        {"state": CloseState.FAILED},
        {"answer": "another"},
        {"ended_at": clock.now() + timedelta(hours=1)},
    ],
)
def test_what_was_asked_and_how_it_ended_cannot_be_rewritten(change: dict[str, object]) -> None:
    request = close_request(state=CloseState.CLOSED)
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        CloseRequest.objects.filter(pk=request.pk).update(**change)
    with pytest.raises(DatabaseError, match="are kept"), transaction.atomic():
        request.delete()


def test_a_close_outlives_the_server_and_the_login_that_it_names() -> None:
    request = close_request(state=CloseState.CLOSED, login=UserFactory())
    request.login.delete()
    request.server.delete()
    kept = CloseRequest.objects.get()
    assert (kept.server, kept.feature, kept.login) == (None, None, None)
    assert (kept.server_name, kept.user) == (request.server_name, request.user)


def test_one_session_has_one_close_under_way_and_any_number_before() -> None:
    session = OpenSessionFactory()
    close_request(session, CloseState.REFUSED)
    close_request(session, CloseState.REMOVING)
    with pytest.raises(IntegrityError, match="one_close_under_way"), transaction.atomic():
        close_request(session)


def test_a_removal_without_its_attempt_is_not_even_stored() -> None:
    with pytest.raises(IntegrityError, match="known_before"), transaction.atomic():
        close_request(state=CloseState.REMOVING, attempt=None)
