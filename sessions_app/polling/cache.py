"""What this process read of each license server last, so that only what differs is parsed and stored."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from licstats.managers.base import Memo
from licstats.managers.reading import Reading
from licstats.models import LicenseServer

MOST_SESSIONS = 400_000  # about 1 kB each


@dataclass(slots=True)
class Last:
    """The memo of a server's reader, and the reading that was stored last with what the database said after it."""

    memo: Memo = field(default_factory=Memo)
    reading: Reading | None = None
    revision: int = -1
    digest: bytes = b""

    @property
    def sessions(self) -> int:
        return sum(len(feature.sessions) for feature in self.reading.features) if self.reading else 0

    def previous(self, server: LicenseServer) -> Reading | None:
        """The reading, if it is still what the database holds."""
        same = (self.revision, self.digest) == (server.revision, bytes(server.digest))
        return self.reading if same else None


class Readings:
    """The last readings of the servers that were polled most recently, bounded by the sessions that they hold.

    One poll at a time has a server (its advisory lock); the threads of a worker share this.
    """

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self.most = most
        self._lock = Lock()
        self._by_server: OrderedDict[int, tuple[Last, int]] = OrderedDict()
        self._held = 0

    def take(self, server: LicenseServer) -> Last:
        """Taken out while it is used, so that what an error leaves half done is not found again."""
        with self._lock:
            last, held = self._by_server.pop(server.pk, (Last(), 0))
            self._held -= held
        return last

    def keep(self, server: LicenseServer, last: Last) -> None:
        """The least recently polled are forgotten where it becomes too much."""
        held = last.sessions + 1
        with self._lock:
            _, replaced = self._by_server.pop(server.pk, (last, 0))
            self._held += held - replaced
            self._by_server[server.pk] = (last, held)
            while self._held > self.most and self._by_server:
                self._held -= self._by_server.popitem(last=False)[1][1]
