"""The pass over all features of a license server group that adds up their figures for each kind.

Nearly all features are listed by a last reading that counts, and have not expired. These are told apart by nothing but
their kind, which takes the least time. The few others are found by an index, and told apart by what they are as well.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from groups_app.models import LicenseServerGroup
from licstats.planned import first_row

# `f` are features, `s` the license servers of the group; `sample` is one feature of each kind. What features are told
# apart by beside their kind is true or false: of any other expression the planner would expect too many groups.
SUM = """
    SELECT {old} AS old, {expired} AS expired, MIN(f.id) AS sample, COUNT(*) AS members{parts}
    FROM licstats_feature f{servers}
    WHERE {which}
    GROUP BY {apart}f.kind
"""
BY_KIND = {"old": "FALSE", "expired": "FALSE", "servers": "", "apart": ""}
BY_WHAT_THEY_ARE = {
    "old": "COALESCE(f.last_listed_at < %(oldest)s, s.old)",
    "expired": "f.expired",
    "servers": " JOIN s ON s.id = f.server_id",
    "apart": "1, 2, ",
}
NAMED = "f.name IN (SELECT UNNEST(%(names)s::text[]))"

# To join a license server to each feature takes as long as adding up; to find its id among constants does not. The
# planner decides the CASE. A license server that is new since the lists were made is in neither: its id is higher.
FRESH = """CASE WHEN %(most_are_fresh)s THEN f.server_id <> ALL(%(others)s::bigint[]) AND f.server_id <= %(last)s
        ELSE f.server_id = ANY(%(fresh)s::bigint[]) END"""
NOT_FRESH = "s.id <> ALL(%(fresh)s::bigint[])"
IN_USE, OUT_OF_USE = "NOT f.expired AND f.last_listed_at IS NULL", "(f.expired OR f.last_listed_at IS NOT NULL)"
BY_LISTS = (
    BY_KIND | {"which": f"{FRESH} AND {IN_USE}"},
    BY_WHAT_THEY_ARE | {"which": f"{NOT_FRESH} AND {IN_USE}"},
    BY_WHAT_THEY_ARE | {"which": OUT_OF_USE},
)
LISTS = """
SELECT COALESCE(ARRAY_AGG(id) FILTER (WHERE fresh), '{}'), COALESCE(ARRAY_AGG(id) FILTER (WHERE NOT fresh), '{}'),
    COALESCE(MAX(id), 0)
FROM (
    SELECT id, COALESCE(read_at >= %s, FALSE) AND id IN (
        SELECT licenseserver_id FROM groups_app_licenseservergroup_servers WHERE licenseservergroup_id = %s
    ) AS fresh
    FROM licstats_licenseserver
) servers
"""


def added_up(parts: str, *, named: bool, of_servers: bool) -> str:
    """The SELECT of the sums, with the figures of `parts`, which begin with a comma.

    Where `of_servers`, these say something of `s`. It wants a value for `oldest`, where it is `named` for `names`, and
    else those of `lists`.
    """
    one_pass = (BY_WHAT_THEY_ARE | {"which": NAMED if named else "TRUE"},)
    passes = one_pass if named or of_servers else BY_LISTS
    return "    UNION ALL".join(SUM.format(**each, parts=parts) for each in passes)


def lists(sql: str, group: LicenseServerGroup, oldest: datetime) -> dict[str, Any]:
    """Where `sql` wants them: the license servers of the group whose last reading counts, and all others; one query."""
    if FRESH not in sql:
        return {}
    fresh, others, last = first_row(LISTS, [oldest, group.pk])
    return {"fresh": fresh, "others": others, "last": last, "most_are_fresh": len(others) < len(fresh)}
