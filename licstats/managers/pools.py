"""Pools of one feature: which of them count, and when the feature expires."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from licstats.managers.dates import Expiry
from licstats.managers.reading import Pool


def counting(pools: Sequence[Pool], today: date) -> list[Pool]:
    """The pools whose licenses count: those that have not expired, or all where all have. The last day is valid."""
    valid = [pool for pool in pools if not is_expired(pool, today)]
    return valid or list(pools)


def is_expired(pool: Pool, today: date) -> bool:
    return pool.expires is not None and pool.expires < today


def total(pools: Sequence[Pool], today: date) -> int | None:
    """Licenses of the pools that count; None where one of them is uncounted."""
    counts = [pool.total for pool in counting(pools, today)]
    return None if None in counts else sum(filter(None, counts))


def expiration(pools: Sequence[Pool], today: date) -> Expiry:
    """The soonest date of the pools that count; permanent where none of them ends. All expired: the oldest date."""
    days = [pool.expires for pool in counting(pools, today) if pool.expires]
    return Expiry(min(days)) if days else Expiry(permanent=any(pool.permanent for pool in pools))
