from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from licstats.embedded.layout import Layout
from licstats.embedded.lock import InUse
from licstats.embedded.supervisor import DataFolder
from tests.embedded.conftest import Holder, all_gone, ask, eventually

Hold = Callable[..., Holder]


def ping(folder: Path) -> bool:
    with redis.Redis(unix_socket_path=str(Layout(folder).redis_socket)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def serves(folder: Path, name: str) -> bool:
    if name == "redis":
        return ping(folder)
    try:
        return ask(folder, "SELECT count(*) FROM kept") == 1
    except psycopg.OperationalError:
        return False


def test_data_are_kept_over_a_restart(data_folder: Path) -> None:
    with DataFolder(Layout(data_folder)) as services:
        services.start_services()
        ask(data_folder, "CREATE TABLE kept AS SELECT 'still here' AS word")
        with redis.Redis(unix_socket_path=str(Layout(data_folder).redis_socket)) as client:
            client.set("queued", "too")
    with DataFolder(Layout(data_folder)) as services:
        services.start_services()
        assert ask(data_folder, "SELECT word FROM kept") == "still here"
        with redis.Redis(unix_socket_path=str(Layout(data_folder).redis_socket)) as client:
            assert client.get("queued") == b"too"


def test_nothing_listens_on_a_port_and_the_sockets_are_private(hold: Hold, data_folder: Path) -> None:
    holder = hold()
    services = {process.pid for process in psutil.Process(holder.process.pid).children()}
    links, asked = [], set()
    for process in holder.children:
        with contextlib.suppress(psutil.NoSuchProcess):  # PostgreSQL has some that end after a moment
            links += process.net_connections(kind="inet")
            asked.add(process.pid)
    assert links == []
    assert len(services) >= 2
    assert services <= asked
    assert stat.S_IMODE(Layout(data_folder).sockets.stat().st_mode) == 0o700


def test_a_second_start_on_a_folder_in_use_is_refused_with_who_and_what_to_do(hold: Hold, data_folder: Path) -> None:
    holder = hold()
    with pytest.raises(InUse) as refused, DataFolder(Layout(data_folder)):
        pass
    message = str(refused.value)
    assert f"in use by process {holder.process.pid} " in message
    assert "tests/embedded/holder.py" in message
    assert "LICSTATS_DATA=" in message
    assert ask(data_folder, "SELECT 1") == 1  # the first one is as before
    assert hold().process.wait(10) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(hold: Hold, data_folder: Path, number: signal.Signals) -> None:
    holder = hold()
    children = holder.children
    assert {process.name() for process in children} >= {"postgres", "redis-server"} or len(children) > 2
    assert holder.end(number) == 0
    assert all_gone(children)
    assert (holder.process.stdout or sys.stdin).read().split("\n")[:2] == ["redis stopped", "postgres stopped"]
    assert not (Layout(data_folder).postgres / "postmaster.pid").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_killed_supervisor_takes_its_children_with_it(hold: Hold, data_folder: Path) -> None:
    holder = hold()
    ask(data_folder, "CREATE TABLE kept AS SELECT 1")
    children = holder.children
    holder.end(signal.SIGKILL)
    assert eventually(lambda: all_gone(children))
    hold()
    assert ask(data_folder, "SELECT count(*) FROM kept") == 1


def test_what_a_killed_supervisor_left_running_is_ended_by_the_next_start(hold: Hold, data_folder: Path) -> None:
    holder = hold("--no-kernel-help")
    ask(data_folder, "CREATE TABLE kept AS SELECT 1")
    children = holder.children
    holder.end(signal.SIGKILL)
    assert not all_gone(children)
    again = hold()
    assert all_gone(children)
    assert "redis ended: an earlier run that was killed had left it behind" in again.said
    assert "postgres ended: an earlier run that was killed had left it behind" in again.said
    assert ask(data_folder, "SELECT count(*) FROM kept") == 1


def test_the_note_of_a_killed_server_is_cleared_though_its_number_has_gone_to_another_process(
    hold: Hold, data_folder: Path
) -> None:
    hold().end(signal.SIGTERM)
    note = Layout(data_folder).postgres / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n1700000000\n5432\n\n\n\nready\n")
    hold()
    assert ask(data_folder, "SELECT 1") == 1
    assert psutil.pid_exists(os.getpid())


def test_half_made_files_of_a_start_that_was_killed_are_made_anew(hold: Hold, data_folder: Path) -> None:
    draft = data_folder / "postgres.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    hold()
    assert ask(data_folder, "SELECT 1") == 1
    assert not draft.exists()


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_killed_service_is_started_again_with_its_data(data_folder: Path, name: str) -> None:
    with DataFolder(Layout(data_folder)) as services:
        services.start_services(durable=False)
        ask(data_folder, "CREATE TABLE kept AS SELECT 1")
        watched = next(one for one in services.watched if one.child.name == name)
        first = watched.child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def answers() -> bool:
            services.look_after(watched)
            return watched.child.pid != first and serves(data_folder, name)

        assert eventually(answers)


def test_a_data_folder_with_a_long_path_gets_short_sockets(data_folder: Path) -> None:
    long = data_folder / ("deep" * 20) / ("deeper" * 10)
    with DataFolder(Layout(long)) as services:
        services.start_services(durable=False)
        assert ask(long, "SELECT 1") == 1
    Layout(long).sockets.rmdir()
