"""What a benchmark is, how the ones of all modules are found, and how one is run."""

from __future__ import annotations

import pkgutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from sessions_app import benchmarks
from sessions_app.benchmarks.pace import pace


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; the targets are for what stands here."""

    sessions: int = 100_000  # on one license server
    servers: int = 1000
    intervals: int = 10_000_000
    seconds: int = 120  # of a load that goes on
    repeat: int = 5


Run = Callable[[Sizes], list[float]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`run` returns what was measured in `unit`, once for each repetition; `sizes` names those that it depends on."""

    name: str
    does: str
    target: float
    limited_by: str
    run: Run
    unit: str = "s"
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    benchmark: Benchmark
    median: float
    worst: float
    target: float | None  # None where another size was asked for
    machine: float  # its pace around the measurement; 1.3 is 30 % slower than where the targets were set

    @property
    def ratio(self) -> float | None:
        """The median as a part of the target: up to 1 is reached."""
        return self.median / self.target if self.target else None

    @property
    def reached_at_pace(self) -> bool:
        """Whether the target would be reached if the work got faster as the machine gets: what is seconds does."""
        return self.ratio is not None and self.benchmark.unit == "s" and self.ratio <= self.machine


_registered: dict[str, Benchmark] = {}


def benchmark(
    name: str, does: str, *, target: float, limited_by: str, unit: str = "s", sizes: tuple[str, ...] = ()
) -> Callable[[Run], Run]:
    """Registers the decorated function under `name`."""

    def register(run: Run) -> Run:
        _registered[name] = Benchmark(name, does, target, limited_by, run, unit, sizes)
        return run

    return register


def all_benchmarks() -> dict[str, Benchmark]:
    """Of every module of this package, by name, in the order of the modules' names."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "worker_settings":
            import_module(f"{benchmarks.__name__}.{module.name}")
    return _registered


def timed(sizes: Sizes, act: Callable[[], object]) -> list[float]:
    """Seconds that `act` takes, once for each repetition."""
    seconds = []
    for _ in range(sizes.repeat):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return seconds


def measure(chosen: Benchmark, sizes: Sizes) -> Result:
    """Runs it in the current database, which is a throw-away one."""
    before = pace()
    samples = chosen.run(sizes)
    machine = (before + pace()) / 2
    as_planned = all(getattr(sizes, name) == getattr(Sizes(), name) for name in chosen.sizes)
    return Result(chosen, statistics.median(samples), max(samples), chosen.target if as_planned else None, machine)
