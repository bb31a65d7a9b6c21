from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from groups_app.fleet import ApplyFleet, Outcome
from groups_app.fleet_file import FleetError, FleetFile


class Command(BaseCommand):
    help = (
        "fleet apply FILE.toml: license servers, groups and visibility from a file. Applying it again "
        "changes nothing; what the file does not name stays as it is; where anything is wrong, nothing is applied."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        apply = actions.add_parser("apply", help="make the database say what the file says")
        apply.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcomes = ApplyFleet(FleetFile.load(options["file"])).execute()
        except FleetError as error:
            count = len(error.problems)
            raise CommandError(f"{error}\nNothing was applied: {count} problem{'s' * (count > 1)}.") from error
        for outcome in outcomes:
            self._print(outcome)
        sums = Counter(outcome.what for outcome in outcomes)
        self.stdout.write(", ".join(f"{sums[what]} {what}" for what in ("created", "changed", "unchanged")))

    def _print(self, outcome: Outcome) -> None:
        fields = f" ({', '.join(outcome.fields)})" if outcome.fields else ""
        self.stdout.write(f"{outcome.kind} {outcome.name}: {outcome.what}{fields}")
        for notice in outcome.notices:
            self.stdout.write(f"  note: {notice}")
