from __future__ import annotations

import json
import logging
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from rich.console import Console
from rich.table import Table

from sessions_app.benchmarks.database import throw_away_database
from sessions_app.benchmarks.framework import Benchmark, Result, Sizes, all_benchmarks, measure
from sessions_app.benchmarks.pace import REFERENCE

EXPLAINED = {
    "sessions": "open on the large license server",
    "servers": "of the load of many",
    "intervals": "of usage in the table",
    "seconds": "that a load goes on",
    "repeat": "of each measurement; the median counts",
}


NARROWEST = 160  # columns: what is piped into a file is not squeezed
LEGEND = (
    f"Machine: around each measurement, the time for what took {REFERENCE} s where the targets were set. "
    "Yellow: above the target, but no more than the machine is slower."
)


class Command(BaseCommand):
    help = "Measures what licstats does, beside its targets, in a database of its own that is dropped again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON on standard output")
        parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
        parser.add_argument("--only", action="append", metavar="NAME", default=[], help="only this one (repeat)")
        for size in fields(Sizes):
            parser.add_argument(f"--{size.name}", type=positive, default=size.default, help=EXPLAINED[size.name])

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = choose(options["only"])
        if options["list"]:
            for one in chosen:
                self.stdout.write(f"{one.name:<16} {one.does}")
            return
        sizes = Sizes(**{size.name: options[size.name] for size in fields(Sizes)})
        results: list[Result] = []
        try:
            self._measure(chosen, sizes, results)
        finally:  # what was measured before one that failed is not lost
            self._print(results, as_json_text=options["json"])

    def _print(self, results: list[Result], *, as_json_text: bool) -> None:
        if as_json_text:
            self.stdout.write(json.dumps([as_json(result) for result in results], indent=2))
        else:
            console = Console()
            console.width = max(console.width, NARROWEST)
            console.print(as_table(results))

    def _measure(self, chosen: list[Benchmark], sizes: Sizes, results: list[Result]) -> None:
        console = Console(stderr=True)
        logging.disable(logging.WARNING)  # what is polled here is not the installation's, nor are its troubles
        try:
            with throw_away_database():
                for one in chosen:
                    with console.status(f"{one.name}: {one.does}"):
                        results.append(measure(one, sizes))
        except OperationalError as error:
            raise CommandError(
                f"The benchmarks' own database could not be used: {error}. They need a running PostgreSQL "
                "(`licstats up`) and a user that may create databases (ALTER ROLE ... CREATEDB)."
            ) from error
        finally:
            logging.disable(logging.NOTSET)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(f"{number} is less than 1")
    return number


def choose(names: list[str]) -> list[Benchmark]:
    """The benchmarks of those names, or all. CommandError names what there is."""
    known = all_benchmarks()
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise CommandError(f"No benchmark is named {', '.join(unknown)}. There are: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(known.values())


def as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.benchmark.name,
        "does": result.benchmark.does,
        "unit": result.benchmark.unit,
        "target": result.target,
        "median": round(result.median, 4),
        "worst": round(result.worst, 4),
        "ratio": result.ratio and round(result.ratio, 2),
        "machine": round(result.machine, 2),
        "limited_by": result.benchmark.limited_by,
    }


def as_table(results: list[Result]) -> Table:
    figures = ("Target", "Median", "Worst", "Of target", "Machine")
    table = Table("Benchmark", *figures, "What", "Limited by", caption=LEGEND)
    for column in table.columns[1 : 1 + len(figures)]:
        column.justify, column.no_wrap = "right", True
    for one in results:
        unit = one.benchmark.unit
        table.add_row(
            one.benchmark.name,
            f"{one.target:g} {unit}" if one.target else "other size",
            f"{one.median:.3g} {unit}",
            f"{one.worst:.3g} {unit}",
            "" if one.ratio is None else f"[{colour(one)}]{one.ratio:.0%}[/]",
            f"{one.machine:.0%}",
            one.benchmark.does,
            one.benchmark.limited_by,
        )
    return table


def colour(result: Result) -> str:
    if result.ratio is not None and result.ratio <= 1:
        return "green"
    return "yellow" if result.reached_at_pace else "red"
