"""The processes of an installation whose PostgreSQL and Redis are given by URL, run as its services would run them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest
from django.conf import settings

from tests.embedded.conftest import ROOT, eventually, free_port

DATABASE = "an_installation"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The address of an empty database in the server of this run."""
    server = settings.DATABASES["default"]
    if not server["HOST"].startswith("/"):
        pytest.skip("the database of this run was given by URL: no other is made beside it")
    with psycopg.connect(host=server["HOST"], user=server["USER"], dbname="postgres", autocommit=True) as link:
        link.execute(f"CREATE DATABASE {DATABASE}")
        yield f"postgres://{server['USER']}@/{DATABASE}?host={server['HOST']}"
        link.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture(scope="module")
def environment(database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LICSTATS_")}
    folder = tmp_path_factory.mktemp("installation")
    return plain | {
        "DATABASE_URL": database,
        "REDIS_URL": settings.LICSTATS_REDIS_URL,
        "LICSTATS_SECRET_KEY": "a-key-of-the-tests-that-is-long-enough-for-every-check-there-is-0",
        "LICSTATS_STATIC_ROOT": str(folder / "static"),
        "LICSTATS_DATA": str(folder / "data"),
        "LICSTATS_PORT": str(free_port()),
        "LICSTATS_WEB_WORKERS": "1",
    }


def licstats(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "licstats", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def services(environment: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """migrate and collectstatic were run; web, beat and worker are running, each as a service of its own."""
    licstats(environment, "migrate", "--verbosity", "0")
    licstats(environment, "collectstatic", "--noinput", "--verbosity", "0")
    log = Path(environment["LICSTATS_STATIC_ROOT"]).with_name("log")
    with log.open("wb") as output:
        running = {
            name: subprocess.Popen(
                [sys.executable, "-m", "licstats", *name.split()],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
            for name in ("web", "beat", "worker --only maintenance --only polls")
        }
    yield running
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    assert [process.wait(40) for process in running.values()] == [0, 0, 0]


def ask(environment: dict[str, str], path: str) -> tuple[int, dict[str, str], str]:
    request = Request(f"http://127.0.0.1:{environment['LICSTATS_PORT']}{path}", headers={"Accept-Encoding": "identity"})
    try:
        with urlopen(request) as answer:  # noqa: S310 (it is our own address)
            return answer.status, dict(answer.headers), answer.read().decode()
    except HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_the_pages_are_served_with_static_files_that_browsers_keep_for_good(
    environment: dict[str, str], services: dict[str, subprocess.Popen[bytes]]
) -> None:
    def served() -> bool:
        try:
            return ask(environment, "/login/")[0] == 200
        except OSError:
            return False

    assert eventually(served, 60)
    page = ask(environment, "/login/")[2]
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
    assert addresses
    for address in addresses:
        status, headers, _ = ask(environment, address)
        assert status == 200
        assert re.search(r"\.[0-9a-f]{12}\.(css|js)$", address)
        assert "immutable" in headers["Cache-Control"]


def test_it_becomes_well_and_makes_the_months_of_its_tables(
    environment: dict[str, str], services: dict[str, subprocess.Popen[bytes]]
) -> None:
    def well() -> bool:
        try:
            status, _, body = ask(environment, "/healthz")
        except OSError:
            return False
        return status == 200 and json.loads(body)["broker"] == "ok"

    def doctor() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "licstats", "doctor"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert eventually(well, 60)
    assert eventually(lambda: "partitions: this month and the next are there" in doctor().stdout, 60)
    found = doctor()
    assert found.returncode == 1  # no worker for closing was started, and it says so
    assert "wrong  worker closing: none answers -> Start one: `licstats worker --only closing`" in found.stdout
    assert "well   worker polls" in found.stdout
    assert not Path(environment["LICSTATS_DATA"], "lock").exists()
