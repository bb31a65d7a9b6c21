"""How fast the machine is at the moment, from work that has nothing of licstats in it."""

from __future__ import annotations

import statistics
from time import perf_counter

REFERENCE = 0.014  # s that the machine took for it on which the targets were set
REPORT = ("x" * 99 + "\n") * 100_000  # the size of an lmstat report of 100,000 checkouts
SPLITS = 5


def pace() -> float:
    """The time that Python takes to split a large report into its lines, as a part of REFERENCE; the median of some."""
    return statistics.median(_split() for _ in range(SPLITS)) / REFERENCE


def _split() -> float:
    began = perf_counter()
    REPORT.splitlines()
    return perf_counter() - began
