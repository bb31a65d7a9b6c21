from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections
from django.utils import timezone as clock
from hypothesis import given
from hypothesis import strategies as st

from licstats.models import LicenseServer
from sessions_app import tasks
from sessions_app.polling.schedule import Claim, back_off, claim_due, dispatch
from tests.factories import LicenseServerFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)


def due(**fields: object) -> LicenseServer:
    return LicenseServerFactory(**{"next_poll_at": NOW - timedelta(seconds=1), **fields})


def ids(claims: list[Claim]) -> set[int]:
    return {claim.server_id for claim in claims}


def test_what_is_due_is_claimed_once() -> None:
    server = due(site="krakow", interval=timedelta(seconds=30))
    LicenseServerFactory(next_poll_at=NOW + timedelta(seconds=1))
    due(enabled=False)
    assert claim_due(NOW) == [Claim(server.pk, "krakow", 30.0)]
    assert claim_due(NOW) == []


def test_a_new_server_is_due_at_once() -> None:
    server = LicenseServerFactory()
    assert ids(claim_due()) == {server.pk}


def test_due_times_do_not_drift() -> None:
    server = due(interval=timedelta(seconds=60))
    at, dues = NOW, []
    for lateness in (0.1, 1.9, 0.7, 5.0, 0.0, 1.2):
        claim_due(at)
        server.refresh_from_db()
        LicenseServer.objects.update(claimed_until=None)  # polled
        dues.append(server.next_poll_at)
        at = server.next_poll_at + timedelta(seconds=lateness)
    assert {later - sooner for sooner, later in itertools.pairwise(dues)} == {timedelta(seconds=60)}


def test_servers_are_spread_over_the_interval() -> None:
    servers = [due(interval=timedelta(seconds=60)) for _ in range(60)]
    assert len(claim_due(NOW)) == 60
    times = LicenseServer.objects.filter(pk__in=[s.pk for s in servers]).values_list("next_poll_at", flat=True)
    waits = sorted((at - NOW).total_seconds() for at in times)
    assert waits[0] >= 30
    assert waits[-1] <= 90.001
    assert max(later - sooner for sooner, later in itertools.pairwise(waits)) < 5


def test_a_lost_message_is_found_again_after_an_interval() -> None:
    server = due(interval=timedelta(seconds=60))
    claim_due(NOW)
    assert claim_due(NOW + timedelta(seconds=29)) == []
    server.refresh_from_db()
    again = max(server.next_poll_at, server.claimed_until) + timedelta(seconds=1)
    assert again <= NOW + timedelta(seconds=92)
    assert ids(claim_due(again)) == {server.pk}


def test_a_shorter_interval_counts_from_now_on_and_a_clock_set_back_stops_nothing() -> None:
    server = due(next_poll_at=NOW + timedelta(days=1), claimed_until=NOW + timedelta(days=1))
    assert ids(claim_due(NOW)) == {server.pk}


def test_a_pause_after_failures_is_kept() -> None:
    due(next_poll_at=NOW + timedelta(minutes=14), interval=timedelta(seconds=60))
    assert claim_due(NOW) == []


def test_the_longest_due_is_sent_first() -> None:
    late = {due(next_poll_at=NOW - timedelta(seconds=seconds)).pk: seconds for seconds in (5, 90, 20, 3, 70, 50)}
    sent: list[int] = []
    with time_machine.travel(NOW, tick=False):
        dispatch(lambda claim: sent.append(late[claim.server_id]))
    assert sent == [90, 70, 50, 20, 5, 3]


def test_what_cannot_be_sent_is_due_again_at_once() -> None:
    servers = [LicenseServerFactory() for _ in range(3)]
    sent: list[int] = []

    def send(claim: Claim) -> None:
        if sent:
            raise ConnectionError("the broker is away")
        sent.append(claim.server_id)

    with pytest.raises(ConnectionError):
        dispatch(send)
    assert ids(claim_due(clock.now())) == {server.pk for server in servers} - set(sent)


def test_the_task_sends_each_server_to_its_site_with_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LicenseServerFactory(site="krakow", interval=timedelta(seconds=45))
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        tasks.poll_server, "apply_async", lambda args, queue, expires, retry: sent.append((args, queue, expires))
    )
    tasks.dispatch_due_polls()
    assert sent == [((server.pk,), "polls.krakow", 45.0)]


@pytest.mark.django_db(transaction=True)
def test_many_dispatchers_at_once_claim_each_server_once() -> None:
    servers = [due() for _ in range(40)]

    def claim(_: int) -> list[Claim]:
        try:
            return claim_due(NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        claims = [one for some in threads.map(claim, range(8)) for one in some]
    assert sorted(one.server_id for one in claims) == sorted(server.pk for server in servers)


@given(st.integers(5, 86_400), st.integers(1, 200))
def test_a_pause_grows_up_to_a_quarter_of_an_hour_and_is_never_below_the_interval(seconds: int, failures: int) -> None:
    interval = timedelta(seconds=seconds)
    pause = back_off(interval, failures)
    assert interval <= pause <= max(interval, timedelta(minutes=15))
    assert pause <= back_off(interval, failures + 1)
