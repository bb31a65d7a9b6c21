"""The command line: `licstats X` and `manage.py X` are Django's management commands."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "licstats.settings")
    execute_from_command_line(["licstats", *sys.argv[1:]])
