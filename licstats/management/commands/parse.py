"""`licstats parse MANAGER FILE`: what a saved output of a license manager's tool says, as JSON."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone as clock

from licstats.managers.base import STATUS, Output
from licstats.managers.decoding import decode
from licstats.managers.reading import Verdict
from licstats.managers.registry import MANAGERS
from licstats.managers.serial import plain
from licstats.timezones import validate_timezone

EXIT_STATUS = {Verdict.COMPLETE: 0, Verdict.PARTIAL: 1, Verdict.FAILED: 2}


class Command(BaseCommand):
    help = (
        "Read a saved output of a license manager's tool and print the reading as JSON. "
        "Exit status 0: complete, 1: partial, 2: failed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manager", choices=sorted(MANAGERS), help="the license manager")
        parser.add_argument("file", help="the output, as the tool printed it; - is standard input")
        parser.add_argument("--now", type=_moment, help="when it was printed, ISO 8601; default: now")
        parser.add_argument("--tz", type=_zone, default=ZoneInfo("UTC"), help="the server's time zone; default: UTC")
        parser.add_argument("--catalogue", metavar="FILE", help="the answer of lmstat -i to the same license server")

    def handle(self, **options: Any) -> None:
        zone: ZoneInfo = options["tz"]
        now: datetime = options["now"] or clock.now()
        at = now if now.tzinfo else now.replace(tzinfo=zone)
        outputs = {STATUS: Output(_read(options["file"]), at=at)}
        if options["catalogue"]:
            outputs["catalogue"] = Output(_read(options["catalogue"]), at=at)
        reading = MANAGERS[options["manager"]].read(outputs, at, zone)
        self.stdout.write(json.dumps(plain(reading), indent=2))
        if status := EXIT_STATUS[reading.verdict]:
            sys.exit(status)


def _read(name: str) -> str:
    try:
        return decode(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.", returncode=2) from error


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is not a time. Right would be 2026-03-31T09:12 or 2026-03-31.") from None


def _zone(text: str) -> ZoneInfo:
    try:
        validate_timezone(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from None
    return ZoneInfo(text)
