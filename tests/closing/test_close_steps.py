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
from tests.factories import LicenseServerFactory, OpenSessionFactory, UserFactory

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


def test_closes_that_move_together_each_take_their_own_step() -> None:
    gone, refused, sent, asked = (close_request(state=CloseState.CHECKING) for _ in range(4))
    late = CloseRequest.objects.get(pk=asked.pk)
    record.move(asked, CloseState.REQUESTED, attempt=None)
    steps = [
        record.Step(gone, CloseState.ALREADY_GONE, "It had ended."),
        record.Step(refused, CloseState.REFUSED, "It is borrowed.", {"exit_status": 7}),
        record.Step(sent, CloseState.REMOVING, fields={"sent_at": clock.now(), "command": ["lmutil"]}),
        record.Step(late, CloseState.REMOVING, fields={"sent_at": clock.now()}),
    ]
    assert record.move_all(steps) == [gone, refused, sent]
    kept = {one.pk: one for one in CloseRequest.objects.all()}
    assert [kept[one.pk].state for one in (gone, refused, sent, late)] == [
        CloseState.ALREADY_GONE,
        CloseState.REFUSED,
        CloseState.REMOVING,
        CloseState.REQUESTED,
    ]
    assert (kept[refused.pk].exit_status, kept[sent.pk].command, kept[gone.pk].exit_status) == (7, ["lmutil"], None)
    assert [kept[gone.pk].ended_at is None, kept[sent.pk].ended_at is None] == [False, True]
    assert gone.events.get().message == "It had ended."
    assert not late.events.filter(step=CloseState.REMOVING).exists()


def test_closes_of_many_that_take_the_same_step_cost_a_fixed_number_of_queries(django_assert_num_queries) -> None:
    server = LicenseServerFactory()
    requests = [close_request(OpenSessionFactory(feature__server=server)) for _ in range(20)]
    attempt = {"attempt": uuid.uuid4()}
    with django_assert_num_queries(6):  # of which two are the transaction's
        moved = record.move_all([record.Step(one, CloseState.CHECKING, fields=attempt) for one in requests])
    assert len(moved) == 20
    assert CloseEvent.objects.count() == 20


def test_one_step_that_is_not_of_the_machine_keeps_all_from_moving() -> None:
    one, two = close_request(), close_request(state=CloseState.REMOVING)
    with pytest.raises(ValueError, match="does not go"):
        record.move_all([record.Step(one, CloseState.CHECKING), record.Step(two, CloseState.CHECKING)])
    one.refresh_from_db()
    assert one.state == CloseState.REQUESTED


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
