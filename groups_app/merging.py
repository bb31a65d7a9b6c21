"""The features of a license server group, merged: one row for each name, version and type.

Figures are summed over the members that count. A member is a feature on one of the group's license servers; its
last reading is the last one that listed it. It

- counts with its last reading, up to and including 24 hours after it;
- is left out when that reading is older, so that a license server that was retired does not stay in the sums;
- blanks the whole row when there never was a realtime reading of it (it was only imported), because a sum without
  it would be taken for the whole. `groups_app.members.explain` names those.

Of a member that counts and has expired, what is in use is summed, but its licenses are not in the total, as nobody can
check them out: the rule of expired pools. What is in use of them leaves as many of the others available. Where all have
expired, all are summed. That they have is what its last reading said, as its total is: the day is that of its license
server.

A member whose type is not known yet joins the only type of its name and version in the group, if there is just one.
A member whose version is not known yet joins the only version of its name and type then; where its type is not known
either, the only version of its name. Left-out members are asked where no other knows: a feature does not become another
one because those that knew its type were not read for a day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.db.models import QuerySet

from groups_app.adding_up import added_up, lists
from groups_app.models import LicenseServerGroup, MergedFeature
from licstats.derived import rows_of

COUNTS_FOR = timedelta(hours=24)


class Figure(NamedTuple):
    """`parts`: what the pass over the features makes for each kind; `merged`: the figure of those that count.

    `of_server`: its parts need what is known of the license server.
    """

    parts: str
    merged: str
    of_server: bool = False


COUNTING = "FILTER (WHERE NOT old)"
VALID = "FILTER (WHERE NOT old AND NOT expired)"
# A figure that one member does not tell is not known: unlimited, or in use unknown.
FIGURES = {
    "used": Figure(
        "WHOLE_SUM(f.used) AS used, COUNT(f.used) AS used_known",
        f"CASE WHEN BOOL_AND(used_known = members) {COUNTING} THEN WHOLE_SUM(used) {COUNTING} END",
    ),
    "borrowed": Figure("WHOLE_SUM(f.borrowed) AS borrowed", f"WHOLE_SUM(borrowed) {COUNTING}"),
    "reserved": Figure("WHOLE_SUM(f.reserved) AS reserved", f"WHOLE_SUM(reserved) {COUNTING}"),
    "queued": Figure("WHOLE_SUM(f.queued) AS queued", f"WHOLE_SUM(queued) {COUNTING}"),
    "total": Figure(
        "WHOLE_SUM(f.total) AS total, COUNT(f.total) AS limited",
        f"""CASE WHEN BOOL_AND(expired) {COUNTING}
            THEN CASE WHEN BOOL_AND(limited = members) {COUNTING} THEN WHOLE_SUM(total) {COUNTING} END
            WHEN BOOL_AND(limited = members) {VALID} THEN WHOLE_SUM(total) {VALID} END""",
    ),
    "expires": Figure(
        "MIN(f.expires) AS expires",
        f"CASE WHEN BOOL_AND(expired) {COUNTING} THEN MIN(expires) {COUNTING} ELSE MIN(expires) {VALID} END",
    ),
    "expired": Figure("", f"BOOL_AND(expired) {COUNTING}"),
    "expired_used": Figure(
        "WHOLE_SUM(f.used) AS in_use", "COALESCE(WHOLE_SUM(in_use) FILTER (WHERE NOT old AND expired), 0)"
    ),
    "expired_reserved": Figure("", "COALESCE(WHOLE_SUM(reserved) FILTER (WHERE NOT old AND expired), 0)"),
    "permanent": Figure(
        "BOOL_AND(f.permanent) AS permanent",
        f"COALESCE(BOOL_AND(permanent) {VALID}, BOOL_AND(permanent) {COUNTING})",
    ),
    "adds_up": Figure("BOOL_AND(f.adds_up) AS adds_up", f"BOOL_AND(adds_up) {COUNTING}"),
    "last_update": Figure(
        "MIN(COALESCE(f.last_listed_at, s.read_at)) AS last_update", f"MIN(last_update) {COUNTING}", of_server=True
    ),
    "age": Figure(
        """MAX(CASE WHEN f.last_listed_at IS NULL THEN s.age
            ELSE DATE_PART('epoch', %(now)s - f.last_listed_at) / s.seconds END) AS age""",
        f"MAX(age) {COUNTING}",
        of_server=True,
    ),
}
COMPUTED = {
    "available": (
        ("total", "used", "reserved", "expired", "expired_used", "expired_reserved"),
        "total - used - reserved + CASE WHEN expired THEN 0 ELSE expired_used + expired_reserved END",
    ),
    "utilization": (
        ("total", "used", "expired", "expired_used"),
        "100.0::float8 * (used - CASE WHEN expired THEN 0 ELSE expired_used END) / NULLIF(total, 0)",
    ),
    "interval": (("last_update", "age"), "GREATEST(%(now)s - last_update, INTERVAL '0') / GREATEST(age, 1e-6)"),
}
EVERY = frozenset((*FIGURES, *COMPUTED))

# One pass over the features of the group makes `sums`, which is small; all that follows is computed from it. Kinds are
# named by one feature of each (`sample`). What a page does not look at is not added up.
MERGED = """
WITH s AS NOT MATERIALIZED ( -- parallel workers read no materialized one
    SELECT server.id, server.read_at, server.read_at < %(oldest)s AS old, -- null: never read
        DATE_PART('epoch', server.interval) AS seconds,
        DATE_PART('epoch', %(now)s - server.read_at) / DATE_PART('epoch', server.interval) AS age
    FROM licstats_licenseserver server
    JOIN groups_app_licenseservergroup_servers member ON member.licenseserver_id = server.id
    WHERE member.licenseservergroup_id = %(group)s
    GROUP BY server.id -- so that its columns are computed once for each license server, not for each feature
),
sums AS MATERIALIZED ({sums}),
part AS MATERIALIZED (
    SELECT sums.*, f.name, f.version, f.type AS own_type, f.vendor,
        f.version = '' AND NOT f.version_listed AS unversioned
    FROM sums LEFT JOIN ( -- each has one; a join would let the planner expect a single row
        SELECT * FROM licstats_feature WHERE id = ANY(ARRAY(SELECT sample FROM sums)) -- neighbours mostly
    ) f ON f.id = sums.sample
),
only_type AS (
    SELECT name, version, COALESCE(MIN(own_type) FILTER (WHERE old IS NOT TRUE), MIN(own_type)) AS type
    FROM part
    WHERE own_type <> '' AND NOT unversioned
        AND (name, version) IN (SELECT name, version FROM part WHERE own_type = '')
    GROUP BY 1, 2
    HAVING COALESCE(NULLIF(COUNT(DISTINCT own_type) FILTER (WHERE old IS NOT TRUE), 0), COUNT(DISTINCT own_type)) = 1
),
typed AS (
    SELECT part.*, COALESCE(only_type.type, own_type) AS type
    FROM part LEFT JOIN only_type
        ON own_type = '' AND NOT unversioned AND only_type.name = part.name AND only_type.version = part.version
),
only_version AS (
    SELECT unversioned.name, unversioned.type AS old_type,
        COALESCE(MIN(known.version) FILTER (WHERE fresh), MIN(known.version)) AS version,
        COALESCE(MIN(known.type) FILTER (WHERE fresh), MIN(known.type)) AS type
    FROM (SELECT DISTINCT name, type FROM typed WHERE unversioned) unversioned
    JOIN (
        SELECT name, version, type, BOOL_OR(old IS NOT TRUE) AS fresh
        FROM typed
        WHERE NOT unversioned AND name IN (SELECT name FROM typed WHERE unversioned)
        GROUP BY 1, 2, 3
    ) known ON known.name = unversioned.name AND unversioned.type IN ('', known.type)
    GROUP BY 1, 2
    HAVING COALESCE(NULLIF(COUNT(*) FILTER (WHERE fresh), 0), COUNT(*)) = 1
)
SELECT typed.name, COALESCE(only_version.version, typed.version) AS version,
    COALESCE(only_version.type, typed.type) AS type,
    STRING_AGG(DISTINCT vendor, ', ' ORDER BY vendor) {counting} AS vendor,
    WHOLE_SUM(members) {counting}::integer AS members,
    COALESCE(WHOLE_SUM(members) FILTER (WHERE old), 0)::integer AS left_out{merged}
FROM typed LEFT JOIN only_version
    ON typed.unversioned AND only_version.name = typed.name AND only_version.old_type = typed.type
GROUP BY 1, 2, 3
"""
HAS_SUM = "HAVING BOOL_OR(NOT old) AND BOOL_AND(old IS NOT NULL)"


def merged_features(
    group: LicenseServerGroup, now: datetime, names: Collection[str] | None = None, figures: Collection[str] = EVERY
) -> QuerySet[MergedFeature]:
    """The merged features of `group` at `now`, to be filtered, ordered, counted and cut like any queryset.

    One query; a small one before it may list license servers. Features without a member that counts, and blanked ones,
    are not in it. With `names` only features that are called so: merging never goes by more. Where not all `figures`
    are wanted, rows have no others.
    """
    return rows_by(_merging(frozenset(figures), names is not None), group, now, names)


def rows_by(
    sql: str, group: LicenseServerGroup, now: datetime, names: Collection[str] | None
) -> QuerySet[MergedFeature]:
    """The rows of a SELECT around that of `merging`."""
    oldest = now - COUNTS_FOR
    values = {"now": now, "oldest": oldest, "group": group.pk, "names": list(names or ())}
    return rows_of(MergedFeature, sql, values | lists(sql, group, oldest))


@lru_cache
def _merging(wanted: frozenset[str], named: bool) -> str:
    computed = [name for name in COMPUTED if name in wanted]
    needed = wanted.union(*(COMPUTED[name][0] for name in computed))
    figures = {name: figure for name, figure in FIGURES.items() if name in needed}
    extra = "".join(f", {COMPUTED[name][1]} AS {name}" for name in computed)
    merged = merging(figures, named=named, counting=COUNTING) + HAS_SUM
    return f"SELECT *{extra} FROM ({merged}) merged"  # noqa: S608 - of constants; what varies are parameters


def merging(figures: Mapping[str, Figure], *, named: bool, counting: str) -> str:
    """The SELECT of a group's merged features with these figures. `counting`: of whom vendors and members are told."""
    parts = "".join(f",\n        {figure.parts}" for figure in figures.values() if figure.parts)
    of_servers = any(figure.of_server for figure in figures.values())
    return MERGED.format(
        sums=added_up(parts, named=named, of_servers=of_servers),
        merged="".join(f",\n    {figure.merged} AS {name}" for name, figure in figures.items()),
        counting=counting,
    )
