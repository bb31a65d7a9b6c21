from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand

from licstats.programs import web_command


class Command(BaseCommand):
    help = "Serve the pages at LICSTATS_BIND:LICSTATS_PORT (gunicorn with threads)."

    def handle(self, *args: Any, **options: Any) -> None:
        command = web_command()
        os.execv(command[0], command)  # noqa: S606 (that is what is wanted)
