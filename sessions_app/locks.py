"""PostgreSQL's advisory locks: what one process at a time does to a license server. They end with their connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import Error, connection


class Lock(IntEnum):
    """Names the locks of one kind of work among the database's advisory locks."""

    POLLING = 0x9011
    CLOSING = 0x10C5

    @contextmanager
    def of(self, server_id: int) -> Iterator[bool]:
        """Holds the lock of that server inside the block; False, at once, where somebody else has it."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [self.value, server_id])
            held = bool(cursor.fetchone()[0])
        try:
            yield held
        finally:
            if held:
                self._let_go(server_id)

    def held_servers(self) -> set[int]:
        """Ids of servers whose lock somebody has now. Looks without trying the locks."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %s"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                [self.value],
            )
            return {row[0] for row in cursor.fetchall()}

    def _let_go(self, server_id: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [self.value, server_id])
        except Error:
            connection.close()  # the lock went, or goes, with the connection
