"""The supervisor of a data folder: it holds the folder's lock and runs PostgreSQL and Redis for the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from licstats.embedded.layout import Layout
from licstats.embedded.lock import DataFolderLock
from licstats.embedded.postgres import Postgres
from licstats.embedded.redis_server import RedisServer
from licstats.processes.child import Child
from licstats.processes.supervisor import Supervisor, quiet


class DataFolder(Supervisor):
    """Use as a context. A folder that is in use raises lock.InUse, and nothing is started."""

    def __init__(self, layout: Layout, say: Callable[[str], None] = quiet) -> None:
        super().__init__(say)
        self.layout = layout
        self.lock = DataFolderLock(layout)

    def __enter__(self) -> Self:
        for name in self.lock.acquire():
            self.say(f"{name} ended: an earlier run that was killed had left it behind")
        return self

    def start_services(self, *, durable: bool = True) -> None:
        """PostgreSQL and Redis, ready for use. `durable` false: for data that nobody keeps."""
        postgres = Postgres(self.layout, durable=durable)
        self.start(postgres)
        if self.layout.postgres.is_symlink():
            self.say(
                f"PostgreSQL runs as {postgres.account.name}, which cannot enter {self.layout.data}: "
                f"its files are in {self.layout.postgres.resolve()}"
            )
        self.start(RedisServer(self.layout, durable=durable))

    def started(self, child: Child) -> None:
        self.lock.note(child)

    def stop(self) -> None:
        super().stop()
        self.lock.release()
