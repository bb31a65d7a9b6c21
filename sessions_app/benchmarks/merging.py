"""How long the features of a large license server group take to merge, as a page of the usage report asks for them."""

from __future__ import annotations

from time import perf_counter

from django.db import connection
from django.test import Client
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import LicenseServer
from sessions_app.benchmarks.database import empty, signed_in
from sessions_app.benchmarks.framework import Sizes, benchmark

MEMBERS = 200
FEATURES = 2_000  # of each member
ADDRESS = "/features/realtime/usage/?scope=group:merged"  # with the rows that it opens with

# One in ten has no version yet; ages, expirations and figures differ from member to member.
FILL = """
INSERT INTO licstats_feature (server_id, vendor, name, version, type, place, version_listed, total, used, borrowed,
    reserved, queued, expires, permanent, adds_up, since, reservations, queue)
SELECT server.id, 'vendord', 'feature_' || n, CASE WHEN n %% 10 = 0 THEN '' ELSE n %% 7 || '.0' END,
    CASE WHEN n %% 10 = 0 THEN '' ELSE 'floating' END, 0, n %% 10 <> 0,
    n %% 50 + 1, (n + server.id) %% 40, n %% 3, n %% 2, 0,
    DATE '2030-01-01' + (server.id %% 400)::int, FALSE, TRUE, NOW(), '[]', '[]'
FROM licstats_licenseserver server, GENERATE_SERIES(1, %s) n
ORDER BY server.id, n
"""


@benchmark(
    "merge",
    f"the usage page, as it opens, of a group of {MEMBERS} license servers with {FEATURES:,} features each",
    target=0.2,
    limited_by="PostgreSQL adding up 400,000 rows in one pass",
)
def merge(sizes: Sizes) -> list[float]:
    client = _fill()
    return [_page(client) for _ in range(sizes.repeat + 1)][1:]


def _fill() -> Client:
    """A group of many license servers, and a signed-in login."""
    empty("licstats_licenseserver", "auth_user")
    now = timezone.now()
    servers = LicenseServer.objects.bulk_create(
        LicenseServer(name=f"member{n:03}", manager="flexnet", address=f"27000@member{n:03}", read_at=now)
        for n in range(MEMBERS)
    )
    LicenseServerGroup.objects.create(name="merged").servers.set(servers)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [FEATURES])
        cursor.execute("VACUUM ANALYZE")
    return signed_in()


def _page(client: Client) -> float:
    """One whole page of the usage report, through every middleware, without the network."""
    begin = perf_counter()
    answer = client.get(ADDRESS)
    elapsed = perf_counter() - begin
    if f"of {FEATURES:,}</span>" not in answer.content.decode():
        raise AssertionError(f"the page of {FEATURES:,} merged features was answered with {answer.status_code}")
    return elapsed
