"""Features of a heading whose versions `lmstat -i` lists: each version and type is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from licstats.managers import pools
from licstats.managers.flexnet.building import block_pools, build, plain_version, version_order
from licstats.managers.flexnet.catalogue import Row
from licstats.managers.flexnet.parts import Block, Placed
from licstats.managers.reading import FeatureReading, FeatureType, Pool, Problem, ProblemKind


@dataclass(slots=True)
class _Part:
    """The blocks and rows of one version and type."""

    version: str
    type: FeatureType
    blocks: list[Block]
    rows: list[Row] = field(default_factory=list)

    def pools(self) -> tuple[Pool, ...]:
        return tuple(Pool(row.count, row.expiry.day, row.expiry.permanent, row.version) for row in self.rows)


class VersionedFeatures:
    """The features of equal headings, `placed`, by the catalogue's `rows` of them; `problems` where both disagree.

    One row: the heading's figures are the feature's. Several: each has the row's licenses, and the use of its blocks.
    """

    def __init__(self, placed: Sequence[Placed], rows: Sequence[Row], vendor: str, today: date) -> None:
        self.headings = [place.heading for place in placed]
        self.line = placed[0].line
        self.vendor = vendor
        self.name = self.headings[0].name
        self.today = today
        self.problems: list[Problem] = []
        self.uncounted = any(heading.uncounted for heading in self.headings)
        totals = [heading.total for heading in self.headings]
        self.total = None if None in totals else sum(filter(None, totals))
        in_use = [heading.in_use for heading in self.headings]
        self.in_use = None if None in in_use else sum(filter(None, in_use))
        self.told = all(heading.uncounted or heading.in_use is not None for heading in self.headings)
        self.parts = self._parts(rows)
        self._check_sum(rows)

    def features(self) -> Iterator[FeatureReading]:
        alone = len(self.parts) == 1
        reserved = sum(heading.figures.reserved for heading in self.headings)
        for part in self.parts:
            total = self.total if alone else self._total(part)
            used: int | None = sum(block.seen for block in part.blocks)
            if alone and self.in_use is not None:
                used = max(0, self.in_use - reserved)
            yield self._feature(part, total, used if self.told else None)

    def _feature(self, part: _Part, total: int | None, used: int | None) -> FeatureReading:
        return build(
            part.blocks,
            vendor=self.vendor,
            name=self.name,
            version=part.version,
            kind=part.type,
            total=total,
            used=used,
            adds_up=all(heading.adds_up for heading in self.headings),
            part_pools=part.pools() or block_pools(part.blocks),
            today=self.today,
        )

    def _total(self, part: _Part) -> int | None:
        """The licenses of a version's rows; of one that the catalogue does not list what the others leave."""
        if self.uncounted:
            return None
        if part.rows:
            return pools.total(part.pools(), self.today)
        listed = sum(row.count or 0 for other in self.parts for row in other.rows)
        return max((self.total or 0) - listed, 0)

    def _parts(self, rows: Sequence[Row]) -> list[_Part]:
        versions: dict[str, list[Row]] = {}
        for row in rows:
            versions.setdefault(row.version, []).append(row)
        blocks: dict[str, list[Block]] = {version: [] for version in versions}
        highest = max(versions, key=version_order)
        for heading in self.headings:
            for block in heading.blocks:
                blocks.setdefault(_listed(block.version, versions) or block.version or highest, []).append(block)
        return [
            part
            for version, its_blocks in blocks.items()
            for part in self._by_type(version, its_blocks, versions.get(version, []))
        ]

    def _by_type(self, version: str, blocks: list[Block], rows: list[Row]) -> list[_Part]:
        if not rows:
            self._add(f"Version {version} of {self.name} is in use, but lmstat -i does not list it.")
        unknown = FeatureType.NODE_LOCKED if self.uncounted else FeatureType.UNKNOWN
        types: dict[FeatureType, list[Block]] = {}
        for block in blocks:
            types.setdefault(block.type or unknown, []).append(block)
        parts = [_Part(version, kind, its_blocks) for kind, its_blocks in types.items()]
        parts = parts or [_Part(version, unknown, [])]
        if len(parts) == 1:
            parts[0].rows = rows
        else:
            self._share(version, parts, rows)
        return parts

    def _share(self, version: str, parts: list[_Part], rows: list[Row]) -> None:
        """Gives each type of one version its rows: those that expire with its blocks, else in their order."""
        for place, row in enumerate(rows):
            fitting = [part for part in parts if any(block.expiry == row.expiry for block in part.blocks)]
            (fitting if len(fitting) == 1 else [parts[min(place, len(parts) - 1)]])[0].rows.append(row)
        bare = [part.type for part in parts if not part.rows]
        if bare:
            message = f"lmstat -i does not tell how many licenses of version {version} are {', '.join(bare)}."
            self._add(message)

    def _check_sum(self, rows: Sequence[Row]) -> None:
        """Several rows must add up to the heading, with or without those that have expired."""
        if len(rows) < 2 or self.total is None:
            return
        all_pools = [Pool(row.count, row.expiry.day, row.expiry.permanent) for row in rows]
        every = None if None in [row.count for row in rows] else sum(row.count or 0 for row in rows)
        if self.total in {every, pools.total(all_pools, self.today)}:
            return
        counts = " + ".join("uncounted" if row.count is None else str(row.count) for row in rows)
        told = "" if every is None else f" = {every}"
        licenses = f"{self.total} license{'s' * (self.total != 1)}"
        self._add(f"{self.name} has {licenses}, but lmstat -i lists {counts}{told}.")

    def _add(self, message: str) -> None:
        text = self.headings[0].text
        self.problems.append(Problem(ProblemKind.CATALOGUE, message, self.line, text, self.vendor, self.name))


def _listed(version: str, versions: dict[str, list[Row]]) -> str | None:
    """The catalogue's spelling of a version: 31.000 is 31.0."""
    if version in versions:
        return version
    return next((listed for listed in versions if version and plain_version(listed) == plain_version(version)), None)
