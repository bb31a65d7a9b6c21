from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import psutil
import pytest
from django.core.management import call_command

from licstats.management.commands import worker
from licstats.processes import supervisor as module
from licstats.processes.child import Child
from licstats.processes.errors import StartError
from licstats.processes.supervisor import Program, Supervisor
from tests.embedded.conftest import all_gone, eventually

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
WITH_CHILD = (
    "import subprocess, time; subprocess.Popen(['sleep', '60'], start_new_session=True);"
    "print('up', flush=True); time.sleep(60)"
)


def test_a_program_that_dies_is_started_again_and_both_are_said() -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        supervisor.start(Program(Child("worker", SLEEP)))
        watched = supervisor.watched[0]
        first = watched.child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: not watched.child.alive)
        supervisor.look_after(watched)
        assert said[-1] == "worker ended (status -9), again in 0.5 s"
        watched.again_at = time.monotonic()
        supervisor.look_after(watched)
        assert watched.child.alive
        assert watched.child.pid != first
        assert said[-1] == f"worker started again, process {watched.child.pid}"


def test_a_program_that_keeps_dying_is_started_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    supervisor = Supervisor()
    supervisor.start(Program(Child("worker", [sys.executable, "-c", ""])))
    watched = supervisor.watched[0]
    pauses = []
    for _ in range(9):
        watched.child.wait(10)
        supervisor.look_after(watched)
        assert watched.again_at is not None
        pauses.append(watched.again_at - now)
        now = watched.again_at
        supervisor.look_after(watched)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    now += module.WELL_AFTER + 1  # it lived well: its past is forgiven
    watched.child.wait(10)
    supervisor.look_after(watched)
    assert watched.again_at == now + 0.5


def test_a_program_that_died_a_thousand_times_is_still_started_again() -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        supervisor.start(Program(Child("worker", [sys.executable, "-c", ""])))
        watched = supervisor.watched[0]
        watched.deaths = 5000
        watched.child.wait(10)
        supervisor.look_after(watched)
    assert said[-1] == "worker ended (status 0), again in 30 s"


@dataclass
class Balking:
    """A service whose start meets `trouble`, as long as there is some."""

    child: Child
    trouble: Exception | None = None

    def prepare(self) -> Child:
        if self.trouble:
            raise self.trouble
        return self.child

    def wait_ready(self, child: Child) -> None:
        return


@pytest.mark.parametrize(
    "trouble",
    [
        OSError(28, "No space left on device"),
        StartError("No PostgreSQL."),
        psutil.TimeoutExpired(20),
        subprocess.CalledProcessError(1, "postgres"),
    ],
)
def test_a_program_that_cannot_be_started_again_is_tried_later_and_the_others_run_on(trouble: Exception) -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        supervisor.start(Program(Child("worker", SLEEP)))
        service = Balking(Child("database", SLEEP))
        supervisor.start(service)
        worker, watched = supervisor.watched
        watched.child.stop()
        supervisor.look_after(watched)
        service.trouble = trouble
        for pause in (1, 2):
            watched.again_at = 0
            supervisor.look_after(watched)
            assert said[-1] == f"database could not be started again, the next attempt is in {pause} s: {trouble}"
        supervisor.look_after(watched)  # not before its time
        assert said[-2].startswith("database could not be started again, the next attempt is in 1 s")
        service.trouble = None
        watched.again_at = 0
        supervisor.look_after(watched)
        assert watched.child.alive
        assert worker.child.alive


def test_a_program_that_could_not_be_noted_does_not_run_twice() -> None:
    with Supervisor() as supervisor:
        supervisor.start(Program(Child("worker", SLEEP)))
        (watched,) = supervisor.watched
        watched.child.stop()
        supervisor.look_after(watched)
        watched.again_at = 0
        supervisor.started = disk_is_full  # type: ignore[method-assign]
        supervisor.look_after(watched)
        assert not watched.child.alive


def disk_is_full(child: Child) -> None:
    raise OSError(28, "No space left on device")


def test_the_last_started_is_stopped_first() -> None:
    said: list[str] = []
    with Supervisor(said.append) as supervisor:
        for name in ("database", "worker", "web"):
            supervisor.start(Program(Child(name, SLEEP)))
    assert said[-3:] == ["web stopped", "worker stopped", "database stopped"]


def test_a_worker_that_is_told_twice_to_stop_stops_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child("worker-polls", SLEEP)
    stop = Child.stop

    def told_again(stopping: Child) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        stop(stopping)

    monkeypatch.setattr(worker, "worker_children", lambda *given: [child])
    monkeypatch.setattr(Supervisor, "watch", lambda supervisor: os.kill(os.getpid(), signal.SIGTERM))
    monkeypatch.setattr(Child, "stop", told_again)
    said = StringIO()
    try:
        call_command("worker", stdout=said)
        assert not child.alive
        assert said.getvalue().endswith("worker-polls stopped\n")
    finally:
        stop(child)


def test_a_program_that_does_not_obey_is_killed(tmp_path: Path) -> None:
    child = Child("stubborn", [sys.executable, "-c", STUBBORN], log=tmp_path / "log", patience=0.3)
    child.start()
    assert eventually(lambda: "up" in child.last_words())
    child.stop()
    assert child.exit_status == -signal.SIGKILL


def test_what_a_program_started_does_not_outlive_it(tmp_path: Path) -> None:
    child = Child("worker", [sys.executable, "-c", WITH_CHILD], log=tmp_path / "log")
    child.start()
    assert eventually(lambda: "up" in child.last_words())
    tools = psutil.Process(child.pid).children()
    assert [tool.name() for tool in tools] == ["sleep"]
    child.stop()
    assert eventually(lambda: all_gone(tools))


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("licstats.processes.child.LOG_LIMIT", 10)
    log = tmp_path / "worker.log"
    log.write_text("an earlier long story\n")
    child = Child("worker", [sys.executable, "-c", "print('new')"], log=log)
    child.start()
    child.wait(10)
    assert log.read_text() == "new\n"
    assert (tmp_path / "worker.log.1").read_text() == "an earlier long story\n"
