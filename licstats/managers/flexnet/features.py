"""Makes features of a report's headings.

Without a catalogue the heading is the feature, its blocks are its pools, and its version and type are the highest and
the last ones among them. With one, each version and type is a feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from licstats.managers.flexnet.building import block_pools, build, version_order
from licstats.managers.flexnet.catalogue import Catalogue, Row
from licstats.managers.flexnet.memory import Group, Kept, Memory
from licstats.managers.flexnet.parts import Heading, Placed, Report
from licstats.managers.flexnet.versions import VersionedFeatures
from licstats.managers.problems import line_problem, moved
from licstats.managers.reading import FeatureReading, FeatureType, Problem, ProblemKind
from licstats.managers.tails import missing_tail


def make_features(report: Report, catalogue: Catalogue | None, memory: Memory) -> list[FeatureReading]:
    """The features of `report`, whose problems are added to it; unchanged ones are those of the last reading."""
    features: list[FeatureReading] = []
    groups = _group(report)
    if tail := missing_tail(memory.last_groups, groups):
        report.problems.add(tail)
    for (vendor, name), placed in groups.items():
        rows = catalogue.of(vendor, name) if catalogue else []
        context = (report.today, rows)
        headings = [place.heading for place in placed]
        last = memory.groups.get((vendor, name))
        if last and last.context == context and _are_same(last.headings, headings):
            kept = last
        else:
            made, problems = _make(placed, rows, vendor, report.today)
            kept = Kept(headings, context, _settled(made, last), problems, placed[0].line)
        memory.next_groups[vendor, name] = kept
        features += kept.features
        for problem in moved(kept.problems, placed[0].line - kept.line):
            report.problems.add(problem)
        for place in placed:
            _add_totals(report, place, vendor)
    return features


def _group(report: Report) -> dict[Group, list[Placed]]:
    """The headings by vendor and name. Where one output holds several reports of a license server, the last counts."""
    groups: dict[Group, list[Placed]] = {}
    for placed in report.headings:
        vendor = placed.heading.vendor or next((b.vendor for b in placed.heading.blocks if b.vendor), "")
        groups.setdefault((vendor, placed.heading.name), []).append(placed)
    if len(report.date_lines) < 2:
        return groups
    repeated = 0
    for key, placed_here in groups.items():
        latest = {placed.server: placed.report for placed in placed_here}
        groups[key] = [placed for placed in placed_here if latest[placed.server] == placed.report]
        repeated += len(placed_here) - len(groups[key])
    if repeated:
        features = f"{repeated} feature{'s' * (repeated > 1)}"
        message = f"The output holds several reports of one license server: of {features} the last one counts."
        report.problems.add(line_problem(report.date_lines[-1], "", message))
    return groups


def _are_same(some: Sequence[Heading], others: Sequence[Heading]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def _settled(made: list[FeatureReading], last: Kept | None) -> tuple[FeatureReading, ...]:
    """Takes the last reading's objects for features that are equal."""
    known = {(f.version, f.type, f.place): f for f in last.features} if last else {}
    pairs = [(feature, known.get((feature.version, feature.type, feature.place))) for feature in made]
    return tuple([old if old is not None and old == feature else feature for feature, old in pairs])


def _make(
    placed: Sequence[Placed], rows: Sequence[Row], vendor: str, today: date
) -> tuple[list[FeatureReading], list[Problem]]:
    if rows:
        versioned = VersionedFeatures(placed, rows, vendor, today)
        return list(versioned.features()), versioned.problems
    return list(_by_heading([place.heading for place in placed], vendor, today)), []


def _by_heading(headings: Sequence[Heading], vendor: str, today: date) -> Iterator[FeatureReading]:
    """Equal headings are features of their own, by their place, where their blocks name different versions."""
    versions = [frozenset(block.version for block in heading.blocks if block.version) for heading in headings]
    if len(set(filter(None, versions))) < 2:
        yield _merged(headings, vendor, today, place=0)
        return
    equals: dict[object, list[int]] = {}
    for place, names in enumerate(versions):
        equals.setdefault(names or place, []).append(place)
    for places in equals.values():
        yield _merged([headings[place] for place in places], vendor, today, places[0])


def _merged(headings: Sequence[Heading], vendor: str, today: date, place: int) -> FeatureReading:
    blocks = [block for heading in headings for block in heading.blocks]
    kinds = [block.type for block in blocks if block.type]
    uncounted = any(heading.uncounted for heading in headings)
    totals = [heading.total for heading in headings]
    return build(
        blocks,
        vendor=vendor,
        name=headings[0].name,
        version=max((block.version for block in blocks), key=version_order, default=""),
        kind=kinds[-1] if kinds else FeatureType.NODE_LOCKED if uncounted else FeatureType.UNKNOWN,
        total=None if None in totals else sum(filter(None, totals)),
        used=_used(headings),
        adds_up=all(heading.adds_up for heading in headings),
        part_pools=block_pools(blocks),
        today=today,
        version_listed=False,
        place=place,
    )


def _used(headings: Sequence[Heading]) -> int | None:
    """What is in use less the idle reservations, which FlexNet counts in; of what is not counted, what was seen."""
    used = 0
    for heading in headings:
        if heading.uncounted:
            used += heading.figures.seen
        elif heading.in_use is None:
            return None
        else:
            used += max(0, heading.in_use - heading.figures.reserved)
    return used


def _add_totals(report: Report, placed: Placed, vendor: str) -> None:
    heading, figures = placed.heading, placed.heading.figures
    if heading.in_use is None or heading.in_use == figures.accounted:
        return
    checkouts = f"{figures.checkouts} checkout{'' if figures.checkouts == 1 else 's'}"
    message = f"{heading.in_use} in use, but {figures.seen} seen in {checkouts} and {figures.reserved} reserved"
    report.problems.add(Problem(ProblemKind.TOTALS, message, placed.line, heading.text, vendor, heading.name))
