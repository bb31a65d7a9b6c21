"""Which license servers are due: claimed by one statement, sent to their site's queue, found again if that is lost.

Each server has its own phase within its interval, so that a thousand of them are spread over the minute, and its due
times do not drift: they are phase + k * interval, whatever a poll or a restart took.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.utils import timezone as clock

from licstats.models import LicenseServer

LONGEST_PAUSE = timedelta(minutes=15)  # of a server that fails, unless its interval is longer

# The due column is pushed forward as a server is claimed: one whose poll kills its worker, or whose message is lost,
# is due again an interval later. One that is due further away than its interval and any pause allow had its interval
# shortened, or the clock was set back.
CLAIM = """
WITH due AS (
    SELECT id, next_poll_at AS since, extract(epoch FROM interval)::float8 AS seconds
    FROM licstats_licenseserver
    WHERE enabled AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_until > %(now)s + 2 * interval)
      AND (next_poll_at <= %(now)s OR next_poll_at > %(now)s + greatest(2 * interval, %(pause)s::interval))
    FOR UPDATE SKIP LOCKED
), phased AS (
    SELECT id, since, seconds,
        (id * 0.6180339887498949::float8 - floor(id * 0.6180339887498949::float8)) * seconds AS phase
    FROM due
), claimed AS (
    UPDATE licstats_licenseserver s
    SET claimed_until = %(now)s + s.interval,
        next_poll_at = to_timestamp(
            (floor((extract(epoch FROM %(now)s::timestamptz)::float8 - phase) / seconds + 0.5) + 1) * seconds + phase)
    FROM phased p WHERE s.id = p.id
    RETURNING s.id, s.site, p.seconds, p.since
)
SELECT id, site, seconds FROM claimed ORDER BY since, id
"""

log = structlog.get_logger("licstats.polling")


@dataclass(frozen=True, slots=True)
class Claim:
    """A license server that is to be polled now; the message is worth nothing after `seconds`."""

    server_id: int
    site: str
    seconds: float


def claim_due(now: datetime | None = None) -> list[Claim]:
    """Takes what is due, so that nobody else does: the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now or clock.now(), "pause": f"{2 * LONGEST_PAUSE.seconds} s"})
        return [Claim(*row) for row in cursor.fetchall()]


def dispatch(send: Callable[[Claim], object]) -> int:
    """Claims what is due and sends each; how many. What cannot be sent is given back, and the error raised."""
    waiting = deque(claim_due())
    claimed = len(waiting)
    try:
        while waiting:
            send(waiting[0])
            waiting.popleft()
    finally:
        if waiting:
            give_back(waiting)
    return claimed


def give_back(claims: Iterable[Claim]) -> None:
    """Due at once again."""
    ids = [claim.server_id for claim in claims]
    LicenseServer.objects.filter(pk__in=ids).update(claimed_until=None, next_poll_at=clock.now())
    log.warning("polls not sent", servers=len(ids))


def back_off(interval: timedelta, failures: int) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time, up to LONGEST_PAUSE."""
    doubled = interval * float(2 ** min(failures - 1, 20))
    return max(interval, min(doubled, LONGEST_PAUSE))
