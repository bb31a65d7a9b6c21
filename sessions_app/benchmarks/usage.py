"""Usage over time out of a large table of intervals."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse
from django.utils import timezone as clock

from licstats.models import Feature, LicenseServer
from sessions_app import usage
from sessions_app.benchmarks.database import empty, signed_in
from sessions_app.benchmarks.framework import Sizes, benchmark
from sessions_app.models.dashboard import Part
from sessions_app.polling import partitions
from sessions_app.views.parts import PART_HEADER

FEATURES = 1000
YEAR = timedelta(days=365)

# Interleaved in time, as polls write them: the intervals of one feature lie all over its months.
FILL = """
INSERT INTO sessions_app_usageinterval
    (feature_id, started_at, ended_at, used, borrowed, reserved, queued, total)
SELECT %(first)s + n %% %(features)s, %(begin)s::timestamptz + n * pace.step,
       %(begin)s::timestamptz + (n + %(features)s) * pace.step, n * 7919 %% 97, 0, 0, 0, 100
FROM generate_series(0, %(intervals)s::bigint - 1) AS n, (SELECT %(year)s::interval / %(intervals)s AS step) AS pace
"""


@benchmark(
    "usage-year",
    "a year of one feature's usage out of 10 million intervals of 1,000 features",
    target=0.05,
    limited_by="Python: 10,000 rows of the index as intervals",
    sizes=("intervals",),
)
def usage_of_a_year(sizes: Sizes) -> list[float]:
    end = clock.now()
    first = fill(sizes.intervals, end - YEAR)
    seconds = []
    for feature in range(first, first + sizes.repeat):
        began = time.perf_counter()
        found = list(usage.intervals([feature], end - YEAR, end))
        seconds.append(time.perf_counter() - began)
        if len(found) != sizes.intervals // FEATURES:
            raise RuntimeError(f"{len(found)} intervals were found instead of {sizes.intervals // FEATURES}.")
    return seconds


@benchmark(
    "usage-year-page",
    "that year as the page shows it: the page with its first rows, then its graph",
    target=0.5,
    limited_by="Python: 10,000 intervals added up to the steps of the curve",
    sizes=("intervals",),
)
def page_of_a_year(sizes: Sizes) -> list[float]:
    end = clock.now()
    first = fill(sizes.intervals, end - YEAR)
    empty("auth_user")
    client = signed_in()
    seconds = []
    for feature in Feature.objects.filter(pk__gte=first).order_by("pk")[: sizes.repeat]:
        chosen = {"scope": f"server:{feature.server.name}", "feature": feature.name, "version": "", "type": ""}
        period = {"period": "custom", "from": (end - YEAR).isoformat(), "to": end.isoformat()}
        address = f"{reverse('history-usage')}?{urlencode(chosen | period)}"
        began = time.perf_counter()
        answers = [client.get(address), client.get(address, headers={PART_HEADER: Part.GRAPH})]
        seconds.append(time.perf_counter() - began)
        if any(answer.status_code != 200 for answer in answers):
            raise RuntimeError(f"{address} was answered with {[answer.status_code for answer in answers]}.")
    return seconds


def fill(intervals: int, begin: datetime) -> int:
    """As many intervals of FEATURES features in the year from `begin`; the id of the first of the features."""
    empty("licstats_licenseserver")
    server = LicenseServer.objects.create(name="bench", manager="flexnet", address="27000@bench")
    features = Feature.objects.bulk_create(
        Feature(server=server, vendor="vendord", name=f"feature_{number}") for number in range(FEATURES)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            FILL,
            {
                "first": features[0].pk,
                "features": FEATURES,
                "begin": begin,
                "intervals": intervals,
                "year": f"{YEAR.days} days",
            },
        )
    partitions.maintain()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sessions_app_usageinterval")
    return features[0].pk
