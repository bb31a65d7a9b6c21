"""The features of a license server group, merged: one row for each name, version and type.

Figures are summed over the members that count. A member is a feature on one of the group's license servers; its
last reading is the last one that listed it. It

- counts with its last reading, up to and including 24 hours after it;
- is left out when that reading is older, so that a license server that was retired does not stay in the sums;
- blanks the whole row when there never was a realtime reading of it (it was only imported), because a sum without
  it would be taken for the whole. `blanked_features` names those.

A member whose type is not known yet joins the only type of its name and version in the group, if there is just one.
A member whose version is not known yet joins the only version of its name and type then; where its type is not known
either, the only version of its name. Left-out members say nothing about that.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db.models import QuerySet

from groups_app.models import LicenseServerGroup, MergedFeature
from groups_app.models.merged import DerivedTable

COUNTS_FOR = timedelta(hours=24)

# One pass over the features of the group makes `part`, which is small; all that follows is computed from it. Kinds are
# told apart by Feature.kind and named by one feature of each (`sample`).
MERGED = """
WITH sums AS MATERIALIZED (
    SELECT MIN(f.id) AS sample, COUNT(*) AS members,
        WHOLE_SUM(f.used) AS used, COUNT(f.used) AS used_known,
        WHOLE_SUM(f.borrowed) AS borrowed, WHOLE_SUM(f.reserved) AS reserved, WHOLE_SUM(f.queued) AS queued,
        WHOLE_SUM(f.total) AS total, COUNT(f.total) AS limited,
        MIN(f.expires) AS expires, BOOL_AND(f.permanent) AS permanent, BOOL_AND(f.adds_up) AS adds_up,
        MIN(COALESCE(f.last_listed_at, s.read_at)) AS last_update,
        MAX(CASE WHEN f.last_listed_at IS NULL THEN s.age
            ELSE DATE_PART('epoch', %(now)s - f.last_listed_at) / s.seconds END) AS age
    FROM licstats_feature f
    JOIN (
        SELECT server.id, server.read_at, DATE_PART('epoch', server.interval) AS seconds,
            DATE_PART('epoch', %(now)s - server.read_at) / DATE_PART('epoch', server.interval) AS age
        FROM licstats_licenseserver server
        JOIN groups_app_licenseservergroup_servers member ON member.licenseserver_id = server.id
        WHERE member.licenseservergroup_id = %(group)s
        GROUP BY server.id -- so that its columns are computed once for each license server, not for each feature
    ) s ON s.id = f.server_id
    GROUP BY COALESCE(f.last_listed_at, s.read_at) < %(oldest)s, -- null: never read
        f.kind
),
part AS MATERIALIZED (
    SELECT sums.*, f.name, f.version, f.type AS own_type, f.vendor,
        f.version = '' AND NOT f.version_listed AS unversioned,
        sums.last_update < %(oldest)s AS old
    FROM sums JOIN licstats_feature f ON f.id = sums.sample
),
only_type AS (
    SELECT name, version, MIN(own_type) AS type
    FROM part
    WHERE own_type <> '' AND NOT unversioned AND old IS NOT TRUE
        AND (name, version) IN (SELECT name, version FROM part WHERE own_type = '')
    GROUP BY 1, 2
    HAVING COUNT(DISTINCT own_type) = 1
),
typed AS (
    SELECT part.*, COALESCE(only_type.type, own_type) AS type
    FROM part LEFT JOIN only_type
        ON own_type = '' AND NOT unversioned AND only_type.name = part.name AND only_type.version = part.version
),
only_version AS (
    SELECT unversioned.name, unversioned.type AS old_type, MIN(known.version) AS version, MIN(known.type) AS type
    FROM (SELECT DISTINCT name, type FROM typed WHERE unversioned) unversioned
    JOIN (
        SELECT DISTINCT name, version, type FROM typed WHERE NOT unversioned AND old IS NOT TRUE
    ) known ON known.name = unversioned.name AND unversioned.type IN ('', known.type)
    GROUP BY 1, 2
    HAVING COUNT(*) = 1
)
SELECT typed.name, COALESCE(only_version.version, typed.version) AS version,
    COALESCE(only_version.type, typed.type) AS type,
    STRING_AGG(DISTINCT vendor, ', ' ORDER BY vendor) FILTER (WHERE NOT old) AS vendor,
    CASE WHEN BOOL_OR(used_known < members) FILTER (WHERE NOT old) THEN NULL
        ELSE SUM(used) FILTER (WHERE NOT old) END::bigint AS used,
    SUM(borrowed) FILTER (WHERE NOT old)::bigint AS borrowed,
    SUM(reserved) FILTER (WHERE NOT old)::bigint AS reserved,
    SUM(queued) FILTER (WHERE NOT old)::bigint AS queued,
    CASE WHEN BOOL_OR(limited < members) FILTER (WHERE NOT old) THEN NULL
        ELSE SUM(total) FILTER (WHERE NOT old) END::bigint AS total,
    MIN(expires) FILTER (WHERE NOT old) AS expires,
    BOOL_AND(permanent) FILTER (WHERE NOT old) AS permanent,
    BOOL_AND(adds_up) FILTER (WHERE NOT old) AS adds_up,
    SUM(members) FILTER (WHERE NOT old)::integer AS members,
    COALESCE(SUM(members) FILTER (WHERE old), 0)::integer AS left_out,
    MIN(last_update) FILTER (WHERE NOT old) AS last_update,
    MAX(age) FILTER (WHERE NOT old) AS age
FROM typed LEFT JOIN only_version
    ON typed.unversioned AND only_version.name = typed.name AND only_version.old_type = typed.type
GROUP BY 1, 2, 3
HAVING BOOL_OR(NOT old) AND BOOL_AND(old IS NOT NULL)
"""
COMPUTED = f"""
SELECT *, total - used - reserved AS available, 100.0::float8 * used / NULLIF(total, 0) AS utilization,
    GREATEST(%(now)s - last_update, INTERVAL '0') / GREATEST(age, 1e-6) AS interval
FROM ({MERGED}) merged
"""  # noqa: S608 - both are constants; what varies are parameters
NAMED = re.compile(r"%\((\w+)\)s")
SQL = NAMED.sub("%s", COMPUTED)
PARAMETERS = NAMED.findall(COMPUTED)


def merged_features(group: LicenseServerGroup, now: datetime) -> QuerySet[MergedFeature]:
    """The merged features of `group` at `now`, to be filtered, ordered, counted and cut like any queryset.

    One query. Features without a member that counts, and blanked ones, are not in it.
    """
    values = {"now": now, "oldest": now - COUNTS_FOR, "group": group.pk}
    rows = MergedFeature.objects.all()
    alias = rows.query.get_initial_alias()
    params = tuple(values[name] for name in PARAMETERS)
    rows.query.alias_map[alias] = DerivedTable(MergedFeature._meta.db_table, alias, SQL, params)
    return rows
