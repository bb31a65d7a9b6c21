from __future__ import annotations

import contextlib
import logging
import socket
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from licstats import programs
from licstats.processes.errors import StartError
from licstats.processes.supervisor import InterruptedBySignals, Program, Supervisor


class Command(BaseCommand):
    help = "Serve everything from one command: the embedded services, the pages, the workers and the schedule."

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.INFO)  # what happens here is said in plain lines
        refuse_taken_port()
        with InterruptedBySignals(), contextlib.suppress(KeyboardInterrupt):
            try:
                with self.supervisor() as supervisor:
                    self.start_all(supervisor)
                    self.announce()
                    supervisor.watch()
            except StartError as error:
                raise CommandError(str(error)) from error

    def say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # whoever read it has gone: that is no reason to stop
            self.stdout.write(line)
            self.stdout.flush()

    def supervisor(self) -> Supervisor:
        """Of the data folder, or of our own programs only where the services are given by URL."""
        if not settings.EMBEDDED:
            return Supervisor(self.say)
        from licstats.embedded.layout import Layout
        from licstats.embedded.supervisor import DataFolder

        return DataFolder(Layout(settings.LICSTATS_DATA), self.say)

    def start_all(self, supervisor: Supervisor) -> None:
        supervisor.start_services()
        call_command("migrate", interactive=False, verbosity=0)
        self.say("database is up to date")
        self.prepare(supervisor)
        connections.close_all()
        logs = settings.LICSTATS_DATA / "logs"
        supervisor.start(Program(programs.child("beat", programs.beat_command(), logs)))
        for child in programs.worker_children(logs=logs):
            supervisor.start(Program(child))
        supervisor.start(programs.Web(programs.child("web", programs.web_command(), logs)))

    def prepare(self, supervisor: Supervisor) -> None:
        """What is to be there before the first poll."""

    def announce(self) -> None:
        self.say(f"ready: {address()} (Ctrl-C stops it; the data stays in {settings.LICSTATS_DATA})")
        self.say("a login: licstats user add NAME --role administrator")


def address() -> str:
    return f"http://{programs.with_port(programs.reached_at())}/"


def refuse_taken_port() -> None:
    host = programs.served_at()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.LICSTATS_PORT))
        except OSError as error:
            raise CommandError(
                f"{programs.with_port(host)} cannot be served: {error.strerror}. Choose another port "
                "(LICSTATS_PORT=8001), or stop the program that has it."
            ) from error
