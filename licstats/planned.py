"""Queries that every request or every open page asks: PostgreSQL plans them once for each connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def first_row(sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The first row of a query of which planning takes longer than answering; an empty one where it has none.

    Django's own cursor writes the values into the text, which PostgreSQL plans anew each time. psycopg's sends them
    beside it, and prepares what is asked often (`prepare_threshold` in the settings). Their types follow from the text.
    """
    with connection.cursor() as cursor:  # Django's: it checks the connection, and its errors are Django's
        if not connection.queries_logged:  # a prepared query has no text to be logged
            cursor.cursor = psycopg.Cursor(cursor.connection)
        cursor.execute(sql, params)
        return cursor.fetchone() or ()
