"""How fast the machine is while the others are measured: a figure that has nothing of licstats in it."""

from __future__ import annotations

from sessions_app.benchmarks.framework import Sizes, benchmark, timed
from sessions_app.benchmarks.polling import NOON, SIZES
from sessions_app.benchmarks.reports import Fleet


@benchmark(
    "machine",
    "Python splits an lmstat report of 100,000 checkouts into its lines",
    target=0.014,
    limited_by="the machine: the targets were set where this took 0.014 s",
    sizes=SIZES,
)
def machine(sizes: Sizes) -> list[float]:
    return timed(sizes, Fleet(sizes.sessions, NOON).report(NOON).splitlines)
