"""Rows added up: by user, host, feature or server, with the hosts that are in them.

Two steps keep it fast. The first finds the groups of the page by their sums alone; the second looks up the names
and hosts of just those. An export takes the groups from a cursor and looks up a thousand at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, QuerySet
from django.db.models.expressions import OrderBy

from licstats.aggregates import WholeSum
from licstats.models import Feature, LicenseServer
from sessions_app.grid.columns import ON_PAGE

SUMS = {"used_sum": WholeSum("used"), "host_count": Count("host", distinct=True), "host_first": Min("host")}
CHUNK = 1_000  # groups whose hosts an export looks up at once

Group = dict[str, Any]


@dataclass(frozen=True)
class Aggregation:
    """One way to add up. `keys` are paths of sessions; `columns` are what the rows have, by the grid's names."""

    name: str
    label: str
    keys: tuple[str, ...]
    columns: frozenset[str]
    types: tuple[str, ...]  # of the keys, in PostgreSQL

    @property
    def lists_hosts(self) -> bool:
        return "host" not in self.keys

    def sorts(self, name: str) -> bool:
        """A list of hosts sorts by its first; one of addresses follows its hosts and does not sort."""
        return name in self.columns and name != "ip"

    def order_path(self, name: str, path: str) -> str:
        if name == "used":
            return "used_sum"
        if name == "host_quantity":
            return "host_count"
        return "host_first" if name == "host" and self.lists_hosts else path


class Hosts(NamedTuple):
    """The hosts of one group: how many and their names in order, and the same of their addresses, in that order."""

    total: int
    names: list[str]
    address_total: int
    addresses: list[str]


SERVED_BY = tuple(f"server__{name}" for name in ("name", "manager", "site", "enabled"))
NAMED = ("vendor", "name", "version", "type", "place", "expires", "expired", "permanent")
GONE = {
    **dict.fromkeys(("vendor", "name", "version", "type", *SERVED_BY), ""),
    "server_id": None,
    "place": 0,
    "expires": None,
    "expired": False,
    "permanent": False,
    "twin": False,
}
SAME = {name: OuterRef(name) for name in ("server", "name", "version", "type")}
TWINS = Feature.objects.filter(**SAME).exclude(pk=OuterRef("pk"))  # features that cannot be told apart by their names


class Aggregated:
    """The groups of `rows` (sessions, already filtered): count, page, and all of them for an export."""

    def __init__(self, aggregation: Aggregation, rows: QuerySet[Any]) -> None:
        self.aggregation = aggregation
        self.rows = rows

    def groups(self, sums: Iterable[str] = ()) -> QuerySet[Any, Group]:
        """One row for each group with its keys, the licenses that it holds, and the sums that are wanted."""
        return self.keyed({"used_sum", *sums})

    def keyed(self, sums: Iterable[str]) -> QuerySet[Any, Group]:
        """One row for each group with its keys and just these sums."""
        keys = self.rows.order_by().values(*self.aggregation.keys)
        wanted = {name: SUMS[name] for name in sorted(sums)}
        return cast(QuerySet[Any, Group], keys.annotate(**wanted) if wanted else keys.distinct())

    def ordered(self, groups: QuerySet[Any, Group], order: Sequence[OrderBy]) -> QuerySet[Any, Group]:
        return groups.order_by(*order, *(OrderBy(F(key)) for key in self.aggregation.keys))

    def described(self, groups: Sequence[Group], at_most: int | None = ON_PAGE) -> list[Group]:
        """`groups` with what their rows show: names, and the first `at_most` hosts and addresses of each."""
        names = Names.of(groups)
        hosts = self._hosts(groups, at_most)
        rows = []
        for group in groups:
            key = tuple(group[path] for path in self.aggregation.keys)
            found = hosts.get(key)
            if found is None:  # closed, or taken out of the fleet, since the groups were found
                continue
            row = group | names.described(group) | {"used": group["used_sum"], "host_quantity": found.total}
            row |= {"ip": found.addresses, "host_total": found.total, "ip_total": found.address_total}
            if self.aggregation.lists_hosts:
                row["host"] = found.names
            rows.append(row)
        return rows

    def all_described(self, groups: QuerySet[Any, Group]) -> Iterator[Group]:
        """Every row in its order, with all hosts, in flat memory; a list of them too where they are a key."""
        cursor = groups.iterator(chunk_size=CHUNK)
        while chunk := list(islice(cursor, CHUNK)):
            for row in self.described(chunk, at_most=None):
                yield row if self.aggregation.lists_hosts else row | {"host": [row["host"]]}

    def _hosts(self, groups: Sequence[Group], at_most: int | None) -> dict[tuple[Any, ...], Hosts]:
        """The hosts of each group, by its keys; at most `at_most` of them, and of their addresses, are named."""
        if not groups:
            return {}
        keys = self.aggregation.keys
        inner, params = self.rows.order_by().values_list(*keys, "host", "ip").query.sql_with_params()
        columns = [f"k{place}" for place in range(len(keys))]
        wanted = ", ".join(f"%s::{kind}[]" for kind in self.aggregation.types)
        hosts, pairs = ("", "") if at_most is None else (f"[1:{at_most:d}]", f"[1:{4 * at_most:d}]")
        statement = f"""
            SELECT {", ".join(columns)}, count(DISTINCT host), (array_agg(DISTINCT host ORDER BY host)){hosts},
                   count(DISTINCT NULLIF(ip, '')), (array_agg(ip ORDER BY host, ip) FILTER (WHERE ip <> '')){pairs}
              FROM (SELECT DISTINCT {", ".join(f"s.{column}" for column in columns)}, s.host, s.ip
                      FROM ({inner}) AS s ({", ".join(columns)}, host, ip)
                      JOIN unnest({wanted}) AS w ({", ".join(columns)}) USING ({", ".join(columns)})) AS d
             GROUP BY {", ".join(columns)}
        """  # noqa: S608 - composed of our own names and of what the ORM compiled
        with connection.cursor() as cursor:
            cursor.execute(statement, [*params, *([group[key] for group in groups] for key in keys)])
            return {
                tuple(row[: len(keys)]): Hosts(row[-4], row[-3], row[-2], list(dict.fromkeys(row[-1] or ()))[:at_most])
                for row in cursor.fetchall()
            }


@dataclass(frozen=True)
class Names:
    """What the features and license servers of some groups are called."""

    features: dict[int, dict[str, Any]]
    servers: dict[int, dict[str, Any]]

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Names:
        features = {group["feature_id"] for group in groups if "feature_id" in group}
        servers = {group["server_id"] for group in groups if "server_id" in group}
        found = Feature.objects.filter(pk__in=features)
        named = found.values("pk", "server_id", *SERVED_BY, *NAMED, twin=Exists(TWINS)) if features else ()
        serving = {path: F(path.removeprefix("server__")) for path in SERVED_BY}
        alone = LicenseServer.objects.filter(pk__in=servers).values("pk", **serving) if servers else ()
        return cls({row["pk"]: dict(row) for row in named}, {row["pk"]: dict(row) for row in alone})

    def described(self, group: Group) -> Group:
        """The paths of a session's feature and license server, for the group's row."""
        if "feature_id" in group:
            feature = self.features.get(group["feature_id"], GONE)
            named = {f"feature__{name}": feature[name] for name in (*NAMED, "twin")}
            return named | {path: feature[path] for path in ("server_id", *SERVED_BY)}
        server = self.servers.get(group["server_id"], GONE)
        return {path: server[path] for path in SERVED_BY}
