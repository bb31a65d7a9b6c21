from __future__ import annotations

import os
import secrets
import sys
import time
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections
from django.utils import timezone as clock

from licstats import programs
from licstats.environment import lend_settings
from licstats.management.commands import up
from licstats.models import LicenseServer
from licstats.processes.child import Child, wait_until
from licstats.processes.errors import StartError
from licstats.processes.supervisor import Supervisor

LOGIN = "admin"
LONGEST_WAIT = 90.0  # seconds for the first polls


class Simulator:
    """The simulated license servers, ready when their tools answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> Child:
        self.fleet_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "licstats.simulator", "serve", "--dir", str(self.folder)]
        return programs.child("simulator", command, settings.LICSTATS_DATA / "logs")

    def wait_ready(self, child: Child) -> None:
        if not wait_until(self.answers, child, 60):
            raise StartError(f"The simulator did not start. It said:\n{child.last_words()}")

    def answers(self) -> bool:
        return self.fleet_file.exists() and (self.folder / "bin" / "lmxendutil").exists()

    @property
    def fleet_file(self) -> Path:
        return self.folder / "fleet.toml"

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which its tools are the installation's tools."""
        return {
            "LICSTATS_LMUTIL": str(self.folder / "bin" / "lmutil"),
            "LICSTATS_LMXENDUTIL": str(self.folder / "bin" / "lmxendutil"),
            "LICSTATS_LMX_REMOVE": "-removeuser -clientuser {user} -clienthost {host} -host {server_host} -port {port}",
        }


class Command(up.Command):
    help = "The same as up, with a fleet of simulated license servers and a login for admin."

    def handle(self, *args: Any, **options: Any) -> None:
        self.begun = clock.now()
        super().handle(*args, **options)

    def prepare(self, supervisor: Supervisor) -> None:
        simulator = Simulator(settings.LICSTATS_DATA / "simulator")
        os.environ.update(simulator.environment)  # for the programs that are started after this
        self.lent = lend_settings(settings.LICSTATS_DATA / "demo.env", simulator.environment)  # to doctor and others
        supervisor.start(simulator)
        call_command("fleet", "apply", str(simulator.fleet_file), stdout=StringIO())
        LicenseServer.objects.update(next_poll_at=clock.now())
        self.say(f"{LicenseServer.objects.count()} license servers are known")
        self.password = give_login()

    def announce(self) -> None:
        self.say("waiting for the first polls")
        wait_for_polls(self.begun)
        self.say(f"\n  Address   {up.address()}\n  Login     {LOGIN}\n  Password  {self.password}\n")
        self.say(f"ready (Ctrl-C stops it; the data stays in {settings.LICSTATS_DATA})")


def give_login() -> str:
    """The password of admin: LICSTATS_DEMO_PASSWORD, or the one that was made at the first start and kept."""
    note = Path(settings.LICSTATS_DATA) / "demo_password"
    password = settings.LICSTATS_DEMO_PASSWORD or (note.read_text().strip() if note.exists() else "")
    password = password or secrets.token_urlsafe(9)
    note.touch(mode=0o600)
    note.write_text(password)
    logins = get_user_model().objects
    if not logins.filter(username=LOGIN).exists():
        call_command("user", "add", LOGIN, role="administrator", stdout=StringIO())
    login = logins.get(username=LOGIN)
    if not login.check_password(password):
        login.set_password(password)
    login.is_active = True
    login.save()
    return password


def wait_for_polls(since: datetime) -> None:
    """Returns when each license server was asked after `since`, or when they had long enough."""
    until = time.monotonic() + LONGEST_WAIT
    waiting = LicenseServer.objects.filter(enabled=True).exclude(asked_at__gte=since)
    while waiting.exists() and time.monotonic() < until:
        time.sleep(0.5)
    connections.close_all()
