"""The figures of features: what stands on the feature now, and the interval that ends when they change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from licstats.aggregates import LARGEST
from licstats.managers.reading import FeatureReading, QueuedReading, ReservationReading
from licstats.models import Feature, LicenseServer
from sessions_app.models import UsageInterval
from sessions_app.polling.matching import Identity, free_place, identity, match, merged

INTERVALS_TO_A_GAP = 5  # a reading that is older than so many intervals does not tell what was in between
A_MOMENT = timedelta(microseconds=1)  # how long a reading is known to stand that nothing confirms
CURRENT = ("used", "borrowed", "reserved", "queued", "total")
TYPES = {
    "id": "bigint", "vendor": "text", "name": "text", "version": "text", "type": "text", "place": "smallint",
    "version_listed": "boolean", "total": "bigint", "used": "bigint", "borrowed": "bigint", "reserved": "bigint",
    "queued": "bigint", "denied": "bigint", "expires": "date", "expired": "boolean", "permanent": "boolean",
    "adds_up": "boolean", "since": "timestamptz", "last_listed_at": "timestamptz",
    "reservations": "jsonb", "queue": "jsonb",
}  # fmt: skip
UPDATE = """
UPDATE licstats_feature f SET {assignments}
FROM jsonb_to_recordset(%s::jsonb) AS n({columns}) WHERE f.id = n.id
""".format(
    assignments=", ".join(f"{name} = n.{name}" for name in TYPES if name != "id"),
    columns=", ".join(f"{name} {type_}" for name, type_ in TYPES.items()),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a reading was made, and the last good one before it."""

    at: datetime
    before: datetime | None
    interval: timedelta

    @classmethod
    def of(cls, server: LicenseServer, at: datetime) -> Moment:
        """A clock that was set back does not make time run backwards."""
        return cls(max(at, server.read_at) if server.read_at else at, server.read_at, server.interval)

    @property
    def gap(self) -> bool:
        """Whether too long has passed since the reading before this one to say what was in between."""
        return self.before is not None and self.at - self.before > INTERVALS_TO_A_GAP * self.interval


@dataclass(slots=True)
class FeatureStore:
    """Brings the features of one license server up to a reading; `save` writes what changed."""

    server: LicenseServer
    moment: Moment
    rows: list[Feature] = field(init=False)
    taken: set[Identity] = field(init=False)
    intervals: list[UsageInterval] = field(default_factory=list)
    changed: list[Feature] = field(default_factory=list)
    added: list[Feature] = field(default_factory=list)
    renamed: bool = False

    @property
    def day(self) -> date:
        """Of the reading, where the license server is."""
        return self.moment.at.astimezone(self.server.zone).date()

    def __post_init__(self) -> None:
        rows = list(Feature.objects.filter(server=self.server).order_by("pk").select_for_update(no_key=True))
        self.rows = sorted(rows, key=lambda row: (row.last_listed_at is not None, row.place, row.pk))
        self.taken = {identity(row) for row in rows}

    def store(self, readings: Sequence[FeatureReading]) -> list[Feature]:
        """The rows of the readings' features, in their order, saved."""
        found = match(readings, self.rows)
        listed = [
            self._bring_up(row, reading) if row else self._add(reading)
            for row, reading in zip(found, readings, strict=True)
        ]
        kept = {id(row) for row in found if row}
        for row in self.rows:
            if id(row) not in kept:
                self._leave_out(row)
        self._save()
        return listed

    def suspend(self) -> None:
        """The server does not answer: what is not known any more ends at the last good reading."""
        for row in self.rows:
            if row.since is not None:
                self._end(row, self.moment.before)
                row.since = None
                self.changed.append(row)
        self._save()

    def _bring_up(self, row: Feature, reading: FeatureReading) -> Feature:
        new = figures(reading, self.day)
        differs = any(getattr(row, name) != new[name] for name in new)
        moved = any(getattr(row, name) != new[name] for name in CURRENT)
        renamed = self._rename(row, reading)
        since = self._since(row, moved)
        if differs or renamed or since != row.since or row.last_listed_at is not None:
            row.since, row.last_listed_at = since, None
            for name, value in new.items():
                setattr(row, name, value)
            self.changed.append(row)
        return row

    def _since(self, row: Feature, moved: bool) -> datetime:
        """Since when the new figures stand; the interval of the old ones ends."""
        if row.since is None:
            return self.moment.at
        if self.moment.gap:
            self._end(row, self.moment.before)
            return self.moment.at
        if moved and self.moment.at > row.since:  # what was corrected at the same moment did not stand
            self._end(row, self.moment.at)
            return self.moment.at
        return row.since

    def _rename(self, row: Feature, reading: FeatureReading) -> bool:
        """Takes over what the reading says about the identity, unless another row has that one."""
        old, (new, listed) = identity(row), merged(row, reading)
        if new != old and new not in self.taken:
            self.taken.add(new)
            row.vendor, row.name, row.version, row.type, row.place = new
            row.version_listed = listed
            self.renamed = True
            return True
        if listed != row.version_listed and new == old:
            row.version_listed = listed
            return True
        return False

    def _add(self, reading: FeatureReading) -> Feature:
        new = free_place(identity(reading), self.taken)
        row = Feature(
            server=self.server,
            **new._asdict(),
            **figures(reading, self.day),
            version_listed=reading.version_listed,
            since=self.moment.at,
        )
        self.added.append(row)
        self.renamed = True
        return row

    def _leave_out(self, row: Feature) -> None:
        """The server answers, but does not list this feature any more."""
        if row.last_listed_at is None or row.since is not None:
            row.last_listed_at = row.last_listed_at or self.moment.before or self.moment.at
            self._end(row, row.last_listed_at)
            row.since = None
            self.changed.append(row)
            self.renamed = True

    def _end(self, row: Feature, at: datetime | None) -> None:
        """Figures of a single reading have an interval of their own, be it that the ones before ended with them."""
        if at is None or row.since is None or at < row.since:
            return
        at = max(at, row.since + A_MOMENT)
        current = {name: getattr(row, name) for name in CURRENT}
        self.intervals.append(UsageInterval(feature_id=row.pk, started_at=row.since, ended_at=at, **current))

    def _save(self) -> None:
        UsageInterval.objects.bulk_create(self.intervals, ignore_conflicts=True)
        if self.changed:
            values = [{name: getattr(row, name) for name in TYPES} for row in self.changed]
            with connection.cursor() as cursor:
                cursor.execute(UPDATE, [json.dumps(values, default=str)])
        Feature.objects.bulk_create(self.added)

    def __bool__(self) -> bool:
        """Whether anything of any feature changed."""
        return bool(self.changed or self.added)


def figures(reading: FeatureReading, day: date) -> dict[str, Any]:
    """What a reading of that day says of a feature, as the columns of its row.

    The reader sums what is valid on that day, and all where nothing is: then the date that it tells is past.
    """
    return {
        "total": bounded(reading.total),
        "used": bounded(reading.used),
        "borrowed": bounded(reading.borrowed),
        "reserved": bounded(reading.reserved),
        "queued": bounded(reading.queued),
        "denied": bounded(reading.denied),
        "expires": reading.expires,
        "expired": reading.expires is not None and reading.expires < day,
        "permanent": reading.permanent,
        "adds_up": reading.adds_up,
        "reservations": _reservations(reading.reservations),
        "queue": _queue(reading.queue),
    }


def bounded(count: int | None) -> int | None:
    """A count that can be added up, whatever was printed."""
    return None if count is None else max(-LARGEST, min(count, LARGEST))


def _reservations(reservations: Iterable[ReservationReading]) -> list[dict[str, Any]]:
    return [{"kind": r.kind, "name": r.name, "count": r.count} for r in reservations]


def _queue(queue: Iterable[QueuedReading]) -> list[dict[str, Any]]:
    return [{"user": q.user, "host": q.host, "display": q.display, "count": q.count} for q in queue]
