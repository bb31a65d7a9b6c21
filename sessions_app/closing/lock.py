"""One process at a time closes sessions on a license server. PostgreSQL's lock ends with its connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

KIND = 0x10C5  # names the locks of closing among the database's advisory locks


@contextmanager
def closing_on(server_id: int) -> Iterator[bool]:
    """Holds the lock of that server inside the block; False, at once, where somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [KIND, server_id])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            _let_go(server_id)


def held_servers() -> set[int]:
    """Ids of servers on which somebody closes sessions now. Looks without trying the locks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [KIND],
        )
        return {row[0] for row in cursor.fetchall()}


def _let_go(server_id: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [KIND, server_id])
    except DatabaseError:
        connection.close()  # the lock went, or goes, with the connection
