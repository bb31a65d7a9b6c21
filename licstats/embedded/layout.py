"""Where the embedded services keep their files. Paths only; no wheel is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from licstats.processes.sockets import socket_folder


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one installation's data folder."""

    data: Path

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def sockets(self) -> Path:
        """A private folder whose socket paths are short enough, for any data folder."""
        return socket_folder(self.data / "run", ".s.PGSQL.5432", "licstats")

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}"
