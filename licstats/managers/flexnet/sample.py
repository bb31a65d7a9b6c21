"""A report of lmstat of any size, for benchmarks: the same text for the same size."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

DISPLAYS = (":0.0", "/dev/pts/7", "/dev/tty", "localhost:14.0")
COUNTS = (1,) * 8 + (2, 5, 16)
OLDEST = 40 * 24 * 60  # minutes
SEED = 100_000


def lmstat_report(features: int, checkouts: int, at: datetime, seed: int = SEED) -> str:
    """The output of `lmstat -a`, printed at the local time `at`, of a triad: `features` of `checkouts` lines each."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    handles = iter(range(100, 100 + features * checkouts * 8, 7))
    parts = [_head(at)]
    for number in range(features):
        lines = [_checkout(chance, at, next(handles)) for _ in range(checkouts)]
        used = sum(count for _, count in lines)
        parts += _feature(f"feature_{number:03d}", used + chance.randrange(500), used)
        parts += [line for line, _ in lines]
        parts.append("\n")
    return "".join(parts)


def changed_report(report: str, share: float, seed: int = SEED) -> str:
    """`report` with that share of its checkouts in other hands, spread over all features."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return "".join(_handed_on(report, chance, share))


def _handed_on(report: str, chance: random.Random, share: float) -> Iterator[str]:
    for number, line in enumerate(report.splitlines(keepends=True)):
        if ", start " in line and chance.random() < share:
            yield f"    other{number} {line.split(maxsplit=1)[1]}"
        else:
            yield line


def _head(at: datetime) -> str:
    nodes = ("lic1.example.com", "lic2.example.com", "lic3.example.com")
    return (
        "lmutil - Copyright (c) 1989-2023 Flexera. All Rights Reserved.\n"
        f"Flexible License Manager status on {_day(at)}/{at.year} {at.hour:02}:{at:%M}\n\n"
        "[Detecting lmgrd processes...]\n"
        f"License server status: {','.join(f'27000@{node}' for node in nodes)}\n"
        f"    License file(s) on {nodes[0]}: /opt/flexnet/license.dat:\n\n"
        f"{nodes[0]}: license server UP (MASTER) v11.19.5\n"
        f"{nodes[1]}: license server UP v11.19.5\n"
        f"{nodes[2]}: license server UP v11.19.5\n\n"
        f"Vendor daemon status (on {nodes[0]}):\n\n"
        "     vendord: UP v11.19.5\n"
        "Feature usage info:\n\n"
    )


def _feature(name: str, total: int, used: int) -> Iterator[str]:
    yield f"Users of {name}:  (Total of {total} licenses issued;  Total of {used} licenses in use)\n\n"
    if used:
        yield f'  "{name}" v2024.06, vendor: vendord, expiry: 31-dec-2030\n'
        yield f"  vendor_string: SITE:{name[-3:]}\n  floating license\n\n"


def _checkout(chance: random.Random, at: datetime, handle: int) -> tuple[str, int]:
    """A line, and the licenses on it."""
    start = at - timedelta(minutes=chance.randrange(OLDEST))
    count = chance.choice(COUNTS)
    host = f"ws{chance.randrange(3000):04d}"
    identity = f"user{chance.randrange(4000):04d} {host}.eng.example.com {chance.choice((*DISPLAYS, host))}"
    version = f"v20{chance.randrange(15, 25)}.0{chance.randrange(1, 9)}"
    licenses = f", {count} licenses" if count > 1 else ""
    place = f"({version}) (lic1.example.com/27000 {handle})"
    return f"    {identity} {place}, start {_day(start)} {start.hour}:{start:%M}{licenses}\n", count


def _day(moment: datetime) -> str:
    return f"{moment:%a} {moment.month}/{moment.day}"
