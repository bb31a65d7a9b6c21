from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand

from licstats.programs import beat_command


class Command(BaseCommand):
    help = "Send the scheduled work to the workers. Run exactly one."

    def handle(self, *args: Any, **options: Any) -> None:
        command = beat_command()
        os.execv(command[0], command)  # noqa: S606 (that is what is wanted)
