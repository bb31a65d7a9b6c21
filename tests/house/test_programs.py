"""The command lines of what licstats consists of."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.test.utils import override_settings

from licstats import programs
from licstats.management.commands.up import address
from licstats.management.commands.worker import Command
from licstats.processes.child import Child
from licstats.processes.errors import StartError
from licstats.programs import Web, answers


def after(word: str, command: list[str]) -> str:
    return command[command.index(word) + 1]


def test_the_web_server_listens_where_it_is_told() -> None:
    with override_settings(LICSTATS_BIND="10.0.0.7", LICSTATS_PORT=8123, LICSTATS_WEB_WORKERS=5):
        command = programs.web_command()
    assert (after("--bind", command), after("--workers", command)) == ("10.0.0.7:8123", "5")


@pytest.mark.parametrize(
    ("bind", "served", "told"),
    [
        ("::1", "[::1]:8123", "http://[::1]:8123/"),
        ("[fd00::7]", "[fd00::7]:8123", "http://[fd00::7]:8123/"),
        ("::", "[::]:8123", "http://[::1]:8123/"),
        ("0.0.0.0", "0.0.0.0:8123", "http://127.0.0.1:8123/"),  # noqa: S104
    ],
)
def test_an_address_of_ipv6_has_its_brackets_where_a_port_follows(bind: str, served: str, told: str) -> None:
    with override_settings(LICSTATS_BIND=bind, LICSTATS_PORT=8123):
        assert after("--bind", programs.web_command()) == served
        assert address() == told


def test_beat_keeps_what_it_did_in_the_data_folder_and_makes_it(tmp_path: Path) -> None:
    with override_settings(LICSTATS_DATA=tmp_path / "new" / "data"):
        assert after("--schedule", programs.beat_command()) == str(tmp_path / "new" / "data" / "beat-schedule")
    assert (tmp_path / "new" / "data").is_dir()


@pytest.mark.parametrize(
    ("kind", "sites", "name", "queues"),
    [
        ("polls", ["krakow"], "polls-krakow@%h", "polls.krakow"),
        ("closing", ["b", "a"], "closing-a-b@%h", "closing.a,closing.b"),
        ("maintenance", ["krakow"], "maintenance-krakow@%h", "maintenance"),
        ("maintenance", [], "maintenance@%h", "maintenance"),
        ("polls", [], "polls@%h", "polls.main"),
    ],
)
def test_a_worker_is_called_by_its_work_and_takes_the_queues_of_its_sites(
    kind: str, sites: list[str], name: str, queues: str
) -> None:
    command = programs.worker_command(kind, sites, 7)
    assert (after("--hostname", command), after("--queues", command)) == (name, queues)
    assert after("--concurrency", command) == "7"
    assert ("--follow-sites" in command) is (kind == "polls" and not sites)


def test_only_the_kinds_of_work_that_were_asked_for_are_started(tmp_path: Path) -> None:
    children = programs.worker_children(kinds=["closing", "polls"], polls_at_once=3, logs=tmp_path)
    assert [child.name for child in children] == ["worker-closing", "worker-polls"]
    assert [after("--concurrency", [*child.argv]) for child in children] == [str(programs.CLOSES_AT_ONCE), "3"]
    assert [child.log for child in children] == [tmp_path / "worker-closing.log", tmp_path / "worker-polls.log"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--site", "Kraków"], "'Kraków' is not a site. A site is small letters, digits, - and _, as in 'krakow'."),
        (["--site", "krakow,main"], "'krakow,main' is not a site."),
        (["--polls-at-once", "0"], "'0' is not a number of tools. Give 1 or more."),
        (["--polls-at-once", "-3"], "'-3' is not a number of tools."),
        (["--polls-at-once", "many"], "'many' is not a number of tools."),
    ],
)
def test_a_worker_for_what_cannot_be_a_site_or_without_any_tool_is_refused(arguments: list[str], says: str) -> None:
    parser = Command().create_parser("licstats", "worker")
    with pytest.raises(CommandError, match=re.escape(says)):
        parser.parse_args(arguments)


def test_a_worker_takes_the_sites_and_the_number_of_tools_that_it_is_given() -> None:
    parser = Command().create_parser("licstats", "worker")
    options = parser.parse_args(["--site", "krakow", "--site", "us-2", "--polls-at-once", "7"])
    assert (options.site, options.polls_at_once) == (["krakow", "us-2"], 7)


def test_a_program_may_end_its_work_before_it_is_made_to() -> None:
    child = programs.child("x", ["x"])
    assert (child.stop_signals, child.log) == ((signal.SIGTERM, signal.SIGQUIT), None)


@pytest.mark.parametrize("bind", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_the_web_server_is_ready_when_its_port_answers(bind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        waiting = Child("web", ["sleep", "60"])
        waiting.start()
        with override_settings(LICSTATS_BIND=bind, LICSTATS_PORT=port):
            Web(waiting).wait_ready(waiting)
        waiting.stop()
    assert not answers("127.0.0.1", port)


def test_a_web_server_that_does_not_start_says_its_last_words(tmp_path: Path) -> None:
    child = Child("web", ["sh", "-c", "echo the port is taken; exit 1"], log=tmp_path / "web.log")
    child.start()
    with override_settings(LICSTATS_BIND="127.0.0.1", LICSTATS_PORT=1), pytest.raises(StartError) as raised:
        Web(child).wait_ready(child)
    assert str(raised.value) == "The web server did not start. It said:\nthe port is taken"
