"""Asking for a session to be closed: checked, written down, and only then sent to the worker of its site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone as clock
from kombu.exceptions import OperationalError

from licstats.celery import app
from licstats.models import LicenseServer
from licstats.queues import CLOSING, site_queue
from sessions_app.closing import check, record
from sessions_app.closing.check import CloseRefused
from sessions_app.closing.identity import Identity
from sessions_app.closing.preview import going_together
from sessions_app.models import CloseRequest, CloseState, OpenSession

TASK = "sessions_app.tasks.close_sessions"
REASON_LIMIT = 1000  # characters
PAGE = "page"
COMMAND_LINE = "command line"
AT_ONCE = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}  # a click does not wait for a broker

log = structlog.get_logger("licstats.closing")


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Closes one open session for `login`, or for whoever has a shell on the machine (`login` None).

    `also` are the identities of what else the preview said would go; None takes what would go now, where the one who
    asks has just been told so.
    """

    session: OpenSession
    login: User | None
    reason: str = ""
    dry_run: bool = False
    also: list[Identity] | None = None
    origin: str = PAGE
    by: str = ""
    send: bool = True  # to a worker; else the one who asks works it off

    def check(self) -> None:
        """CloseRefused where the session cannot be closed, or not by this login."""
        obstacle = self._obstacle()
        if obstacle:
            raise CloseRefused(obstacle)

    def execute(self) -> CloseRequest:
        """Writes the request down and sends the task once it is committed; CloseRefused where it is turned away."""
        try:
            self.check()
            with transaction.atomic():
                request = self._write()
                record.note(CloseState.REQUESTED, self._name, self.reason, request, dry_run=request.dry_run)
                record.show_anew(request.server_id)
                if self.send:
                    transaction.on_commit(partial(send, self.session.server))
        except CloseRefused as refusal:
            self._turn_away(str(refusal))
            raise
        except IntegrityError as error:
            if "one_close_under_way_for_a_session" not in str(error):
                raise
            asked = check.under_way(self.session.pk)
            message = check.asked_already(asked) if asked else "It was being closed by somebody else just now."
            self._turn_away(message)
            raise CloseRefused(message) from error
        return request

    @property
    def _name(self) -> str:
        return self.by or (self.login.get_username() if self.login else COMMAND_LINE)

    def _obstacle(self) -> str:
        if self.login:
            forbidden = check.login_obstacle(self.login)
            if forbidden:
                return forbidden
            if not check.is_visible(self.login, self.session.feature_id):
                return check.NOT_VISIBLE
        asked = check.under_way(self.session.pk)
        return (
            check.server_obstacle(self.session.server)
            or check.session_obstacle(self.session)
            or (check.asked_already(asked) if asked else "")
            or reason_obstacle(self.reason)
        )

    def _write(self) -> CloseRequest:
        session, now = self.session, clock.now()
        return CloseRequest.objects.create(
            session_id=session.pk,
            server=session.server,
            feature=session.feature,
            server_name=session.server.name,
            vendor=session.feature.vendor,
            feature_name=session.feature.name,
            feature_version=session.feature.version,
            type=session.feature.type,
            **{name: getattr(session, name) for name in COPIED},
            also=[one.as_json() for one in self._others()],
            login=self.login,
            login_name=self._name,
            origin=self.origin,
            reason=self.reason,
            dry_run=self.dry_run or settings.LICSTATS_DRY_RUN,
            requested_at=now,
            moved_at=now,
        )

    def _others(self) -> list[Identity]:
        if self.also is not None:
            return self.also
        return [Identity.of_open(one) for one in going_together([self.session])[self.session.pk]]

    def _turn_away(self, message: str) -> None:
        record.turned_away(
            self._name, message, session=self.session.pk, server=self.session.server.name, origin=self.origin
        )


COPIED = (
    "user",
    "host",
    "ip",
    "display",
    "version",
    "server_host",
    "port",
    "handle",
    "used",
    "checked_out_at",
)


def reason_obstacle(reason: str) -> str:
    """What is wrong with a typed reason; empty where it will do."""
    if settings.LICSTATS_CLOSE_REASON_REQUIRED and not re.search(r"\w", reason):
        return "Say why: this installation keeps a reason for each session that is closed."
    if "\0" in reason:
        return "The reason has a character that cannot be kept. Type it anew."
    if len(reason) > REASON_LIMIT:
        return f"The reason is too long: {len(reason)} characters, {REASON_LIMIT} at most."
    return ""


def send(server: LicenseServer) -> None:
    """Tells a worker of the server's site. A message that is lost here or later is sent again by the sweep."""
    queue = site_queue(CLOSING, server.site)
    try:
        with app.connection_for_write(transport_options=app.conf.broker_transport_options | AT_ONCE) as connection:
            app.send_task(TASK, [server.pk], queue=queue, retry=False, connection=connection)
    except OperationalError as error:
        log.warning("close not sent", server=server.name, error=str(error), cure="the sweep sends it again")
