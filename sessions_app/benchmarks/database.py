"""A database of its own for the benchmarks, on the PostgreSQL of the installation: made, used, dropped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client


@contextmanager
def throw_away_database() -> Iterator[str]:
    """Django's connection leads to a new, migrated database until the block ends. Needs the right to make one."""
    own = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"licstats_bench_{os.getpid()}"
    creation = connection.creation
    name = creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield name
    finally:
        creation.destroy_test_db(own, verbosity=0)


def empty(*tables: str) -> None:
    """Removes all rows of `tables` and of what refers to them, and tells the planner."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        cursor.execute("VACUUM ANALYZE")


def signed_in() -> Client:
    """A client that asks pages as a login that sees everything."""
    client = Client(SERVER_NAME="localhost")
    superuser = get_user_model().objects.create_superuser("bench")
    client.force_login(superuser, backend="groups_app.logins.LoginBackend")
    return client
