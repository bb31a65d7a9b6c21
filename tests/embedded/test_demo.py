"""`licstats demo` as a whole, in processes of its own: started once for this file, and its tests run in order."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import psutil
import psycopg
import pytest

from licstats.embedded.layout import Layout
from licstats.embedded.lock import read_holder
from tests.embedded.conftest import ROOT, all_gone, ask, eventually, free_port

PASSWORD = "twelve simulated servers"


class Demo:
    """A running `licstats demo`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.said: list[str] = []
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("LICSTATS_")}
        return plain | {
            "LICSTATS_DATA": str(self.folder),
            "LICSTATS_PORT": str(self.port),
            "LICSTATS_DEMO_PASSWORD": PASSWORD,
            "LICSTATS_WEB_WORKERS": "1",
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "licstats", "demo"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = []
        for line in self.process.stdout or ():
            self.said.append(line.strip())
            if line.startswith("ready"):
                return
        pytest.fail("\n".join(self.said))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another licstats command on the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "licstats", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self, name: str) -> None:
        (child,) = [each for each in read_holder(Layout(self.folder).lock)["children"] if each["name"] == name]
        os.kill(child["pid"], signal.SIGKILL)

    def polls_go_on(self) -> bool:
        """Whether a license server is asked after now."""
        now = datetime.now(UTC)

        def asked() -> bool:
            with contextlib.suppress(psycopg.OperationalError):  # it may be starting
                return bool(ask(self.folder, "SELECT 1 FROM licstats_licenseserver WHERE asked_at > %s", now))
            return False

        return eventually(asked, 90)

    def sign_in(self) -> OpenerDirector:
        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        page = opener.open(self.url("login/")).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "username": "admin", "password": PASSWORD}
        answer = opener.open(self.url("login/"), urlencode(fields).encode())
        assert "/login/" not in answer.geturl()
        return opener

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="licstats-demo-"))
    folder.chmod(0o755)
    running = Demo(folder / "data")
    children = running.children
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(60)
    for process in children:
        if process.is_running():
            process.kill()
    shutil.rmtree(folder)


def test_it_prints_address_login_and_password_and_has_data_when_it_says_ready(demo: Demo) -> None:
    printed = [line.split(maxsplit=1) for line in demo.said]
    assert ["Address", demo.url("")] in printed
    assert ["Login", "admin"] in printed
    assert ["Password", PASSWORD] in printed
    assert ask(demo.folder, "SELECT count(*) FROM licstats_licenseserver WHERE asked_at IS NULL") == 0
    sessions = ask(demo.folder, "SELECT count(*) FROM sessions_app_opensession")
    assert isinstance(sessions, int)
    assert sessions >= 3000


def test_one_can_sign_in_and_see_sessions(demo: Demo) -> None:
    opener = demo.sign_in()
    page = opener.open(demo.url("features/realtime/sessions/")).read().decode()
    user = ask(demo.folder, 'SELECT "user" FROM sessions_app_opensession ORDER BY random() LIMIT 1')
    found = opener.open(demo.url(f"features/realtime/sessions/?{urlencode({'user': user})}")).read().decode()
    assert "<table" in page
    assert str(user) in found


def test_the_doctor_finds_nothing_wrong_from_another_terminal(demo: Demo) -> None:
    done = demo.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "wrong" not in done.stdout
    assert "worker polls" in done.stdout
    assert "simulator/bin/lmutil, v" in done.stdout


def test_a_second_one_is_refused_in_a_sentence_and_the_first_is_as_before(demo: Demo) -> None:
    port = demo.run("up")
    assert port.returncode == 1
    assert f"127.0.0.1:{demo.port} cannot be served" in port.stderr
    demo.port += 1
    folder = demo.run("demo")
    demo.port -= 1
    assert folder.returncode == 1
    assert f"in use by process {demo.process.pid} " in folder.stderr
    assert "Traceback" not in port.stderr + folder.stderr
    assert "simulator/bin/lmutil, v" in demo.run("doctor").stdout


@pytest.mark.parametrize("name", ["redis", "postgres", "worker-polls", "worker-maintenance", "beat", "simulator"])
def test_polling_goes_on_when_a_part_was_killed(demo: Demo, name: str) -> None:
    demo.kill(name)
    assert eventually(lambda: alive(demo, name), 30)
    assert demo.polls_go_on()


def alive(demo: Demo, name: str) -> bool:
    """Whether a process of that name runs."""
    (child,) = [each for each in read_holder(Layout(demo.folder).lock)["children"] if each["name"] == name]
    return psutil.pid_exists(child["pid"]) and psutil.Process(child["pid"]).status() != psutil.STATUS_ZOMBIE


def test_after_a_stop_nothing_is_left_and_a_restart_keeps_data_and_password(demo: Demo) -> None:
    ask(demo.folder, "CREATE TABLE kept AS SELECT 1")
    children = demo.children
    demo.process.terminate()
    assert demo.process.wait(60) == 0
    assert eventually(lambda: all_gone(children))
    assert "The database does not answer. Start it with `licstats up`" in demo.run("showmigrations").stderr
    demo.start()
    assert ask(demo.folder, "SELECT count(*) FROM kept") == 1
    demo.sign_in()
