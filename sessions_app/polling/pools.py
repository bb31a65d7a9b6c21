"""The pools of features, written only where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from licstats.managers.reading import FeatureReading
from licstats.models import Feature, Pool
from sessions_app.polling.figures import bounded

Values = tuple[int | None, date | None, bool, str]


def store_pools(rows: Sequence[Feature], readings: Sequence[FeatureReading]) -> bool:
    """Whether a pool of any of the features changed. Features that are not listed now keep theirs."""
    stored: dict[int, list[Values]] = defaultdict(list)
    for pool in Pool.objects.filter(feature__in=rows).order_by("feature", "place"):
        stored[pool.feature_id].append((pool.total, pool.expires, pool.permanent, pool.version))
    changed = {
        row.pk: new
        for row, reading in zip(rows, readings, strict=True)
        if (new := _values(reading)) != stored.get(row.pk, [])
    }
    if changed:
        Pool.objects.filter(feature__in=changed).delete()
        Pool.objects.bulk_create(
            Pool(feature_id=feature_id, place=place, total=total, expires=expires, permanent=permanent, version=version)
            for feature_id, pools in changed.items()
            for place, (total, expires, permanent, version) in enumerate(pools)
        )
    return bool(changed)


def _values(reading: FeatureReading) -> list[Values]:
    return [(bounded(pool.total), pool.expires, pool.permanent, pool.version[:100]) for pool in reading.pools[:32767]]
