"""Nothing hangs for ever: lost messages are sent again, overdue closes end and say where they stood."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone as clock

from licstats.models import LicenseServer
from sessions_app.closing import sweep
from sessions_app.locks import Lock
from sessions_app.models import CloseRequest, CloseState
from tests.closing.making import close_request
from tests.factories import LicenseServerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_worker() -> Iterator[psycopg.Connection]:
    """Another process's connection to the same database."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        yield other


def old_request(state: str, seconds: float) -> CloseRequest:
    """Asked for that long ago, and sent just then where it was sent."""
    then = clock.now() - timedelta(seconds=seconds)
    sent = {"sent_at": then} if state in (CloseState.REMOVING, CloseState.VERIFYING) else {}
    return close_request(state=state, requested_at=then, moved_at=then, **sent)


@pytest.mark.parametrize(
    "state", [CloseState.REQUESTED, CloseState.CHECKING, CloseState.REMOVING, CloseState.VERIFYING]
)
def test_what_nobody_works_on_is_sent_again(sent: list[str], state: CloseState) -> None:
    close_request(state=state)
    sweep.sweep()
    assert sent == []
    request = old_request(state, 6)
    sweep.sweep()
    assert sent == [request.server_name]
    request.refresh_from_db()
    assert request.state == state


def test_what_somebody_works_on_is_left_to_him(sent: list[str], other_worker: psycopg.Connection) -> None:
    request = old_request(CloseState.REMOVING, 800)
    other_worker.execute("SELECT pg_advisory_lock(%s, %s)", [Lock.CLOSING.value, request.server_id])
    assert Lock.CLOSING.held_servers() == {request.server_id}
    sweep.sweep()
    request.refresh_from_db()
    assert (sent, request.state) == ([], CloseState.REMOVING)
    CloseRequest.objects.filter(pk=request.pk).update(sent_at=clock.now() - timedelta(minutes=16))
    sweep.sweep()
    request.refresh_from_db()
    assert request.state == CloseState.TIMED_OUT


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CloseState.REQUESTED, "No worker of site 'krakow' took it"),
        (CloseState.CHECKING, "Nothing was removed"),
        (CloseState.REMOVING, "may or may not have been sent"),
        (CloseState.VERIFYING, "may or may not have been sent"),
    ],
)
def test_what_is_overdue_ends_and_says_where_it_stood(sent: list[str], state: CloseState, words: str) -> None:
    request = old_request(state, 190)
    LicenseServer.objects.update(site="krakow")
    sweep.sweep()
    request.refresh_from_db()
    assert request.state == CloseState.TIMED_OUT
    assert words in request.message
    assert request.ended_at is not None
    assert sent == []


def test_a_close_that_kills_every_worker_ends_too(sent: list[str]) -> None:
    request = old_request(CloseState.REQUESTED, 190)
    CloseRequest.objects.filter(pk=request.pk).update(moved_at=clock.now())
    sweep.sweep()
    request.refresh_from_db()
    assert request.state == CloseState.TIMED_OUT


def test_a_close_on_a_deleted_server_ends(sent: list[str]) -> None:
    request = close_request(state=CloseState.REMOVING)
    LicenseServer.objects.all().delete()
    sweep.sweep()
    request.refresh_from_db()
    assert request.state == CloseState.FAILED
    assert "was deleted from licstats" in request.message


def test_only_one_has_the_lock_of_a_server(other_worker: psycopg.Connection) -> None:
    one, two = LicenseServerFactory.create_batch(2)
    with Lock.CLOSING.of(one.pk) as held:
        assert held
        taken = other_worker.execute("SELECT pg_try_advisory_lock(%s, %s)", [Lock.CLOSING.value, one.pk]).fetchone()
        free = other_worker.execute("SELECT pg_try_advisory_lock(%s, %s)", [Lock.CLOSING.value, two.pk]).fetchone()
        assert (taken, free) == ((False,), (True,))
    with Lock.CLOSING.of(two.pk) as held:
        assert not held
    assert Lock.CLOSING.held_servers() == {two.pk}


def test_a_dead_worker_leaves_no_lock(other_worker: psycopg.Connection) -> None:
    server = LicenseServerFactory()
    other_worker.execute("SELECT pg_advisory_lock(%s, %s)", [Lock.CLOSING.value, server.pk])
    other_worker.close()
    deadline = time.monotonic() + 10
    while Lock.CLOSING.held_servers() and time.monotonic() < deadline:
        time.sleep(0.02)
    with Lock.CLOSING.of(server.pk) as held:
        assert held
