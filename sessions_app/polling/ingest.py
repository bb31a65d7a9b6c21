"""One reading into the database, in one transaction: features, sessions, usage, and what `/servers/` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import is_

from django.db import transaction

from licstats.managers.collecting import without_collecting
from licstats.managers.reading import FeatureReading, Reading, SessionReading, Verdict
from licstats.models import Feature, LicenseServer
from sessions_app.polling.figures import FeatureStore, Moment
from sessions_app.polling.pools import store_pools
from sessions_app.polling.report import reason, store_report
from sessions_app.polling.sessions import (
    NOTHING,
    Cell,
    SessionCounts,
    SessionStore,
    Verdicts,
    changed_cells,
    of_cells,
)
from sessions_app.polling.trust import Missing, Trust


@dataclass(frozen=True, slots=True)
class Stored:
    """What one reading changed, and the server's revision after it."""

    revision: int
    changed: bool
    sessions: SessionCounts = NOTHING


def ingest(
    server: LicenseServer,
    reading: Reading,
    previous: Reading | None = None,
    digest: Callable[[], bytes] | None = None,
) -> Stored:
    """Stores `reading` and returns what it changed. `server` is brought up to date as well.

    `previous`: the reading that was stored last, where the caller knows that nothing was stored since; then only
    what is not the same object in both goes to the database. `digest` makes what stands for the outputs that were
    read: where it is that of the reading stored last, by whichever process, only the time is written.
    """
    with without_collecting(), transaction.atomic():
        previous = _lock(server, previous)
        if reading.verdict is Verdict.FAILED:
            return _store_failed(server, reading)
        return _Ingest(server, reading, previous).store(digest)


class _Ingest:
    """A reading that did not fail, while it is stored."""

    def __init__(self, server: LicenseServer, reading: Reading, previous: Reading | None) -> None:
        self.server = server
        self.reading = reading
        self.moment = Moment.of(server, reading.at)
        self.previous = previous
        self.sessions = SessionStore(server.pk, self.moment.at, self.moment.before)

    def store(self, make_digest: Callable[[], bytes] | None) -> Stored:
        unconfirmed = self.sessions.unconfirmed_cells()
        settled = not unconfirmed and not self.moment.gap and not self.server.failures
        if settled and self._is_same():
            return self._record(changed=False, digest=bytes(self.server.digest))
        digest = make_digest() if make_digest else b""
        if settled and digest and digest == bytes(self.server.digest):
            return self._record(changed=False, digest=digest)
        features = FeatureStore(self.server, self.moment)
        rows = features.store(self.reading.features)
        changed = bool(features) | store_pools(rows, self.reading.features)
        counts = self._store_sessions(features, rows, unconfirmed)
        changed |= store_report(self.server.pk, self.reading)
        return self._record(changed=changed, digest=digest, sessions=counts)

    def _record(self, *, changed: bool, digest: bytes, sessions: SessionCounts = NOTHING) -> Stored:
        return _record(self.server, self.reading, self.moment.at, changed=changed, digest=digest, sessions=sessions)

    def _is_same(self) -> bool:
        previous, reading = self.previous, self.reading
        return (
            previous is not None
            and len(previous.features) == len(reading.features)
            and all(map(is_, previous.features, reading.features))
            and (previous.servers, previous.daemons, previous.problems, previous.status, previous.verdict)
            == (reading.servers, reading.daemons, reading.problems, reading.status, reading.verdict)
        )

    def _store_sessions(self, features: FeatureStore, rows: Sequence[Feature], unconfirmed: set[Cell]) -> SessionCounts:
        verdicts = self._verdicts(features, rows)
        listed = [(row.pk, feature.sessions) for row, feature in zip(rows, self.reading.features, strict=True)]
        previous = None if features.renamed else self._previous_sessions()
        if previous is None:
            return self.sessions.store_all(listed, verdicts, renamed=features.renamed)
        cells = unconfirmed
        for old, (feature_id, new) in zip(previous, listed, strict=True):
            cells.update(changed_cells(feature_id, old, new))
        return self.sessions.store_cells(cells, of_cells(listed, cells), verdicts) if cells else NOTHING

    def _previous_sessions(self) -> list[Sequence[SessionReading]] | None:
        """For each feature of the reading its sessions in the previous one; None where the two list not the same."""
        old = {_key(feature): feature.sessions for feature in self.previous.features} if self.previous else {}
        keys = [_key(feature) for feature in self.reading.features]
        if self.previous is None or not len(old) == len(self.previous.features) == len(keys) or old.keys() != set(keys):
            return None
        return [old[key] for key in keys]

    def _verdicts(self, features: FeatureStore, rows: Sequence[Feature]) -> Verdicts:
        trust = Trust(self.reading)
        listed: Mapping[int, FeatureReading] = {
            row.pk: feature for row, feature in zip(rows, self.reading.features, strict=True)
        }
        by_meaning: dict[Missing, list[int]] = {meaning: [] for meaning in Missing}
        for row in (*features.rows, *features.added):
            by_meaning[trust.of(listed.get(row.pk), row.vendor, row.name)].append(row.pk)
        return Verdicts(by_meaning[Missing.ENDED], by_meaning[Missing.COUNTED])


def _key(feature: FeatureReading) -> tuple[object, ...]:
    """What stays the same of a feature while it is now in use and now idle."""
    version = feature.version if feature.version_listed else None
    return feature.vendor, feature.name, version, feature.place


def _lock(server: LicenseServer, previous: Reading | None) -> Reading | None:
    """Holds the server's row until the transaction ends; `previous`, unless something was stored meanwhile.

    What only refers to the server (what a login hides, members of a group) need not wait for it.
    """
    revision = server.revision
    server.refresh_from_db(from_queryset=LicenseServer.objects.select_for_update(no_key=True))
    return previous if server.revision == revision else None


def _store_failed(server: LicenseServer, reading: Reading) -> Stored:
    """Sessions stay as they are; usage ends at the last good reading."""
    features = FeatureStore(server, Moment.of(server, reading.at))
    features.suspend()
    changed = bool(features) | store_report(server.pk, reading)
    server.failures += 1
    return _record(server, reading, server.read_at, changed=changed, digest=bytes(server.digest))


def _record(
    server: LicenseServer,
    reading: Reading,
    read_at: datetime | None,
    *,
    changed: bool,
    digest: bytes,
    sessions: SessionCounts = NOTHING,
) -> Stored:
    """The server's own row, always; its revision moves on where something that pages show is different."""
    failed = reading.verdict is Verdict.FAILED
    state = {"status": str(reading.status), "verdict": str(reading.verdict), "reason": reason(reading)}
    changed = changed or bool(sessions) or any(getattr(server, name) != value for name, value in state.items())
    fields = {
        **state,
        "asked_at": reading.at,
        "read_at": read_at,
        "failures": server.failures if failed else 0,
        "clock_offset": reading.reported_at - reading.at if reading.reported_at else None,
        "revision": server.revision + changed,
        "digest": digest,
    }
    for name, value in fields.items():
        setattr(server, name, value)
    server.save(update_fields=fields)
    return Stored(server.revision, changed, sessions)
