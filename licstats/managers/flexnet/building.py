"""A feature out of blocks, and the order of FlexNet's versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import chain
from operator import attrgetter

from licstats.managers import pools
from licstats.managers.flexnet.parts import Block, used_of
from licstats.managers.reading import FeatureReading, FeatureType, Pool, SessionReading

_PARTS = re.compile(r"\d+(?:\.\d+)?|[^\d]+", re.ASCII)


def version_order(version: str) -> list[tuple[bool, float, str]]:
    """A sorting key: FlexNet compares versions as decimal numbers, 2024.1 being above 2024.06."""
    return [(part[0].isdigit(), float(part) if part[0].isdigit() else 0, part) for part in _PARTS.findall(version)]


def plain_version(version: str) -> list[tuple[bool, float, str]]:
    """Equal for versions that are the same number, as 31.0 and 31.000."""
    return [(is_number, value, "" if is_number else part) for is_number, value, part in version_order(version)]


def block_pools(blocks: Sequence[Block]) -> tuple[Pool, ...]:
    """The pools that blocks show, whose licenses are not told one by one."""
    told = [Pool(None, block.expiry.day, block.expiry.permanent, block.version) for block in blocks if block.version]
    return tuple(dict.fromkeys(told))


def build(
    blocks: Sequence[Block],
    *,
    vendor: str,
    name: str,
    version: str,
    kind: FeatureType,
    total: int | None,
    used: int | None,
    adds_up: bool,
    part_pools: tuple[Pool, ...],
    today: date,
    version_listed: bool = True,
    place: int = 0,
) -> FeatureReading:
    """The feature that `blocks` show, with its sessions, reservations and queue."""
    sessions: tuple[SessionReading, ...] = tuple(chain.from_iterable([block.sessions for block in blocks]))
    queue = tuple([request for block in blocks for request in block.queue])
    expiry = pools.expiration(part_pools, today)
    return FeatureReading(
        vendor=vendor,
        name=name,
        version=version,
        type=kind,
        total=total,
        used=used,
        borrowed=sum(map(used_of, filter(attrgetter("borrow_expires_at"), sessions))),
        reserved=sum([block.reserved for block in blocks]),
        queued=sum([request.count for request in queue]),
        expires=expiry.day,
        permanent=expiry.permanent,
        version_listed=version_listed,
        place=place,
        adds_up=adds_up,
        pools=part_pools,
        sessions=sessions,
        reservations=tuple([reservation for block in blocks for reservation in block.reservations]),
        queue=queue,
    )
