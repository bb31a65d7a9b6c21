from __future__ import annotations

import contextlib
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from licstats.processes.supervisor import InterruptedBySignals, Program, Supervisor
from licstats.programs import KINDS, worker_children


class Command(BaseCommand):
    help = "Poll license servers, close sessions and keep the database in order. Run any number, on any host."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", action="append", default=[], help="only this site (repeat for more)")
        parser.add_argument("--only", action="append", choices=KINDS, help="only this kind of work (repeat)")
        parser.add_argument("--polls-at-once", type=int, help="how many tools may run at the same time")

    def handle(self, *args: Any, **options: Any) -> None:
        children = worker_children(options["site"], options["only"] or KINDS, options["polls_at_once"])
        with (
            InterruptedBySignals(),
            contextlib.suppress(KeyboardInterrupt),
            Supervisor(self.stdout.write) as supervisor,
        ):
            for child in children:
                supervisor.start(Program(child))
            supervisor.watch()
