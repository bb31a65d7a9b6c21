"""System checks: each thing that can be set up wrong has a number, a sentence, and a hint that mends it.

E are errors, W warnings. `licstats check` runs them; those of the database run with
`--database default` and before `migrate`.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.utils import OperationalError

OLDEST_POSTGRESQL = 150000
SHORTEST_KEY = 32


@register()
def check_services(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    """Both services are ours, or both are given."""
    if bool(settings.DATABASE_URL) == bool(settings.REDIS_URL):
        return
    given, missing = ("DATABASE_URL", "REDIS_URL") if settings.DATABASE_URL else ("REDIS_URL", "DATABASE_URL")
    yield Error(
        f"{given} is set, and {missing} is not.",
        hint="Set both (licstats starts no service then), or neither (it starts its own).",
        id="licstats.E001",
    )


@register(Tags.security)
def check_secret_key(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    if len(key) < SHORTEST_KEY:
        yield Error(
            f"LICSTATS_SECRET_KEY is shorter than {SHORTEST_KEY} characters."
            if key
            else "LICSTATS_SECRET_KEY is not set.",
            hint="Make one for good with: python -c 'import secrets; print(secrets.token_urlsafe(50))'. It may also "
            "stand in a file that LICSTATS_SECRET_KEY_FILE names.",
            id="licstats.E002",
        )


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **options: Any
) -> Iterator[CheckMessage]:
    """The database is a PostgreSQL that is new enough."""
    for alias in databases or ():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SHOW server_version_num")
                version = int(cursor.fetchone()[0])
        except OperationalError:
            continue  # that it does not answer is told by the command that needs it
        if version < OLDEST_POSTGRESQL:
            yield Error(
                f"The PostgreSQL of DATABASE_URL is version {version // 10000}; 15 is the oldest that will do.",
                hint="Upgrade it, or leave DATABASE_URL and REDIS_URL unset to use the embedded one.",
                id="licstats.E003",
            )


@register()
def check_lmx_remove(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    """The switch is arguments of a program: words of which the first is an option."""
    try:
        words = shlex.split(settings.LICSTATS_LMX_REMOVE)
    except ValueError:
        words = [""]
    if words and not words[0].startswith("-"):
        yield Error(
            f"LICSTATS_LMX_REMOVE is '{settings.LICSTATS_LMX_REMOVE}', which is not arguments of lmxendutil.",
            hint="Take the switch that removes a user from what `lmxendutil -help` prints, for instance -removeuser. "
            "No shell reads it.",
            id="licstats.E004",
        )


@register()
def check_tools(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    """A tool that is named by its path is there. (One that is found by PATH may be missing: not all are needed.)"""
    for name, program in settings.LICSTATS_TOOLS.items():
        if os.sep in program and shutil.which(program) is None:
            variable = f"LICSTATS_{name.upper()}"
            yield Caution(
                f"{variable} names {program}, which is not a program that we can run.",
                hint=f"Correct the path, or make it executable (chmod +x {program}).",
                id="licstats.W001",
            )


@register()
def check_static_files(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    if settings.STATIC_ROOT and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield Caution(
            f"LICSTATS_STATIC_ROOT is {settings.STATIC_ROOT}, and no static files were collected there.",
            hint="Run `licstats collectstatic --noinput` after each upgrade.",
            id="licstats.W002",
        )


@register(deploy=True)
def check_https(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    if not settings.HTTPS:
        yield Caution(
            "LICSTATS_HTTPS is not set: passwords and cookies go unprotected.",
            hint="Set LICSTATS_HTTPS=1 where a proxy in front speaks https and sends X-Forwarded-Proto.",
            id="licstats.W003",
        )


@register(deploy=True)
def check_hosts(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Caution(
            "LICSTATS_HOSTS allows every host name.",
            hint="Name the hosts by which the pages are reached: LICSTATS_HOSTS=licenses.example.com",
            id="licstats.W004",
        )


@register(deploy=True)
def check_proxy(app_configs: Sequence[AppConfig] | None, **options: Any) -> Iterator[CheckMessage]:
    """What speaks https is a proxy: licstats itself does not."""
    if settings.HTTPS and not settings.LICSTATS_PROXY:
        yield Caution(
            "LICSTATS_HTTPS is set, and LICSTATS_PROXY is not: everybody signs in from the address of the proxy, "
            f"so that {settings.AXES_FAILURE_LIMIT} wrong passwords lock a login everywhere.",
            hint="Let the proxy add to X-Forwarded-For who asked, let nobody reach the pages around it, and set "
            "LICSTATS_PROXY=1.",
            id="licstats.W005",
        )
