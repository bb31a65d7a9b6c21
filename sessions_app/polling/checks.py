"""What is wrong with the partitions, as a check of Django: `licstats check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connection

from sessions_app.polling import partitions


@checks.register(checks.Tags.database)
def months_have_partitions(databases: Sequence[str] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warns where this month or the next has none; before the tables exist there is nothing to say."""
    if not databases or connection.alias not in databases:
        return []
    if not {table.name for table in partitions.TABLES} <= set(connection.introspection.table_names()):
        return []
    missing = list(partitions.missing())
    if not missing:
        return []
    return [
        checks.Warning(
            f"{len(missing)} partitions of this month and the next are missing, such as {missing[0]}.",
            hint="Nothing is lost: rows wait in the default partition. See that beat and a worker of the queue "
            "'maintenance' run; they make partitions every hour.",
            id="sessions_app.W001",
        )
    ]
