"""The sessions of a reading against those that are stored: one set-based difference, written in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from licstats.managers.reading import SessionReading
from sessions_app.polling.rows import COLUMNS, LONGEST, lines, placed, storable
from sessions_app.polling.trust import READINGS_TO_CLOSE

Cell = tuple[int, str]  # feature id and user: what is compared as a whole, on both sides
SessionsByFeature = Sequence[tuple[int, Sequence[SessionReading]]]

# The statements below are put together from constants of this file only.
PREPARE = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS polled_session ON COMMIT DELETE ROWS
    AS SELECT {COLUMNS} FROM sessions_app_opensession WITH NO DATA;
CREATE TEMPORARY TABLE IF NOT EXISTS polled_cell (feature_id bigint, "user" text) ON COMMIT DELETE ROWS;
DELETE FROM polled_session;
DELETE FROM polled_cell;
"""  # noqa: S608
EQUAL = """
    {0}."user" = {1}."user" AND {0}.host = {1}.host AND {0}.display = {1}.display AND {0}.handle = {1}.handle
    AND {0}.place = {1}.place AND coalesce({0}.checked_out_at, '-infinity') = coalesce({1}.checked_out_at, '-infinity')
"""
IDENTITY = "o.feature_id = p.feature_id AND " + EQUAL.format("o", "p")
STORED_ALL = "SELECT * FROM sessions_app_opensession WHERE server_id = %(server)s"
STORED_CELLS = """
    SELECT o.* FROM polled_cell c
    JOIN sessions_app_opensession o ON o.feature_id = c.feature_id AND o."user" = c."user"
"""
# A borrow expiration that is computed from minutes wobbles: two minutes of difference are none.
BORROW_DIFFERS = """
    coalesce(abs(extract(epoch FROM o.borrow_expires_at - p.borrow_expires_at)) > 120,
             o.borrow_expires_at IS DISTINCT FROM p.borrow_expires_at)
"""
STORE = """
WITH stored AS MATERIALIZED ({stored}),
difference AS MATERIALIZED (
    SELECT o.id, o.feature_id AS old_feature_id, o.used AS old_used, o.borrow_expires_at AS old_borrow_expires_at,
           o.missed AS old_missed, {borrow_differs} AS borrow_differs, p.*
    FROM stored o FULL JOIN polled_session p ON {identity}
    WHERE o.id IS NULL OR p.server_id IS NULL OR o.last_seen_at IS NOT NULL OR {borrow_differs}
       OR (o.used, o.linger, o.ip, o.version, o.server_host, o.port, o.raw)
          IS DISTINCT FROM (p.used, p.linger, p.ip, p.version, p.server_host, p.port, p.raw)
),
opened AS (
    INSERT INTO sessions_app_opensession ({columns})
    SELECT {columns} FROM difference WHERE id IS NULL
    ON CONFLICT DO NOTHING RETURNING 1
),
history AS (
    INSERT INTO sessions_app_sessionchange (session_id, until, used, borrow_expires_at)
    SELECT id, %(at)s, old_used, old_borrow_expires_at FROM difference
    WHERE id IS NOT NULL AND server_id IS NOT NULL AND (old_used <> used OR borrow_differs)
    ON CONFLICT DO NOTHING
),
changed AS (
    UPDATE sessions_app_opensession o
    SET used = d.used, linger = d.linger, ip = d.ip, version = d.version, server_host = d.server_host, port = d.port,
        raw = d.raw, last_seen_at = NULL, missed = 0,
        borrow_expires_at = CASE WHEN d.borrow_differs THEN d.borrow_expires_at ELSE o.borrow_expires_at END
    FROM difference d WHERE o.id = d.id AND d.server_id IS NOT NULL
    RETURNING 1
),
missing AS (
    SELECT id,
           old_feature_id = ANY(%(ended)s)
           OR (old_feature_id = ANY(%(counted)s) AND old_missed + 1 >= %(readings)s) AS ended,
           CASE WHEN old_feature_id = ANY(%(counted)s) THEN old_missed + 1 ELSE 0 END AS missed
    FROM difference WHERE server_id IS NULL
),
gone AS (
    DELETE FROM sessions_app_opensession o USING missing m WHERE o.id = m.id AND m.ended RETURNING o.*
),
closed AS (
    INSERT INTO sessions_app_closedsession (
        id, closed_at, last_seen_at, server_id, feature_id, "user", host, ip, display, version, server_host, port,
        handle, place, used, checked_out_at, borrow_expires_at, linger, raw, first_seen_at)
    SELECT id, %(at)s, coalesce(last_seen_at, %(before)s, first_seen_at), server_id, feature_id, "user", host, ip,
           display, version, server_host, port, handle, place, used, checked_out_at, borrow_expires_at, linger, raw,
           first_seen_at
    FROM gone RETURNING 1
),
unconfirmed AS (
    UPDATE sessions_app_opensession o
    SET last_seen_at = coalesce(o.last_seen_at, %(before)s, o.first_seen_at), missed = m.missed
    FROM missing m WHERE o.id = m.id AND NOT m.ended
    RETURNING 1
)
SELECT (SELECT count(*) FROM opened), (SELECT count(*) FROM closed), (SELECT count(*) FROM changed),
       (SELECT count(*) FROM unconfirmed)
"""
# A heading that is split into its versions, or put together again: a session that was under one row of that name
# and is now under another is the same session.
MOVE = f"""
WITH moved AS (
    SELECT DISTINCT ON (p.feature_id, p."user", p.host, p.display, p.handle, p.checked_out_at, p.place)
           o.id, p.feature_id
    FROM sessions_app_opensession o
    JOIN licstats_feature old ON old.id = o.feature_id
    JOIN licstats_feature new ON new.server_id = old.server_id AND new.name = old.name AND new.id <> old.id
    JOIN polled_session p ON p.feature_id = new.id AND {EQUAL.format("o", "p")}
    WHERE o.server_id = %(server)s
      AND NOT EXISTS (SELECT FROM polled_session q WHERE q.feature_id = o.feature_id AND {EQUAL.format("o", "q")})
      AND NOT EXISTS (
          SELECT FROM sessions_app_opensession x WHERE x.feature_id = p.feature_id AND {EQUAL.format("x", "p")})
    ORDER BY p.feature_id, p."user", p.host, p.display, p.handle, p.checked_out_at, p.place, o.id
)
UPDATE sessions_app_opensession o SET feature_id = m.feature_id FROM moved m WHERE o.id = m.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """What one reading did to the open sessions of its server; `unconfirmed` is how many are so after it."""

    opened: int = 0
    closed: int = 0
    changed: int = 0
    unconfirmed: int = 0

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.changed or self.unconfirmed)


NOTHING = SessionCounts()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Features whose missing sessions have ended, and those where a missing session is counted; see `Missing`."""

    ended: Sequence[int]
    counted: Sequence[int]


class SessionStore:
    """Brings the open sessions of one license server up to a reading. The server's row is locked by the caller."""

    def __init__(self, server_id: int, at: datetime, before: datetime | None) -> None:
        """`at` is the time of the reading, `before` that of the last one before it, if any."""
        self.server_id = server_id
        self.at = at
        self.before = before

    def store_all(self, sessions: SessionsByFeature, verdicts: Verdicts, *, renamed: bool) -> SessionCounts:
        """Where it is not known what the last reading held: every session is compared.

        `renamed`: features have come or gone, and sessions may have gone with them to another row.
        """
        with connection.cursor() as cursor:
            if not self._has_any(cursor):
                return SessionCounts(opened=self._copy(cursor, "sessions_app_opensession", sessions))
            cursor.execute(PREPARE)
            if self._copy(cursor, "polled_session", sessions) > 1000:
                cursor.execute("ANALYZE polled_session")
            if renamed:
                cursor.execute(MOVE, {"server": self.server_id})
            return self._store(cursor, STORED_ALL, verdicts)

    def store_cells(self, cells: set[Cell], sessions: SessionsByFeature, verdicts: Verdicts) -> SessionCounts:
        """Only the sessions of `cells` are compared; `sessions` are all that the reading holds in them."""
        with connection.cursor() as cursor:
            cursor.execute(PREPARE)
            with cursor.copy('COPY polled_cell (feature_id, "user") FROM STDIN') as copy:
                for cell in cells:
                    copy.write_row(cell)
            if self._copy(cursor, "polled_session", sessions) > 1000:
                cursor.execute("ANALYZE polled_session; ANALYZE polled_cell")
            return self._store(cursor, STORED_CELLS, verdicts)

    def unconfirmed_cells(self) -> set[Cell]:
        """The cells of sessions that an earlier reading could not account for."""
        with connection.cursor() as cursor:
            cursor.execute(
                'SELECT DISTINCT feature_id, "user" FROM sessions_app_opensession '
                "WHERE server_id = %s AND last_seen_at IS NOT NULL",
                [self.server_id],
            )
            return set(cursor.fetchall())

    def _has_any(self, cursor: CursorWrapper) -> bool:
        cursor.execute("SELECT EXISTS (SELECT FROM sessions_app_opensession WHERE server_id = %s)", [self.server_id])
        return bool(cursor.fetchone()[0])

    def _copy(self, cursor: CursorWrapper, table: str, sessions: SessionsByFeature) -> int:
        with cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy:
            for feature_id, of_feature in sessions:
                copy.write(lines(self.server_id, self.at, feature_id, placed(storable(of_feature))))
        return sum(len(of_feature) for _, of_feature in sessions)

    def _store(self, cursor: CursorWrapper, stored: str, verdicts: Verdicts) -> SessionCounts:
        statement = STORE.format(stored=stored, identity=IDENTITY, borrow_differs=BORROW_DIFFERS, columns=COLUMNS)
        cursor.execute(
            statement,
            {
                "server": self.server_id,
                "at": self.at,
                "before": self.before,
                "ended": list(verdicts.ended),
                "counted": list(verdicts.counted),
                "readings": READINGS_TO_CLOSE,
            },
        )
        return SessionCounts(*cursor.fetchone())


def of_cells(features: SessionsByFeature, cells: set[Cell]) -> SessionsByFeature:
    """The sessions of a reading that lie in `cells`."""
    users: dict[int, set[str]] = {}
    for feature_id, user in cells:
        users.setdefault(feature_id, set()).add(user)
    return [
        (feature_id, _of_users(sessions, users[feature_id])) for feature_id, sessions in features if feature_id in users
    ]


def _of_users(sessions: Sequence[SessionReading], users: set[str]) -> list[SessionReading]:
    return [
        session
        for session in sessions
        if (user := session.user) in users or (len(user) > LONGEST and user[:LONGEST] in users)
    ]


def changed_cells(feature_id: int, old: Sequence[SessionReading], new: Sequence[SessionReading]) -> Iterator[Cell]:
    """The cells of one feature in which two readings differ. What is the same object is the same session.

    One object that stands for several equal lines is told by its count.
    """
    if old is new or list(map(id, old)) == list(map(id, new)):
        return
    old_by_id = dict(zip(map(id, old), old, strict=True))
    new_by_id = dict(zip(map(id, new), new, strict=True))
    if len(old_by_id) != len(old) or len(new_by_id) != len(new):
        yield from ((feature_id, session.user[:LONGEST]) for session in (*old, *new))
        return
    for key in old_by_id.keys() ^ new_by_id.keys():
        session = old_by_id.get(key) or new_by_id[key]
        yield feature_id, session.user[:LONGEST]
