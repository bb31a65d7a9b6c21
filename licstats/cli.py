"""The command line: `licstats X` and `manage.py X` are Django's management commands."""

from __future__ import annotations

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, connection
from django.db.utils import InterfaceError

from licstats.processes.errors import StartError


def main() -> None:
    """Runs the command that the arguments name. What an administrator can mend ends in a sentence, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "licstats.settings")
    try:
        hasattr(settings, "DEBUG")  # reads the settings: a wrong value is to be told before anything else
        execute_from_command_line(["licstats", *sys.argv[1:]])
    except (ImproperlyConfigured, StartError) as error:
        sys.exit(f"Configuration: {error}")
    except (OperationalError, InterfaceError) as error:
        reason = str(error).strip().partition("\n")[0]
        if answers():
            sys.exit(f"The database broke this off: {reason}. Its log says more.")
        sys.exit(f"The database does not answer. {how_to_start()}\n({reason})")


def answers() -> bool:
    """Whether the database takes connections."""
    trial = connection.copy()  # ours may be lost, or in the middle of something
    try:
        trial.ensure_connection()
    except (OperationalError, InterfaceError):
        return False
    trial.close()
    return True


def how_to_start() -> str:
    if settings.EMBEDDED:
        return f"Start it with `licstats up` (data folder {settings.LICSTATS_DATA}; LICSTATS_DATA names another)."
    return "Look at DATABASE_URL and at the server that it names."
