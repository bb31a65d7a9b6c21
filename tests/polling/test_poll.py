from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone as clock
from pytest_django import Settings

from licstats.managers.flexnet import FlexNet
from licstats.models import LicenseServer, QueryOutput
from sessions_app.locks import Lock
from sessions_app.models import ClosedSession, OpenSession
from sessions_app.polling import poll
from sessions_app.polling.cache import Readings
from sessions_app.polling.poll import AlreadyPolled, PollServer, query
from tests.factories import LicenseServerFactory
from tests.polling.conftest import Tool
from tests.polling.reports import lmstat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "readings", Readings())


@pytest.fixture
def server() -> LicenseServer:
    return LicenseServerFactory(read_at=None, asked_at=None, status="", verdict="", timeout=timedelta(seconds=2))


def now_says(tool: Tool, *users: str) -> None:
    tool.says(lmstat(clock.now().replace(tzinfo=None), {"solver": (10, users)}))


def test_a_poll_stores_what_the_tool_says(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101", "bob 102")
    reading = PollServer(server).execute()
    assert reading is not None
    assert reading.verdict == "complete", reading.problems
    assert sorted(OpenSession.objects.values_list("user", "handle")) == [("ada", "101"), ("bob", "102")]
    server.refresh_from_db()
    assert (server.status, server.verdict, server.failures) == ("up", "complete", 0)
    assert 0 < server.response_time < 2
    assert abs(server.clock_offset) < timedelta(minutes=1, seconds=5)
    assert f"lmstat -a -c {server.address}" in tool.asked()


def test_query_asks_and_stores_nothing(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101")
    reading, outputs = query(server)
    assert [session.user for feature in reading.features for session in feature.sessions] == ["ada"]
    assert outputs["status"].text.startswith("lmutil")
    assert not OpenSession.objects.exists()
    assert not QueryOutput.objects.exists()
    server.refresh_from_db()
    assert server.asked_at is None


def test_polls_one_after_another_open_and_close(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101", "bob 102")
    PollServer(server).execute()
    ada = OpenSession.objects.get(user="ada").id
    now_says(tool, "ada 101", "carl 103")
    PollServer(server).execute()
    assert dict(OpenSession.objects.values_list("user", "handle")) == {"ada": "101", "carl": "103"}
    assert OpenSession.objects.get(user="ada").id == ada
    assert ClosedSession.objects.get().user == "bob"


def test_a_poll_that_finds_nothing_new_writes_one_row(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101")
    PollServer(server).execute()
    before = (server.revision, bytes(server.digest))
    later = PollServer(LicenseServer.objects.get(pk=server.pk))
    later.execute()
    assert later.stored is not None
    assert (later.stored.changed, later.stored.revision) == (False, before[0])


def test_another_process_that_reads_the_same_output_stores_nothing_again(
    server: LicenseServer, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 3, 16, 12, 0)
    tool.says(lmstat(at, {"solver": (10, ["ada 101"])}))
    PollServer(server).execute()
    monkeypatch.setattr(poll, "readings", Readings())
    said = lmstat(at, {"solver": (10, ["ada 101"])})
    tool.says(said.replace("3/16/2026 12:00", "3/16/2026 12:01"))
    monkeypatch.setattr("sessions_app.polling.ingest.store_pools", None)  # would raise if it were reached
    other = PollServer(LicenseServer.objects.get(pk=server.pk))
    other.execute()
    assert other.stored is not None
    assert not other.stored.changed


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import time; time.sleep(30)", "time-out after 2 s"),
        ("while True: sys.stdout.write('x' * 100000)", "more than 1 MB"),
        ("print('Segmentation fault'); sys.exit(139)", ""),
        ("sys.stdout.buffer.write(bytes(range(256)) * 500); sys.stdout.flush(); sys.exit(0)", ""),
        ("sys.exit(1)", ""),
    ],
)
def test_a_tool_that_goes_wrong_fails_the_poll_and_nothing_else(
    server: LicenseServer, tool: Tool, settings: Settings, code: str, reason: str
) -> None:
    now_says(tool, "ada 101")
    PollServer(server).execute()
    settings.LICSTATS_OUTPUT_LIMIT = 1024 * 1024
    tool.behave(code)
    PollServer(server).execute()
    server.refresh_from_db()
    assert (server.verdict, server.failures) == ("failed", 1)
    assert server.reason
    assert reason in server.reason
    assert [one.last_seen_at for one in OpenSession.objects.all()] == [None]
    tool.behave("")
    PollServer(server).execute()
    server.refresh_from_db()
    assert (server.verdict, server.failures, server.reason) == ("complete", 0, "")


def test_a_missing_tool_is_said_with_its_setting(server: LicenseServer, settings: Settings) -> None:
    settings.LICSTATS_TOOLS = {"lmutil": "/nowhere/lmutil"}
    PollServer(server).execute()
    server.refresh_from_db()
    assert server.verdict == "failed"
    assert "LICSTATS_LMUTIL" in server.reason


def test_a_reader_that_breaks_is_recorded_as_a_failed_poll_and_raised(
    server: LicenseServer, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_says(tool, "ada 101")
    PollServer(server).execute()
    monkeypatch.setattr(FlexNet, "read", lambda *args: {}["users"])
    with pytest.raises(KeyError):
        PollServer(server).execute()
    server.refresh_from_db()
    assert (server.verdict, server.failures) == ("failed", 1)
    assert server.reason == "licstats could not process the answer: KeyError: 'users'"
    assert OpenSession.objects.count() == 1
    with Lock.POLLING.of(server.pk) as is_free:
        assert is_free


def test_a_reading_that_was_stored_stands_though_closes_cannot_be_looked_through(
    server: LicenseServer, tool: Tool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def deadlock(*args: object) -> int:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(poll, "notice", deadlock)
    now_says(tool, "ada 101")
    PollServer(server).execute()
    server.refresh_from_db()
    assert (server.verdict, server.failures, server.reason) == ("complete", 0, "")
    assert "deadlock detected" in caplog.text


def test_a_server_that_keeps_failing_is_asked_less_and_less_often(server: LicenseServer, tool: Tool) -> None:
    tool.behave("sys.exit(1)")
    waits = []
    for _ in range(7):
        PollServer(server).execute()
        server.refresh_from_db()
        waits.append(round((server.next_poll_at - clock.now()).total_seconds() / 60))
    assert waits[1:] == [2, 4, 8, 15, 15, 15]


def test_the_catalogue_is_asked_once_an_hour(server: LicenseServer, tool: Tool) -> None:
    tool.catalogue(
        "Feature Version #licenses Vendor Expires\n_______ _______ _________ ______ _______\n"
        "solver 1.0 10 vendord permanent(no expiration date)\n"
    )
    now_says(tool, "ada 101")
    for _ in range(3):
        PollServer(server).execute()
    assert sum("-i" in call for call in tool.asked()) == 1
    QueryOutput.objects.update(asked_at=clock.now() - timedelta(hours=1))
    PollServer(server).execute()
    assert sum("-i" in call for call in tool.asked()) == 2
    assert QueryOutput.objects.get().text.startswith("Feature Version")


def test_a_catalogue_that_cannot_be_had_leaves_the_poll_as_it_is(server: LicenseServer, tool: Tool) -> None:
    tool.catalogue("", "import time; time.sleep(30)")
    now_says(tool, "ada 101")
    for _ in range(2):
        PollServer(server).execute()
    server.refresh_from_db()
    assert server.verdict == "complete"
    assert sum("-i" in call for call in tool.asked()) == 1


def test_the_last_catalogue_serves_while_a_new_one_cannot_be_had(server: LicenseServer, tool: Tool) -> None:
    tool.catalogue(
        "Feature Version #licenses Vendor Expires\n_______ _______ _________ ______ _______\n"
        "solver 1.0 10 vendord permanent(no expiration date)\n"
    )
    now_says(tool, "ada 101")
    PollServer(server).execute()
    QueryOutput.objects.update(asked_at=clock.now() - timedelta(hours=2))
    tool.catalogue("", "import time; time.sleep(30)")
    PollServer(server).execute()
    assert QueryOutput.objects.get().text.startswith("Feature Version")
    assert OpenSession.objects.get().feature.version_listed


def test_a_status_time_and_a_catalogue_are_asked_at_the_same_time(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101")
    tool.behave("import time; time.sleep(1)")
    tool.catalogue("", "import time; time.sleep(1)")
    began = time.monotonic()
    query(server)
    assert time.monotonic() - began < 1.9


@pytest.mark.django_db(transaction=True)
def test_two_polls_of_one_server_never_overlap(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101")
    tool.behave("import time; time.sleep(1)")

    def execute(_: int) -> float:
        began = time.monotonic()
        try:
            PollServer(LicenseServer.objects.get(pk=server.pk)).execute()
        except AlreadyPolled:
            return time.monotonic() - began
        finally:
            connections.close_all()
        return 0

    with ThreadPoolExecutor(4) as threads:
        turned_away = [seconds for seconds in threads.map(execute, range(4)) if seconds]
    assert len(turned_away) == 3
    assert max(turned_away) < 0.8
    assert sum("-a" in call for call in tool.asked()) == 1
    assert OpenSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_fails_the_poll_and_the_next_one_goes_on(server: LicenseServer, tool: Tool) -> None:
    now_says(tool, "ada 101")
    tool.behave("import time; time.sleep(1)")
    killer = threading.Timer(0.4, terminate, args=[connection.connection.info.backend_pid])
    killer.start()
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        PollServer(server).execute()
    killer.join()
    connection.close()
    tool.behave("")
    PollServer(LicenseServer.objects.get(pk=server.pk)).execute()
    assert OpenSession.objects.count() == 1


def terminate(backend: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    finally:
        connections.close_all()


def test_times_are_those_of_the_servers_own_zone(server: LicenseServer, tool: Tool) -> None:
    server.timezone = "America/New_York"
    server.save()
    tool.says(lmstat(datetime(2026, 3, 8, 3, 30), {"solver": (10, ["ada 101"])}))  # clocks went on at 2:00
    PollServer(server).execute()
    tool.says(lmstat(datetime(2026, 3, 8, 15, 0), {"solver": (10, ["bob 101"])}))
    PollServer(server).execute()
    assert OpenSession.objects.get().checked_out_at == datetime(2026, 3, 8, 18, 0, tzinfo=UTC)
