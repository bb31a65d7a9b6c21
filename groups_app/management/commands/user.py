from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from groups_app.roles import ROLES, AddLogin


class Command(BaseCommand):
    help = (
        "user add NAME --role viewer | administrator: a login; its password is made and printed, or read from a file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add a login")
        add.add_argument("name")
        add.add_argument("--role", choices=sorted(ROLES), required=True)
        add.add_argument("--password-file", type=Path, help="its first line is the password")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["password_file"]
        try:
            login = AddLogin(options["name"], options["role"], _first_line(path) if path else "")
            password = login.execute()
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"Login {options['name']} was added as {options['role']}.")
        if not path:
            self.stdout.write(f"Password: {password}")


def _first_line(path: Path) -> str:
    try:
        first = path.read_text(encoding="utf-8-sig").partition("\n")[0]
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    if not first:
        raise CommandError(f"{path} is empty: its first line is to be the password.")
    return first
