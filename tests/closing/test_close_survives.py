"""A real worker is killed in every state of a close, messages come twice, connections break: one removal at most."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis as redis_client
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone as clock

from licstats.models import LicenseServer
from sessions_app.closing.ask import CloseSession, close_all, send
from sessions_app.closing.remove import AT_ONCE
from sessions_app.closing.sweep import sweep
from sessions_app.closing.work import close_on
from sessions_app.models import CloseRequest, CloseState, OpenSession
from tests.closing.farm import Farm, polled
from tests.closing.worker import Worker, wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start_worker(farm: Farm, redis: redis_client.Redis) -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def start() -> Worker:
        workers.append(Worker(farm.folder / "worker.log", LICSTATS_LMUTIL=str(farm.tool), LICSTATS_CLOSE_PROOF="2"))
        return workers[-1]

    yield start
    farm.open_gates()
    for worker in workers:
        worker.kill()


@pytest.fixture
def request_to_close(farm: Farm, server: LicenseServer, login: User, redis: redis_client.Redis) -> CloseRequest:
    """One of two sessions is asked to be closed; nobody works yet, and the message waits in the broker."""
    farm.check_out("ada")
    farm.check_out("ben", "ws2", "102")
    return CloseSession(polled(server), login, "left for the day").execute()


def state_of(request: CloseRequest) -> str:
    request.refresh_from_db()
    return request.state


def sweep_as_if_later(request: CloseRequest) -> None:
    """The sweep, for which the request has not moved for some time."""
    CloseRequest.objects.filter(pk=request.pk).update(moved_at=clock.now() - timedelta(seconds=10))
    sweep()


def take_over(request: CloseRequest) -> None:
    """What the next worker does with the message that the sweep sends."""
    assert request.server_id is not None
    close_on(request.server_id)


def test_a_real_worker_closes_it(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker]
) -> None:
    start_worker()
    wait(lambda: state_of(request_to_close) == CloseState.CLOSED, "the close")
    assert farm.users == ["ben"]
    assert len(farm.removals) == 1


def test_a_message_that_was_lost_is_sent_again(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker], redis: redis_client.Redis
) -> None:
    redis.flushdb()  # as a broker that lost its data
    start_worker()
    sweep_as_if_later(request_to_close)
    wait(lambda: state_of(request_to_close) == CloseState.CLOSED, "the close")
    assert len(farm.removals) == 1


def test_messages_that_come_many_times_remove_once(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker]
) -> None:
    for _ in range(5):
        send(request_to_close.server)
    farm.gate("lmremove")
    start_worker()
    start_worker()
    wait(lambda: farm.is_reached("lmremove"), "the removal")
    for _ in range(5):
        send(request_to_close.server)
    time.sleep(1.0)
    farm.open_gates()
    wait(lambda: state_of(request_to_close) == CloseState.CLOSED, "the close")
    for _ in range(3):
        send(request_to_close.server)
    time.sleep(1.0)
    assert len(farm.removals) == 1
    assert farm.users == ["ben"]


def test_killed_while_it_asks_first_it_is_done_by_the_next(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker]
) -> None:
    farm.gate("lmstat")
    worker = start_worker()
    wait(lambda: farm.is_reached("lmstat"), "the first query")
    assert state_of(request_to_close) == CloseState.CHECKING
    worker.kill()
    farm.open_gates()
    take_over(request_to_close)
    assert state_of(request_to_close) == CloseState.CLOSED
    assert len(farm.removals) == 1
    assert farm.users == ["ben"]


@pytest.mark.parametrize("gate", ["lmremove", "after-lmremove"])
def test_killed_in_the_removal_it_is_proved_and_never_repeated(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker], gate: str
) -> None:
    """The tool itself lives on, and removes the session or has done so already."""
    farm.gate(gate)
    worker = start_worker()
    wait(lambda: farm.is_reached(gate), "the removal")
    assert state_of(request_to_close) == CloseState.REMOVING
    worker.kill()
    farm.open_gates()
    take_over(request_to_close)
    assert state_of(request_to_close) == CloseState.CLOSED
    assert len(farm.removals) == 1
    assert farm.users == ["ben"]


def test_killed_in_the_removal_of_many_none_is_removed_twice(
    farm: Farm, request_to_close: CloseRequest, login: User, start_worker: Callable[[], Worker]
) -> None:
    for number in range(5):
        farm.check_out(f"user{number}", f"ws{number}", str(200 + number))
    polled(request_to_close.server)
    sessions = OpenSession.objects.filter(user__startswith="user").select_related("feature", "server")
    close_all([CloseSession(session, login) for session in sessions])
    farm.gate("lmremove")
    worker = start_worker()
    wait(lambda: len(farm.removals) == AT_ONCE, "as many removals as run at once")
    worker.kill()
    farm.open_gates()
    wait(lambda: len(farm.users) == 7 - AT_ONCE, "the tools, which live on, to remove them")
    take_over(request_to_close)
    assert set(CloseRequest.objects.values_list("state", flat=True)) == {CloseState.CLOSED}
    assert sorted(arguments[-1] for arguments in farm.removals) == ["101", *(str(200 + number) for number in range(5))]
    assert farm.users == ["ben"]


def test_killed_with_its_tool_before_anything_was_removed_it_says_so(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker]
) -> None:
    LicenseServer.objects.update(timeout=timedelta(seconds=1))
    gate = farm.gate("lmremove")
    worker = start_worker()
    wait(lambda: farm.is_reached("lmremove"), "the removal")
    worker.kill()
    os.kill(farm.calls[-1]["pid"], signal.SIGKILL)
    gate.unlink()
    take_over(request_to_close)
    assert state_of(request_to_close) == CloseState.FAILED
    assert "may or may not have been sent" in request_to_close.message
    assert farm.users == ["ada", "ben"]
    assert len(farm.removals) == 1


def test_killed_while_it_proves_it_is_proved_by_the_next(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker]
) -> None:
    gate = farm.gate("after-lmremove")
    worker = start_worker()
    wait(lambda: farm.is_reached("after-lmremove"), "the removal")
    farm.gate("lmstat")
    gate.unlink()
    wait(lambda: farm.is_reached("lmstat"), "the query for a proof")
    assert state_of(request_to_close) == CloseState.VERIFYING
    worker.kill()
    farm.open_gates()
    take_over(request_to_close)
    assert state_of(request_to_close) == CloseState.CLOSED
    assert len(farm.removals) == 1


def test_a_worker_whose_database_connection_breaks_removes_nothing_twice(
    farm: Farm, request_to_close: CloseRequest, start_worker: Callable[[], Worker]
) -> None:
    """As when PostgreSQL is restarted while the tool is at work."""
    farm.gate("lmremove")
    start_worker()
    wait(lambda: farm.is_reached("lmremove"), "the removal")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    farm.open_gates()
    wait(lambda: "ada" not in farm.users, "the tool to remove it")
    sweep_as_if_later(request_to_close)
    wait(lambda: state_of(request_to_close) == CloseState.CLOSED, "the close")
    assert len(farm.removals) == 1


def test_two_logins_that_click_at_once_make_one_close(
    farm: Farm, server: LicenseServer, login: User, django_db_blocker: object
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from sessions_app.closing.check import CloseRefused

    farm.check_out("ada")
    session = polled(server)

    def click(_: int) -> str:
        try:
            return str(CloseSession(session, login).execute().pk)
        except CloseRefused as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(click, range(8)))
    assert CloseRequest.objects.count() == 1
    assert sum("being closed" in answer for answer in answers) == 7
