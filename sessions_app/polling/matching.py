"""Which stored feature each feature of a reading is. A feature never changes its identity because nobody uses it.

What the license manager names wins; what it leaves out for now (version and type of an idle FlexNet feature) is
remembered. A catalogue that appears later, or goes away, finds the rows that are there.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from licstats.managers.reading import FeatureReading


class Identity(NamedTuple):
    """What tells a feature of one license server from the others, in the lengths of the database."""

    vendor: str
    name: str
    version: str
    type: str
    place: int


class Named(Protocol):
    """A stored feature, or one of a reading."""

    vendor: str
    name: str
    version: str
    type: str
    place: int
    version_listed: bool


Row = TypeVar("Row", bound=Named)
Key = Callable[[Identity], tuple[str | int, ...]]
Condition = Callable[[Identity, bool], bool]


def identity(feature: Named | FeatureReading) -> Identity:
    place = min(feature.place, 32767)
    return Identity(feature.vendor[:200], feature.name[:300], feature.version[:100], str(feature.type), place)


def free_place(wanted: Identity, taken: set[Identity]) -> Identity:
    """`wanted`, taken now, in the first place from its own that was not: long names may be equal where they are cut."""
    while wanted in taken:
        wanted = wanted._replace(place=wanted.place + 1)
    taken.add(wanted)
    return wanted


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to find the row of a reading's feature: an equal key, where both conditions hold."""

    key: Key
    reading: Condition = lambda identity, listed: True
    row: Condition = lambda identity, listed: True


def _listed(identity: Identity, listed: bool) -> bool:
    return listed


def _unlisted(identity: Identity, listed: bool) -> bool:
    return not listed


def _no_type(identity: Identity, listed: bool) -> bool:
    return listed and not identity.type


def _no_vendor(identity: Identity, listed: bool) -> bool:
    return not identity.vendor


RULES = (
    Rule(lambda i: i),
    Rule(lambda i: (i.vendor, i.name, i.place), _unlisted, _unlisted),
    Rule(lambda i: (i.vendor, i.name, i.version, i.place), _no_type, _listed),
    Rule(lambda i: (i.vendor, i.name, i.version, i.place), _listed, _no_type),
    # the catalogue appeared: the heading's row becomes that of one of its versions
    Rule(lambda i: (i.vendor, i.name, i.version), _listed, _unlisted),
    Rule(lambda i: (i.vendor, i.name), _listed, _unlisted),
    # the catalogue is gone: the heading goes on with one of its versions
    Rule(lambda i: (i.vendor, i.name, i.version, i.type), _unlisted, _listed),
    Rule(lambda i: (i.vendor, i.name, i.version), _unlisted, _listed),
    Rule(lambda i: (i.vendor, i.name), _unlisted, _listed),
    # the vendor was, or is, not printed
    Rule(lambda i: (i.name, i.version, i.place), _no_vendor),
    Rule(lambda i: (i.name, i.version, i.place), row=_no_vendor),
)


def match(readings: Sequence[FeatureReading], rows: Iterable[Row]) -> list[Row | None]:
    """For each feature of a reading its row, or None where it is new. `rows` that are preferred come first."""
    found: list[Row | None] = [None] * len(readings)
    unmatched = {id(row): (row, identity(row)) for row in rows}
    taken: set[Identity] = set()
    waiting = [(index, free_place(identity(reading), taken)) for index, reading in enumerate(readings)]
    for rule in RULES:
        by_key: defaultdict[tuple[str | int, ...], deque[Row]] = defaultdict(deque)
        for row, of_row in unmatched.values():
            if rule.row(of_row, row.version_listed):
                by_key[rule.key(of_row)].append(row)
        for index, of_reading in waiting:
            candidates = by_key.get(rule.key(of_reading))
            if candidates and rule.reading(of_reading, readings[index].version_listed):
                found[index] = row = candidates.popleft()
                del unmatched[id(row)]
        waiting = [(index, of_reading) for index, of_reading in waiting if found[index] is None]
        if not waiting:
            break
    return found


def merged(row: Named, reading: FeatureReading) -> tuple[Identity, bool]:
    """The row's identity with what this reading says of it, and whether its version is listed."""
    old, new = identity(row), identity(reading)
    vendor, type_ = new.vendor or old.vendor, new.type or old.type
    if reading.version_listed:
        return Identity(vendor, new.name, new.version, type_, new.place), True
    if row.version_listed:
        return Identity(vendor, new.name, old.version, type_, old.place), True
    return Identity(vendor, new.name, highest(old.version, new.version), type_, new.place), False


def highest(*versions: str) -> str:
    """The highest version: numbers compare as numbers, so 10.1 is above 9.2; the first of equals."""
    return max(versions, key=_version_key)


def _version_key(version: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|[^\W\d_]+", version.removeprefix("v").removeprefix("V"))
    return [(1, int(part[:300]), "") if part[0].isdigit() else (0, 0, part) for part in parts]
