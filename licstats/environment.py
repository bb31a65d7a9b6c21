"""Environment variables as settings. A wrong value is a sentence that names it, never a traceback."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from environ import FileAwareEnv

from licstats.processes.errors import StartError

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
MOST = 10**9
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
_PORT = "The port is a number; of a user or a password write @ as %40, : as %3A and / as %2F."


class Environment(FileAwareEnv):  # type: ignore[misc]
    """Reads NAME, or the file that NAME_FILE names. A variable that is set to nothing counts as not set."""

    def text(self, name: str, default: str = "") -> str:
        self._check_file(name)
        value: str = self.ENVIRON.get(name, "")  # not by `get_value`, which takes $NAME for another variable's value
        return value.strip() or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.text(name).lower()
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        if value:
            raise ImproperlyConfigured(f"{name} is '{value}'. Set it to 1 or 0.")
        return default

    def number(self, name: str, default: int, *, lowest: int = 0, highest: int = MOST) -> int:
        value = self.text(name)
        if not value:
            return default
        if not (_NUMBER.fullmatch(value) and lowest <= int(value) <= highest):
            raise ImproperlyConfigured(f"{name} is '{value}'. Set it to a whole number from {lowest} to {highest}.")
        return int(value)

    def names(self, name: str, default: list[str]) -> list[str]:
        """Words with commas between them."""
        found = [word.strip() for word in self.text(name).split(",") if word.strip()]
        return found or default

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the words; the first where it is not set."""
        value = self.text(name, allowed[0]).lower()
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} is '{value}'. Set it to one of: {', '.join(allowed)}.")
        return value

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value not in available_timezones():
            raise ImproperlyConfigured(f"{name} is '{value}', which is not a time zone. Europe/Warsaw is one.")
        return value

    def database(self, name: str) -> dict[str, Any]:
        """Django's settings of the database at the URL in `name`; an empty dictionary where there is none."""
        url = self.text(name)
        if not url:
            return {}
        if not url.startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{name} is not like postgres://user:password@host:5432/name.")
        try:
            settings: dict[str, Any] = self.db_url_config(url)
        except ValueError:  # its text may hold a part of the password
            message = f"{name} is not like postgres://user:password@host:5432/name. {_PORT}"
            raise ImproperlyConfigured(message) from None
        return settings

    def broker(self, name: str) -> str:
        url = self.text(name)
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ImproperlyConfigured(f"{name} is not like redis://host:6379/0 or unix:///path/of/redis.sock.")
        if not _is_address(url):
            raise ImproperlyConfigured(f"{name} is not like redis://host:6379/0. {_PORT}")
        return url

    def _check_file(self, name: str) -> None:
        path = os.environ.get(f"{name}_FILE")
        if path:
            _check_text(Path(path), f"{name}_FILE names {path}, which")


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _check_text(path: Path, subject: str) -> None:
    try:
        path.read_text(encoding="utf-8")
    except OSError as error:
        why = f"is not there or cannot be read by us ({error.strerror})."
        raise ImproperlyConfigured(f"{subject} {why}") from None
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{subject} is not UTF-8 text (byte {error.start}).") from None


def read_settings_file(path: Path) -> None:
    """Adds NAME=value lines of a file to the environment, where they are not set there already."""
    if os.access(path, os.F_OK):
        _check_text(path, f"{path}, a file of settings,")
        Environment.read_env(path)


def lend_settings(path: Path, values: Mapping[str, str]) -> TextIO:
    """Writes a settings file that counts until what is returned is closed, or this process ends in whichever way."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StartError(f"{path} is held by a process that still runs. Stop that one first.") from None
    file.truncate(0)
    file.write("# These count only as long as the process runs that wrote them.\n")
    file.writelines(f"{name}='{value}'\n" for name, value in values.items())
    file.flush()
    return file


def read_lent_settings(path: Path) -> None:
    """Reads a settings file as `read_settings_file` does, if a running process lends it."""
    with contextlib.suppress(OSError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            read_settings_file(path)
