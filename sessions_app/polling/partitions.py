"""Months of the append-only tables: created ahead, filled from the default partition, dropped when they expire.

A row whose month has no partition goes to the default one, so that nothing is lost; it is moved later. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from psycopg.sql import SQL, Identifier, Literal

AHEAD = 3  # months

log = structlog.get_logger("licstats.polling")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month of UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> Month:
        at = at.astimezone(UTC)
        return cls(at.year, at.month)

    def plus(self, months: int) -> Month:
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)

    @property
    def begin(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def suffix(self) -> str:
        return f"y{self.year:04}m{self.month:02}"


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table with a partition for each month of `column`, and a default one."""

    name: str
    column: str

    @property
    def default(self) -> Identifier:
        return Identifier(f"{self.name}_default")

    def partition(self, month: Month) -> str:
        return f"{self.name}_{month.suffix}"

    def months(self) -> set[Month]:
        """The months that have a partition."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = %s::regclass",
                [self.name],
            )
            suffixes = [name.removeprefix(f"{self.name}_") for (name,) in cursor.fetchall()]
        return {Month(int(s[1:5]), int(s[6:])) for s in suffixes if s[:1] == "y"}

    def stray_months(self) -> set[Month]:
        """The months of rows that are in the default partition."""
        query = SQL("SELECT DISTINCT date_trunc('month', {} AT TIME ZONE 'UTC') FROM {}")
        with connection.cursor() as cursor:
            cursor.execute(query.format(Identifier(self.column), self.default))
            return {Month(begin.year, begin.month) for (begin,) in cursor.fetchall()}

    def create(self, month: Month) -> None:
        """Makes the partition of `month` and moves what the default one held of it, at once for all readers."""
        names = {
            "parent": Identifier(self.name),
            "partition": Identifier(self.partition(month)),
            "default": self.default,
            "column": Identifier(self.column),
            "begin": Literal(month.begin),
            "end": Literal(month.plus(1).begin),
        }
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (
                "LOCK TABLE {parent} IN SHARE ROW EXCLUSIVE MODE",
                "CREATE TABLE {partition} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
                "WITH moved AS (DELETE FROM {default} WHERE {column} >= {begin} AND {column} < {end} RETURNING *) "
                "INSERT INTO {partition} SELECT * FROM moved",
                "ALTER TABLE {parent} ATTACH PARTITION {partition} FOR VALUES FROM ({begin}) TO ({end})",
            ):
                cursor.execute(SQL(statement).format(**names))

    def drop(self, month: Month) -> None:
        with connection.cursor() as cursor:
            cursor.execute(SQL("DROP TABLE {}").format(Identifier(self.partition(month))))

    def delete_before(self, month: Month) -> None:
        """Removes expired rows that never got a partition."""
        query = SQL("DELETE FROM {} WHERE {} < {}")
        with connection.cursor() as cursor:
            cursor.execute(query.format(self.default, Identifier(self.column), Literal(month.begin)))


TABLES = (
    PartitionedTable("sessions_app_closedsession", "closed_at"),
    PartitionedTable("sessions_app_sessionchange", "until"),
    PartitionedTable("sessions_app_usageinterval", "ended_at"),
    PartitionedTable("sessions_app_usagehour", "started_at"),
)


def maintain(now: datetime | None = None) -> None:
    """Creates this month and the next three, and months of stray rows; drops months whose retention ended.

    `LICSTATS_RETENTION_MONTHS` full months are kept besides the current one; 0 keeps everything.
    """
    current = Month.of(now or timezone.now())
    kept_from = current.plus(-settings.LICSTATS_RETENTION_MONTHS) if settings.LICSTATS_RETENTION_MONTHS else None
    for table in TABLES:
        if kept_from:
            table.delete_before(kept_from)
        for month in sorted(table.months()):
            if kept_from and month < kept_from:
                table.drop(month)
                log.info("partition dropped", table=table.name, month=month.suffix)
        wanted = {current.plus(n) for n in range(AHEAD + 1)} | table.stray_months()
        for month in sorted(wanted - table.months()):
            table.create(month)
            log.info("partition created", table=table.name, month=month.suffix)


def missing(now: datetime | None = None) -> Iterator[str]:
    """The partitions of this month and the next that are not there, by name."""
    current = Month.of(now or timezone.now())
    for table in TABLES:
        for month in (current, current.plus(1)):
            if month not in table.months():
                yield table.partition(month)
