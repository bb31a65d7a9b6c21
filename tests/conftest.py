"""Every test run has a PostgreSQL and a Redis of its own in a temporary folder, unless URLs are given.

With DATABASE_URL and REDIS_URL set those are used: Django adds `test_` to the database's name, and the Redis
is emptied. The settings of whoever runs the tests (LICSTATS_...) do not reach them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest
import redis as redis_client

PREFIX = "licstats-tests-"
# The files that take longest begin first, so that no process is left with one of them at the end; those that mostly
# wait stand between those that mostly compute.
SLOW = (
    "test_sweep",
    "test_demo",
    "test_agreement",
    "test_survives",
    "test_services_survive",
    "test_graphs_and_dashboard",
    "test_frame",
    "test_closing",
    "test_sessions_page",
    "test_data_folder",
    "test_close_survives",
    "test_production",
    "test_day",
    "test_close_simulated",
    "test_groups",
)
LEFT_AFTER = 3600  # seconds; and only where no one holds its lock
KEPT = ("LICSTATS_REQUIRE_BROWSER", "LICSTATS_CHROMIUM")
GIVEN = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))

for name in [name for name in os.environ if name.startswith("LICSTATS_") and name not in KEPT]:
    del os.environ[name]
FOLDER = Path(tempfile.mkdtemp(prefix=PREFIX))
os.environ["LICSTATS_DATA"] = str(FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "licstats.settings"  # read now that the folder is known
if GIVEN:
    os.environ["LICSTATS_SECRET_KEY"] = "tests only, with services of the one who runs them"
django.setup()  # conftest files of folders below import models


def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than cores: where a test waits for a browser or for a program to start, another goes on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one is for real logins
    settings.WHITENOISE_AUTOREFRESH = True  # or each client of a test would look at every static file first
    # Else further processes of this run would read settings before their folder; importing the Celery app sets it too.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    config.add_cleanup(lambda: shutil.rmtree(FOLDER, ignore_errors=True))
    shares_out = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if not GIVEN and not shares_out:  # with several processes each has services, and the one that shares out none
        config.add_cleanup(_start_services())


def _start_services() -> Callable[[], None]:
    """Starts both and returns what stops them."""
    from licstats.embedded.layout import Layout
    from licstats.embedded.lock import DataFolderLock, InUse
    from licstats.embedded.supervisor import DataFolder

    for left in FOLDER.parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(InUse, OSError):  # runs that were killed leave their folders behind
            if time.time() - (left / "lock").stat().st_mtime > LEFT_AFTER:
                lock = DataFolderLock(Layout(left))
                lock.acquire()
                shutil.rmtree(left, ignore_errors=True)
                lock.release()
    folder = DataFolder(Layout(FOLDER))
    with contextlib.ExitStack() as stack:
        stack.enter_context(folder)
        folder.start_services(durable=False)
        stack.pop_all()

    return folder.stop


@pytest.fixture
def redis() -> Iterator[redis_client.Redis]:
    """The broker of this run, empty."""
    from django.conf import settings

    with redis_client.Redis.from_url(settings.LICSTATS_REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock stands at the time that the factories speak of."""
    import time_machine

    from tests.factories import NOON

    with time_machine.travel(NOON, tick=False):
        yield
