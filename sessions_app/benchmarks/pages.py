"""The sessions page as a browser gets it: through every middleware, with a login, without the network."""

from __future__ import annotations

import itertools
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test import Client

from licstats.live import VERSION_HEADER
from sessions_app.benchmarks.database import empty, signed_in
from sessions_app.benchmarks.framework import Sizes, benchmark
from sessions_app.grid.sessions import SESSIONS

PATH = "/features/realtime/sessions"
HTMX = {"HX-Request": "true"}

SERVERS = """
INSERT INTO licstats_licenseserver (name, manager, address, site, timezone, interval, timeout, enabled, description,
    status, verdict, reason, asked_at, read_at, next_poll_at, failures, revision, digest)
SELECT 'server' || n, 'flexnet', '27000@server' || n, 'main', 'UTC', '60s', '15s', true, '', 'up', 'complete', '',
    now(), now(), now() + interval '1 day', 0, 1, '' FROM generate_series(1, 20) n
"""
FEATURES = """
INSERT INTO licstats_feature (server_id, vendor, name, version, type, place, version_listed, total, used, borrowed,
    reserved, queued, expires, permanent, adds_up, since, reservations, queue)
SELECT s.id, 'vendor' || n % 5, 'feature' || n, '20' || 20 + n % 6 || '.1',
    (ARRAY['floating', 'node-locked'])[1 + n % 2], 0, true, 1000, 0, 0, 0, 0,
    DATE '2030-01-01' + n, false, true, now(), '[]', '[]'
FROM licstats_licenseserver s, generate_series(1, 100) n
"""
# Scattered like the checkouts of a day: values depend on hashes of the session's number. A user has four features.
SESSIONS_OF_ALL = """
INSERT INTO sessions_app_opensession (server_id, feature_id, "user", host, ip, display, version, server_host, port,
    handle, place, used, checked_out_at, borrow_expires_at, raw, first_seen_at, missed)
SELECT f.server_id, f.id, 'user' || a %% 10000, 'host' || b %% 20000, '10.0.' || b %% 20000 / 250 || '.' || b %% 250,
    ':0', '1.0', 'lic', '27000', n, 0, 1 + a %% 4, now() - c %% 1209600 * interval '1 second',
    CASE WHEN n %% 33 = 0 THEN now() + n %% 20 * interval '1 day' END, '', now(), 0
FROM (SELECT n, hashint8(n) & 2147483647 AS a, hashint8(n + 7) & 2147483647 AS b,
             hashint8(n + 13) & 2147483647 AS c
      FROM generate_series(1, %s::bigint) n) numbered
JOIN (SELECT id, server_id, row_number() OVER (ORDER BY id) - 1 AS place FROM licstats_feature) f
  ON f.place = (a %% 10000 * 7 + n %% 4) %% 2000
"""


def fill(sessions: int) -> Client:
    """`sessions` open sessions of 2,000 features on 20 license servers, and a signed-in login."""
    empty("sessions_app_opensession", "licstats_licenseserver", "auth_user")
    with connection.cursor() as cursor:
        cursor.execute(SERVERS)
        cursor.execute(FEATURES)
        cursor.execute(SESSIONS_OF_ALL, [sessions])
        cursor.execute("VACUUM ANALYZE")
    return signed_in()


def questions() -> Iterator[str]:
    """The page of every order, both ways, with and without a filter."""
    names = [name for name, column in SESSIONS.columns.items() if column.sortable]
    for name, sign, chosen in itertools.product(names, ("", "-"), ("", "&user=user12", "&used_min=2")):
        yield f"?sort={sign}{name}{chosen}"


def answered(client: Client, address: str, headers: dict[str, str] = HTMX) -> float:
    """Seconds until the answer is whole."""
    began = time.perf_counter()
    response: Any = client.get(PATH + address, headers=headers)
    for _part in response.streaming_content if response.streaming else ():
        pass
    seconds = time.perf_counter() - began
    if response.status_code not in (200, 204):
        raise RuntimeError(f"{PATH}{address} was answered with {response.status_code}.")
    return seconds


def at_95_percent(samples: list[float]) -> float:
    """What 95 of 100 samples do not exceed."""
    return sorted(samples)[math.ceil(len(samples) * 0.95) - 1]


def rounds(sizes: Sizes, measure: Callable[[], float]) -> list[float]:
    measure()  # the first one compiles templates and fills caches
    return [measure() for _ in range(sizes.repeat)]


def sorted_pages(sizes: Sizes, sessions: int) -> list[float]:
    client = fill(sessions)
    return rounds(sizes, lambda: at_95_percent([answered(client, f"/{question}") for question in questions()]))


def aggregated_pages(sizes: Sizes, sessions: int) -> list[float]:
    client = fill(sessions)
    orders = ("user", "-user", "feature", "-used")
    return rounds(
        sizes, lambda: at_95_percent([answered(client, f"/?group_by=user&sort={order}") for order in orders * 5])
    )


@benchmark(
    "sessions-page",
    "sessions page, 20 rows, by every order with and without filters, 100,000 sessions: 95 of 100 within",
    target=0.030,
    limited_by="Django's own work for a page; counting, once for each reading and filter",
    sizes=("sessions",),
)
def sessions_page(sizes: Sizes) -> list[float]:
    return sorted_pages(sizes, sizes.sessions)


@benchmark(
    "sessions-page-aggregated",
    "the same, aggregated by user: 95 of 100 within",
    target=0.060,
    limited_by="one pass over the sessions to count and sum the groups",
    sizes=("sessions",),
)
def aggregated_page(sizes: Sizes) -> list[float]:
    return aggregated_pages(sizes, sizes.sessions)


@benchmark(
    "sessions-page-million",
    "sessions page as above, ten times as many sessions",
    target=0.120,
    limited_by="finding the sessions that fit, where few do",
    sizes=("sessions",),
)
def sessions_page_of_a_million(sizes: Sizes) -> list[float]:
    return sorted_pages(sizes, 10 * sizes.sessions)


@benchmark(
    "sessions-page-million-aggregated",
    "the same, aggregated by user",
    target=0.600,
    limited_by="one pass over the sessions to count and sum the groups",
    sizes=("sessions",),
)
def aggregated_page_of_a_million(sizes: Sizes) -> list[float]:
    return aggregated_pages(sizes, 10 * sizes.sessions)


@benchmark(
    "page-unchanged",
    "a live page asks, and nothing changed",
    target=0.002,
    limited_by="login, its session, and one query for the version",
)
def unchanged_page(sizes: Sizes) -> list[float]:
    client = fill(1_000)
    page: Any = client.get(f"{PATH}/", headers=HTMX)
    version = page.content.decode().partition('data-version="')[2].partition('"')[0]
    return rounds(sizes, lambda: min(answered(client, "/", HTMX | {VERSION_HEADER: version}) for _ in range(20)))


@benchmark(
    "sessions-csv",
    "CSV of 100,000 sessions",
    target=1.0,
    limited_by="COPY by PostgreSQL",
    sizes=("sessions",),
)
def sessions_csv(sizes: Sizes) -> list[float]:
    client = fill(sizes.sessions)
    return rounds(sizes, lambda: answered(client, ".csv", {}))


@benchmark(
    "sessions-csv-memory",
    "memory of that CSV at its highest",
    target=8.0,
    unit="MB",
    limited_by="64 kB are sent at once",
    sizes=("sessions",),
)
def sessions_csv_memory(sizes: Sizes) -> list[float]:
    client = fill(sizes.sessions)

    def measure() -> float:
        tracemalloc.start()
        answered(client, ".csv", {})
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest / 2**20

    return rounds(sizes, measure)
