"""`licstats close SESSION_ID --reason TEXT`: what the X does, from a shell."""

from __future__ import annotations

import getpass
import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from sessions_app.closing.ask import COMMAND_LINE, CloseSession
from sessions_app.closing.check import CloseRefused
from sessions_app.closing.work import close_on
from sessions_app.models import CloseRequest, CloseState, OpenSession

NOT_CLOSED = 1  # the exit status of every outcome but `closed`
PAUSE = 0.2  # seconds


class Command(BaseCommand):
    help = "Close a session on its license server. Exit status 0 only where it was closed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", type=int, metavar="SESSION_ID", help="the id in the grid's JSON export")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why; kept with the close")
        parser.add_argument("--dry-run", action="store_true", help="do all but the removal")
        parser.add_argument(
            "--login", default="", help="as this login, with its permissions; else as the machine's user"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            session = OpenSession.objects.select_related("feature", "server").get(pk=options["session"])
        except OpenSession.DoesNotExist:
            raise CommandError(f"There is no open session {options['session']}; it may have ended.") from None
        login = self._login(options["login"])
        by = login.get_username() if login else f"{COMMAND_LINE} ({getpass.getuser()})"
        close = CloseSession(
            session, login, options["reason"], dry_run=options["dry_run"], origin=COMMAND_LINE, by=by, send=False
        )
        try:
            request = close.execute()
        except CloseRefused as refusal:
            raise CommandError(str(refusal), returncode=NOT_CLOSED) from refusal
        self._report(self._await(request))

    def _login(self, name: str) -> User | None:
        if not name:
            return None
        try:
            return User.objects.get(username=name)
        except User.DoesNotExist:
            raise CommandError(f"There is no login '{name}'.") from None

    def _await(self, request: CloseRequest) -> CloseRequest:
        """The request once it has ended: worked off here, or by a worker that was at this server already."""
        while request.under_way and request.server_id is not None:
            close_on(request.server_id)
            request.refresh_from_db()
            if request.under_way:
                time.sleep(PAUSE)
        return request

    def _report(self, request: CloseRequest) -> None:
        lines = [f"{request.get_state_display()}: {request.user} on {request.host}, {request.feature_name}"]
        lines += [f"  {request.message}"] if request.message else []
        lines += [f"  command: {' '.join(request.command)}"] if request.dry_run and request.command else []
        lines += [f"  answer: {line}" for line in request.answer.splitlines() if line.strip()]
        self.stdout.write("\n".join(lines))
        if request.state != CloseState.CLOSED:
            raise SystemExit(NOT_CLOSED)
