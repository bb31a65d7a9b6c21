"""Sessions of a reading as rows for COPY: with a place among equals, and as text that PostgreSQL takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from licstats.aggregates import LARGEST
from licstats.managers.reading import SessionReading

LONGEST = 160  # characters of each part of an identity, so that any four fit into an index entry
COLUMNS = (
    "server_id, first_seen_at, missed, feature_id, checked_out_at, borrow_expires_at, linger, place, used, "
    '"user", host, ip, display, version, server_host, port, handle, raw'
)
NULL = r"\N"
FIELDS_OF_TEXT = ("user", "host", "ip", "display", "version", "server_host", "port", "handle", "raw")

Placed = tuple[SessionReading, int]


def placed(sessions: Sequence[SessionReading]) -> Iterable[Placed]:
    """Each session with its place among those of the same identity, nearly always 0. `sessions` has all equals.

    They are put in the order of what else they hold, so that another order of lines changes nothing.
    """
    if len({session.handle for session in sessions}) == len(sessions):
        return ((session, 0) for session in sessions)
    equals: dict[tuple[object, ...], list[SessionReading]] = defaultdict(list)
    for s in sessions:
        equals[s.user, s.host, s.display, s.handle, s.checked_out_at].append(s)
    return _places(equals.values())


def _places(groups: Iterable[list[SessionReading]]) -> Iterator[Placed]:
    for group in groups:
        if len(group) > 1:
            group.sort(key=lambda s: (s.used, s.version, s.server_host, s.port, s.ip, s.raw))
        for place, session in enumerate(group):
            yield session, place


def storable(sessions: Sequence[SessionReading]) -> Sequence[SessionReading]:
    """The sessions with what no column or index takes cut to what it does; the very same where nothing is."""
    if all(map(_is_storable, sessions)):
        return sessions
    return [session if _is_storable(session) else _cut(session) for session in sessions]


def _is_storable(s: SessionReading) -> bool:
    return (
        len(s.user) + len(s.host) + len(s.display) + len(s.handle) <= LONGEST
        and s.used <= LARGEST
        and (s.linger is None or s.linger <= LARGEST)
    )


def _cut(s: SessionReading) -> SessionReading:
    return s._replace(
        user=s.user[:LONGEST],
        host=s.host[:LONGEST],
        display=s.display[:LONGEST],
        handle=s.handle[:LONGEST],
        used=min(s.used, LARGEST),
        linger=None if s.linger is None else min(s.linger, LARGEST),
    )


def lines(server_id: int, at: datetime, feature_id: int, sessions: Iterable[Placed]) -> str:
    """The rows in PostgreSQL's text format, in the order of COLUMNS."""
    begin = f"{server_id}\t{at}\t0\t{feature_id}\t"
    return "".join([_line(begin, session, place) for session, place in sessions])


def _line(begin: str, s: SessionReading, place: int) -> str:
    text = f"{s.user}\t{s.host}\t{s.ip}\t{s.display}\t{s.version}\t{s.server_host}\t{s.port}\t{s.handle}\t{s.raw}"
    if text.count("\t") != 8 or "\\" in text or "\n" in text or "\r" in text or "\0" in text:
        text = "\t".join(_escaped(getattr(s, name)) for name in FIELDS_OF_TEXT)
    checked_out, borrowed = s.checked_out_at or NULL, s.borrow_expires_at or NULL
    linger = NULL if s.linger is None else s.linger
    return f"{begin}{checked_out}\t{borrowed}\t{linger}\t{place}\t{s.used}\t{text}\n"


def _escaped(text: str) -> str:
    text = text.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
