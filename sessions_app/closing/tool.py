"""The tools that close: their configured arguments, whether they have that switch at all, and their secrets."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone as clock

from licstats.managers.base import Manager, UnsafeArgument
from licstats.managers.lmx.closing import PASSWORD
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from sessions_app.models import ClosingTool
from sessions_app.polling import command

HIDDEN = "********"
USAGE_LIMIT = 256 * 1024  # bytes
USAGE_TIMEOUT = 15.0  # seconds
NOT_CONFIGURED = (
    "Closing LM-X sessions is not set up: LICSTATS_LMX_REMOVE does not name the removal arguments of lmxendutil."
)
NOT_CHECKED = (
    "It is not known yet whether lmxendutil at site '{site}' has the switch of LICSTATS_LMX_REMOVE. "
    "`licstats doctor` checks it, and the site's worker does so within a minute."
)


def options(manager: Manager) -> list[str]:
    """The configured arguments that `manager` needs to close a session; most need none."""
    return shlex.split(settings.LICSTATS_LMX_REMOVE) if manager.name == "lmx" else []


def needs_check(manager_name: str) -> bool:
    """Whether the switch that closes is configured rather than known, and so has to be found in the tool's usage."""
    return manager_name == "lmx"


def environment(argv: Sequence[str]) -> dict[str, str]:
    """The password as an environment variable, where no command line shows it, unless `argv` has a place for it."""
    password = settings.LICSTATS_LMX_PASSWORD
    return {settings.LICSTATS_LMX_PASSWORD_VARIABLE: password} if password and not _wants_password(argv) else {}


def with_secrets(argv: Sequence[str]) -> list[str]:
    """`argv` with the password in its place: to be run, never to be kept. UnsafeArgument where there is none."""
    password = settings.LICSTATS_LMX_PASSWORD
    if _wants_password(argv) and not password:
        raise UnsafeArgument(f"LICSTATS_LMX_REMOVE has {PASSWORD}, but LICSTATS_LMX_PASSWORD is not set.")
    return [argument.replace(PASSWORD, password) for argument in argv] if password else list(argv)


def without_secrets(text: str) -> str:
    """`text` with the passwords of the tools made unreadable."""
    password = settings.LICSTATS_LMX_PASSWORD
    return text.replace(password, HIDDEN) if password else text


def digest(manager: Manager) -> str:
    """Names the configuration that a check is about."""
    configured = [settings.LICSTATS_TOOLS[manager.tool], *options(manager)]
    return hashlib.sha256(json.dumps(configured).encode()).hexdigest()


def obstacle(site: str, manager_name: str) -> str:
    """Why the tool at `site` cannot close, in a sentence; empty where it can. Reads the database only.

    Who asks for many license servers at once does it through a `functools.cache`: one query for each site.
    """
    if not needs_check(manager_name):
        return ""
    manager = MANAGERS[manager_name]
    if not options(manager):
        return NOT_CONFIGURED
    found = ClosingTool.objects.filter(site=site, manager=manager_name, digest=digest(manager)).first()
    if found is None:
        return NOT_CHECKED.format(site=site)
    return "" if found.works else found.message


def check(site: str, manager: Manager) -> ClosingTool:
    """Looks in the tool's own usage text for the configured switches, on this machine, and keeps the finding."""
    works, message = _look(manager)
    found, _ = ClosingTool.objects.update_or_create(
        site=site,
        manager=manager.name,
        digest=digest(manager),
        defaults={"works": works, "message": message, "checked_at": clock.now()},
    )
    return found


def unchecked_sites() -> QuerySet[LicenseServer, tuple[str, str]]:
    """(site, manager) of servers whose tool has not been looked at since it was configured."""
    wanted = [name for name in MANAGERS if needs_check(name) and options(MANAGERS[name])]
    known = ClosingTool.objects.filter(
        site=OuterRef("site"), manager=OuterRef("manager"), digest__in=[digest(MANAGERS[name]) for name in wanted]
    )
    servers = LicenseServer.objects.filter(enabled=True, manager__in=wanted).exclude(Exists(known))
    return servers.order_by().values_list("site", "manager").distinct()


def _look(manager: Manager) -> tuple[bool, str]:
    words = options(manager)
    if not words:
        return False, NOT_CONFIGURED
    aimless = [place for place in ("{user}", "{host}") if not any(place in word for word in words)]
    if aimless:
        return False, f"LICSTATS_LMX_REMOVE has no {' and no '.join(aimless)}: it would take back more than was chosen."
    program = settings.LICSTATS_TOOLS[manager.tool]
    output = command.run([program, "-help"], USAGE_TIMEOUT, USAGE_LIMIT)
    if output.failure:
        return False, f"{program} could not be asked for its usage: {output.failure}"
    if not manager.usage_names_switch(output.text, words):
        switches = ", ".join(word for word in words if word.startswith("-"))
        return False, f"The usage text of {program} does not name all of {switches}: correct LICSTATS_LMX_REMOVE."
    return True, f"The usage text of {program} names every switch of LICSTATS_LMX_REMOVE."


def _wants_password(argv: Sequence[str]) -> bool:
    return any(PASSWORD in argument for argument in argv)
