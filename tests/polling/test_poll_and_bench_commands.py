from __future__ import annotations

import json
import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone as clock

from licstats.models import LicenseServer
from sessions_app.benchmarks.framework import Benchmark, Result, all_benchmarks
from sessions_app.benchmarks.pace import pace
from sessions_app.benchmarks.reports import Fleet
from sessions_app.management.commands.bench import as_json, colour
from sessions_app.models import OpenSession
from tests.factories import LicenseServerFactory
from tests.polling.conftest import Tool
from tests.polling.reports import lmstat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _servers(tool: Tool) -> None:
    tool.says(lmstat(clock.now().replace(tzinfo=None), {"solver": (10, ["ada 101", "bob 102"])}))
    for name in ("PL", "US"):
        LicenseServerFactory(name=name, read_at=None, status="", verdict="", timeout=timedelta(seconds=5))


def lines(*arguments: str) -> list[str]:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.usefixtures("_servers")
def test_poll_tells_a_line_and_a_verdict_for_each_server_and_stores_it() -> None:
    told = sorted(lines("poll"))
    assert [line.split()[:2] for line in told] == [["PL", "complete"], ["US", "complete"]]
    assert all("1 features, 2 sessions" in line for line in told)
    assert OpenSession.objects.count() == 4


@pytest.mark.usefixtures("_servers")
def test_poll_asks_only_the_servers_that_were_named() -> None:
    assert [line.split()[0] for line in lines("poll", "US")] == ["US"]
    assert LicenseServer.objects.get(name="PL").asked_at != LicenseServer.objects.get(name="US").asked_at


@pytest.mark.usefixtures("_servers")
def test_poll_ends_with_status_one_where_a_server_failed(tool: Tool) -> None:
    tool.behave("sys.exit(1)")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("poll", stdout=out)
    assert ended.value.code == 1
    assert out.getvalue().endswith("2 of 2 failed.\n")


@pytest.mark.usefixtures("_servers")
def test_poll_refuses_unknown_names_and_says_which_there_are(tool: Tool) -> None:
    with pytest.raises(CommandError, match=r"No license server is named DK, XX\. There are: PL, US\."):
        call_command("poll", "XX", "PL", "DK")
    assert tool.asked() == []


def test_poll_says_what_to_do_where_there_is_no_server() -> None:
    with pytest.raises(CommandError, match="licstats fleet apply"):
        call_command("poll")


def test_bench_measures_in_a_database_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    server = LicenseServerFactory(name="kept")
    out = StringIO()
    call_command("bench", "--json", "--only", "next-poll", "--sessions", "600", "--repeat", "2", stdout=out)
    (result,) = json.loads(out.getvalue())
    assert (result["name"], result["unit"], result["target"]) == ("next-poll", "s", None)
    assert 0 < result["median"] <= result["worst"] < 30
    assert 0 < result["machine"] < 100
    assert list(LicenseServer.objects.all()) == [server]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'licstats\\_bench\\_%%'")
        assert cursor.fetchone() == (0,)
    assert caplog.records == []  # what is polled for it is nothing to tell
    logging.getLogger("licstats.polling").warning("told again")
    assert len(caplog.records) == 1


def test_bench_names_the_benchmarks_that_there_are() -> None:
    with pytest.raises(CommandError, match=r"No benchmark is named nothing\. There are: .*read, store"):
        call_command("bench", "--only", "nothing")
    named = [line.split()[0] for line in lines("bench", "--list")]
    assert named == list(all_benchmarks())
    assert all(one.limited_by and one.target > 0 for one in all_benchmarks().values())


@pytest.mark.parametrize(
    ("seconds", "machine", "says"),
    [
        (0.9, 1.0, "green"),
        (1.0, 0.5, "green"),
        (1.3, 1.4, "yellow"),
        (1.5, 1.4, "red"),
        (1.3, 1.0, "red"),
    ],
)
def test_bench_tells_a_missed_target_from_a_slower_machine(seconds: float, machine: float, says: str) -> None:
    two = Benchmark("two", "", target=2.0, limited_by="", run=lambda _sizes: [])
    result = Result(two, median=2 * seconds, worst=9.0, target=two.target, machine=machine)
    assert colour(result) == says
    assert as_json(result) | {"ratio": seconds, "machine": machine} == as_json(result)


def test_bench_excuses_no_other_figure_and_no_other_size_by_the_machine() -> None:
    memory = Benchmark("memory", "", target=8.0, limited_by="", run=lambda _sizes: [], unit="MB")
    assert colour(Result(memory, median=9.0, worst=9.0, target=8.0, machine=2.0)) == "red"
    assert not Result(memory, median=9.0, worst=9.0, target=None, machine=2.0).reached_at_pace


def test_the_pace_follows_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.benchmarks.pace._split", lambda: 0.028)
    assert pace() == 2


def test_the_benchmarks_reports_are_of_the_size_that_was_asked_for() -> None:
    fleet = Fleet(2000, clock.now())
    before = fleet.report(clock.now())
    fleet.change(0.01)
    after = fleet.report(clock.now())
    assert before.count(", start ") == after.count(", start ") == 2000
    changed = set(before.splitlines()) - set(after.splitlines())
    assert sum(", start " in line for line in changed) == 20
