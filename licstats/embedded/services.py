"""PostgreSQL and Redis of one data folder, started and stopped together by whoever holds its lock."""

from __future__ import annotations

from types import TracebackType

from licstats.embedded.child import Child
from licstats.embedded.layout import Layout
from licstats.embedded.lock import DataFolderLock
from licstats.embedded.postgres import Postgres
from licstats.embedded.redis_server import RedisServer


class Services:
    """Use as a context, or by start and stop. A data folder that is in use raises lock.InUse, and nothing starts."""

    def __init__(self, layout: Layout, *, durable: bool = True) -> None:
        self.lock = DataFolderLock(layout)
        self.postgres = Postgres(layout, durable=durable)
        self.redis = RedisServer(layout, durable=durable)
        self.running: list[Child] = []

    def start(self) -> None:
        self.lock.acquire()
        try:
            for service in (self.postgres, self.redis):
                child = service.prepare()
                child.start()
                self.running.append(child)
                self.lock.note(child)
            for service, child in zip((self.postgres, self.redis), self.running, strict=True):
                service.wait_ready(child)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends what is running, the last started first, and gives the data folder free."""
        while self.running:
            self.running.pop().stop()
        self.lock.release()

    def __enter__(self) -> Services:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
