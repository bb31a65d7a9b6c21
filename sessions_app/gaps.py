"""License servers that were not read at a past moment: it lies between the last good reading before it and the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from groups_app.merging import COUNTS_FOR
from sessions_app.polling.figures import INTERVALS_TO_A_GAP

if TYPE_CHECKING:
    from groups_app.scope import Scope
    from sessions_app.grid.people import UserScope

MOST_TOLD = 5  # a sentence for each; where licstats itself stood still, all license servers have the same gap

# A license server was read at a moment that one of its features has figures of: in what stands now, which goes on after
# the last reading for as long as the next one may take, or in an interval. The two probes follow one index.
STANDS = f"""
SELECT true FROM licstats_feature f WHERE f.server_id = s.id AND f.since <= %(at)s
    AND %(at)s <= coalesce(f.last_listed_at, s.read_at + {INTERVALS_TO_A_GAP} * s."interval")
"""  # noqa: S608 - our own number
NEXT = """
SELECT i.started_at FROM sessions_app_usageinterval i
WHERE i.feature_id = f.id AND i.ended_at >= %(at)s ORDER BY i.ended_at LIMIT 1
"""
PAST = """
SELECT i.ended_at FROM sessions_app_usageinterval i
WHERE i.feature_id = f.id AND i.ended_at < %(at)s ORDER BY i.ended_at DESC LIMIT 1
"""
# A scalar subquery ends at the first feature that has figures: mostly the first of all.
GAPS = f"""
WITH unread AS MATERIALIZED (
    SELECT s.id, s.name, s.read_at FROM licstats_licenseserver s
    WHERE s.id = ANY(%(servers)s) AND NOT EXISTS ({STANDS}) AND (
        SELECT true FROM licstats_feature f CROSS JOIN LATERAL ({NEXT}) next
        WHERE f.server_id = s.id AND next.started_at <= %(at)s LIMIT 1
    ) IS NULL
), feature AS (
    SELECT u.id, u.name, past.ended_at, next.started_at, f.since, coalesce(f.last_listed_at, u.read_at) AS read_at
    FROM unread u JOIN licstats_feature f ON f.server_id = u.id
    LEFT JOIN LATERAL ({NEXT}) next ON true LEFT JOIN LATERAL ({PAST}) past ON true
)
SELECT id, name, max(greatest(ended_at, CASE WHEN since <= %(at)s THEN read_at END)),
       min(least(started_at, CASE WHEN since > %(at)s THEN since END)),
       (SELECT count(*) FROM unread) < cardinality(%(servers)s::bigint[])
FROM feature GROUP BY id, name
HAVING max(greatest(ended_at, CASE WHEN since <= %(at)s THEN read_at END)) IS NOT NULL
ORDER BY name
"""  # noqa: S608 - our own statement


@dataclass(frozen=True, slots=True)
class Gap:
    """A license server that was not read from `before` to `after`; `after` None: nor since.

    `counts`: as a member of a group with its last reading, for as long as that does now.
    """

    server_id: int
    server: str
    before: datetime
    after: datetime | None
    counts: bool

    def __str__(self) -> str:
        since = f"has not been read since {_second(self.before)}"
        unread = f"was not read between {_second(self.before)} and {_second(self.after)}" if self.after else since
        if self.counts:
            return f"{self.server} {unread}: its sessions are those of its last reading."
        return f"Not known: {self.server} {unread}."


def gaps_at(scope: Scope | UserScope, at: datetime) -> Sequence[Gap]:
    """Those of the license servers of `scope`, by name. One that was never read before `at` has none.

    As in the curve of a group, while any member is known the others count with their last reading.
    """
    servers = scope.servers()
    if scope.one_feature:
        servers = servers.filter(pk__in=scope.features().values("server"))
    with connection.cursor() as cursor:
        cursor.execute(GAPS, {"at": at, "servers": list(servers.values_list("pk", flat=True))})
        return [
            Gap(server_id, server, before, after, bool(scope.group and any_read and at - before <= COUNTS_FOR))
            for server_id, server, before, after, any_read in cursor.fetchall()
        ]


def left_out(gaps: Sequence[Gap]) -> Sequence[int]:
    """The license servers (ids) of whose sessions nothing is known."""
    return [gap.server_id for gap in gaps if not gap.counts]


def told(gaps: Sequence[Gap]) -> Sequence[str]:
    """What was not read, in a sentence for each license server, of many for the first ones."""
    sentences = [str(gap) for gap in gaps[:MOST_TOLD]]
    if more := len(gaps) - len(sentences):
        sentences.append(f"{more:,} more license server{'s were' if more > 1 else ' was'} not read then either.")
    return sentences


def _second(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
