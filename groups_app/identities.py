"""Every feature that the reports of a license server group know: with realtime figures, or with a history only.

It is the query of `groups_app.merging` without its condition that there is a sum. So it also has the features of which
all members are left out, and those that a member without any reading blanks. What joined another is not in it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

from django.db.models import Func, IntegerField, QuerySet

from groups_app.merging import FIGURES, Figure, merging, rows_by
from groups_app.models import LicenseServerGroup, MergedFeature

TOTAL, LAST_UPDATE = FIGURES["total"], FIGURES["last_update"]
# A total as in the merged row, and none where that is missing; then the last update is the last that there was.
KNOWN = {
    "total": Figure(TOTAL.parts, f"CASE WHEN BOOL_AND(old IS NOT NULL) THEN {TOTAL.merged} END"),
    "last_update": Figure(
        f"{LAST_UPDATE.parts}, MAX(COALESCE(f.last_listed_at, s.read_at)) AS newest",
        f"COALESCE({LAST_UPDATE.merged}, MAX(newest))",
        of_server=True,
    ),
    "server_ids": Figure("ARRAY_TO_STRING(ARRAY_AGG(f.server_id), ',') AS server_ids", "STRING_AGG(server_ids, ',')"),
}
# Counted outside, so that a page does it for its own rows only.
SERVERS = "(SELECT COUNT(DISTINCT id::bigint) FROM UNNEST(STRING_TO_ARRAY(server_ids, ',')) id)::integer"


def known_features(
    group: LicenseServerGroup, now: datetime, names: Collection[str] | None = None, figures: Collection[str] = ()
) -> QuerySet[MergedFeature]:
    """The features of `group` at `now`, of these names or all, as rows with `vendor` and `members` of all members.

    Of `figures` there are `total`, `last_update` and `servers`: how many license servers have it.
    """
    sql = _knowing(frozenset(figures) & {"total", "last_update", "servers"}, names is not None)
    rows = rows_by(sql, group, now, names)
    column = Func(template="servers", output_field=IntegerField())
    return rows.annotate(servers=column) if "servers" in figures else rows


@lru_cache
def _knowing(wanted: frozenset[str], named: bool) -> str:
    counted = "servers" in wanted
    figures = {name: figure for name, figure in KNOWN.items() if name in wanted or (counted and name == "server_ids")}
    extra = f", {SERVERS} AS servers" if counted else ""
    known = merging(figures, named=named, counting="")
    return f"SELECT *{extra} FROM ({known}) known"  # noqa: S608 - of constants; what varies are parameters
