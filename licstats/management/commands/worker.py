from __future__ import annotations

import contextlib
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from licstats.models import site_name
from licstats.processes.supervisor import InterruptedBySignals, Program, Supervisor
from licstats.programs import KINDS, worker_children


def _site(text: str) -> str:
    try:
        site_name(text)
    except ValidationError as error:
        raise ArgumentTypeError(f"'{text}' is not a site. {error.message}") from None
    return text


def _at_least_one(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise ArgumentTypeError(f"'{text}' is not a number of tools. Give 1 or more.")
    return int(text)


class Command(BaseCommand):
    help = "Poll license servers, close sessions and keep the database in order. Run any number, on any host."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--site", action="append", default=[], type=_site, help="only this site (repeat for more), else every site"
        )
        parser.add_argument("--only", action="append", choices=KINDS, help="only this kind of work (repeat)")
        parser.add_argument("--polls-at-once", type=_at_least_one, help="how many tools may run at the same time")

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
