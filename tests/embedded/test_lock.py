"""Who holds a data folder, and what a holder that was killed has left behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from licstats.embedded.layout import Layout
from licstats.embedded.lock import DataFolderLock, InUse, end_children, read_holder
from licstats.processes.child import Child, wait_until
from licstats.processes.errors import StartError
from licstats.processes.sockets import LONGEST_PATH
from licstats.simulator.folder import socket_path
from tests.embedded.conftest import eventually

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

TELLER = """
import signal, time
def tell(number, frame):
    print(signal.Signals(number).name, flush=True)
    raise SystemExit
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, tell)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[DataFolderLock]:
    lock = DataFolderLock(Layout(tmp_path / "data"))
    yield lock
    lock.release()


@pytest.fixture
def sleeper() -> Iterator[Child]:
    child = Child("sleeper", SLEEP)
    child.start()
    yield child
    child.stop()


def note(child: Child, **values: object) -> dict[str, object]:
    began = psutil.Process(child.pid).create_time()
    return {"name": child.name, "pid": child.pid, "began": began, "signal": int(signal.SIGTERM)} | values


def denied(process: psutil.Process, number: int) -> None:
    raise psutil.AccessDenied(process.pid)


class TestTheLock:
    def test_a_second_one_is_told_who_has_it_and_what_to_do(self, lock: DataFolderLock) -> None:
        assert lock.acquire() == []
        with pytest.raises(InUse) as raised:
            DataFolderLock(Layout(lock.path.parent)).acquire()
        message = str(raised.value)
        assert message.startswith(f"{lock.path.parent} is in use by process {os.getpid()} (")
        assert f"Stop that one first (kill {os.getpid()})" in message
        assert "LICSTATS_DATA=/another/folder" in message

    def test_it_is_free_again_after_its_holder_lets_go(self, lock: DataFolderLock) -> None:
        lock.acquire()
        lock.release()
        lock.release()  # twice does nothing
        assert read_holder(lock.path) == {}
        assert lock.acquire() == []

    def test_it_and_its_folder_are_for_their_owner_only(self, lock: DataFolderLock) -> None:
        lock.acquire()
        assert lock.path.stat().st_mode & 0o077 == 0
        assert lock.path.parent.stat().st_mode & 0o077 == 0

    def test_it_notes_each_child_once_by_its_last_process(self, lock: DataFolderLock, sleeper: Child) -> None:
        lock.acquire()
        lock.note(sleeper)
        other = Child("other", SLEEP, stop_signals=(signal.SIGINT,))
        other.start()
        lock.note(other)
        first, sleeper.process = sleeper.process, other.process
        lock.note(sleeper)  # started again: another number
        sleeper.process = first
        children = read_holder(lock.path)["children"]
        assert [(child["name"], child["pid"]) for child in children] == [("other", other.pid), ("sleeper", other.pid)]
        assert [child["signal"] for child in children] == [signal.SIGINT, signal.SIGTERM]
        other.stop()

    def test_what_is_noted_gets_shorter_with_what_it_says(self, lock: DataFolderLock, sleeper: Child) -> None:
        lock.acquire()
        lock.path.write_text(lock.path.read_text() + "?" * 500)
        lock.note(sleeper)
        assert json.loads(lock.path.read_text())["pid"] == os.getpid()

    @pytest.mark.parametrize("content", ["", "{", "[]", "3", "\xff\xfe"])
    def test_a_note_that_cannot_be_read_says_nothing(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "lock").write_text(content, encoding="latin-1")
        assert read_holder(tmp_path / "lock") == {}
        assert read_holder(tmp_path / "none") == {}


class TestChildrenThatWereLeft:
    def test_they_are_ended_the_last_started_first(self, sleeper: Child) -> None:
        other = Child("other", SLEEP)
        other.start()
        assert end_children({"children": [note(sleeper), note(other)]}) == ["other", "sleeper"]
        assert eventually(lambda: not (sleeper.alive or other.alive))

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
    def test_by_the_signal_that_was_noted(self, tmp_path: Path, number: signal.Signals) -> None:
        child = Child("teller", [sys.executable, "-c", TELLER], log=tmp_path / "log")
        child.start()
        assert eventually(lambda: child.last_words() == "up")
        assert end_children({"children": [note(child, signal=int(number))]}) == ["teller"]
        assert child.last_words(1) == number.name

    @pytest.mark.parametrize("seconds", [-2, 2])
    def test_another_process_of_that_number_is_left_alone(self, sleeper: Child, seconds: float) -> None:
        began = psutil.Process(sleeper.pid).create_time() + seconds
        assert end_children({"children": [note(sleeper, began=began)]}) == []
        assert sleeper.alive

    def test_one_that_we_may_not_end_is_told_with_what_to_do(
        self, sleeper: Child, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = note(sleeper)
        monkeypatch.setattr(psutil.Process, "send_signal", denied)
        with pytest.raises(StartError) as raised:
            end_children({"children": [left]})
        message = str(raised.value)
        assert message.startswith(f"sleeper of an earlier run still runs as process {sleeper.pid}, and we may not")
        assert f"(kill {sleeper.pid})" in message
        monkeypatch.undo()  # for the sleeper to be ended

    def test_one_that_is_gone_is_no_obstacle(self, sleeper: Child) -> None:
        gone = Child("gone", [sys.executable, "-c", ""])
        gone.start()
        left = note(gone)
        gone.wait(10)
        assert end_children({"children": [note(sleeper), left]}) == ["sleeper"]


class TestSockets:
    def test_they_are_in_the_data_folder_as_long_as_their_path_fits(self, tmp_path: Path) -> None:
        room = LONGEST_PATH - len("/run/.s.PGSQL.5432")
        fits, too_long = Path("/" + "d" * (room - 1)), Path("/" + "d" * room)
        assert Layout(fits).sockets == fits / "run"
        assert not Layout(too_long).sockets.is_relative_to(too_long)
        assert len(str(Layout(too_long).redis_socket)) < LONGEST_PATH

    def test_a_path_is_as_long_as_its_bytes(self) -> None:
        folder = Path("/лицензии/" + "я" * 60)  # 70 letters, 129 bytes
        assert not Layout(folder).sockets.is_relative_to(folder)
        assert not socket_path(folder).is_relative_to(folder)

    def test_each_data_folder_has_its_own(self) -> None:
        folders = [Path("/" + letter * 200) for letter in "ab"]
        assert len({Layout(folder).sockets for folder in folders}) == 2


class TestWaiting:
    def test_it_ends_when_what_is_waited_for_comes_true(self, sleeper: Child) -> None:
        answers = iter([False, False, True])
        assert wait_until(lambda: next(answers), sleeper, 10)

    def test_it_ends_when_the_time_is_over(self, sleeper: Child) -> None:
        assert not wait_until(lambda: False, sleeper, 0.1)

    def test_a_program_that_has_ended_is_not_waited_for(self) -> None:
        child = Child("gone", [sys.executable, "-c", ""])
        child.start()
        child.wait(10)
        assert not wait_until(lambda: True, child, 60)

    def test_the_last_words_are_the_last_lines_of_its_log(self, tmp_path: Path) -> None:
        child = Child("x", SLEEP, log=tmp_path / "log")
        assert child.last_words() == ""
        (tmp_path / "log").write_bytes(b"".join(b"line %d \xff\n" % number for number in range(9)))
        assert child.last_words(2) == "line 7 \N{REPLACEMENT CHARACTER}\nline 8 \N{REPLACEMENT CHARACTER}"
        assert Child("y", SLEEP).last_words() == ""
