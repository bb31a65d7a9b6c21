"""Asking for a session to be closed: checked, written down, and only then sent to the worker of its site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone as clock
from kombu.exceptions import OperationalError

from groups_app.visibility import visible_features
from licstats.celery import app
from licstats.models import LicenseServer
from licstats.queues import CLOSING, site_queue
from sessions_app.closing import check, record, tool
from sessions_app.closing.check import CloseRefused
from sessions_app.closing.identity import Identity
from sessions_app.closing.preview import going_together
from sessions_app.models import CloseEvent, CloseRequest, CloseState, OpenSession
from sessions_app.models.closing import UNDER_WAY

TASK = "sessions_app.tasks.close_sessions"
REASON_LIMIT = 1000  # characters
PAGE = "page"
COMMAND_LINE = "command line"
AT_ONCE = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}  # a click does not wait for a broker

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

    def execute(self) -> CloseRequest:
        """Writes the request down and sends the task once it is committed; CloseRefused where it is turned away."""
        (outcome,) = close_all([self])
        if isinstance(outcome, CloseRefused):
            raise outcome
        return outcome

    @property
    def name(self) -> str:
        return self.by or (self.login.get_username() if self.login else COMMAND_LINE)

    def obstacle(self, known: Known) -> str:
        """Why it cannot be closed, or not by this login; empty where it can."""
        if self.login:
            forbidden = check.login_obstacle(self.login)
            if forbidden:
                return forbidden
            if not known.is_visible(self.login, self.session.feature_id):
                return check.NOT_VISIBLE
        asked = known.under_way.get(self.session.pk)
        return (
            check.server_obstacle(self.session.server, known.of_tool)
            or check.session_obstacle(self.session)
            or (check.asked_already(asked) if asked else "")
            or reason_obstacle(self.reason)
        )

    def request(self, known: Known) -> CloseRequest:
        session, now = self.session, clock.now()
        also = [Identity.of_open(one) for one in known.together[session.pk]] if self.also is None else self.also
        return CloseRequest(
            session_id=session.pk,
            server=session.server,
            feature=session.feature,
            server_name=session.server.name,
            vendor=session.feature.vendor,
            feature_name=session.feature.name,
            feature_version=session.feature.version,
            type=session.feature.type,
            **{name: getattr(session, name) for name in COPIED},
            also=[one.as_json() for one in also],
            login=self.login,
            login_name=self.name,
            origin=self.origin,
            reason=self.reason,
            dry_run=self.dry_run or settings.LICSTATS_DRY_RUN,
            requested_at=now,
            moved_at=now,
        )


class Known:
    """What the checks of many closes need, asked once for all of them."""

    def __init__(self, closes: Sequence[CloseSession]) -> None:
        ids = {close.session.pk for close in closes}
        self.features = {close.session.feature_id for close in closes}
        rows = CloseRequest.objects.filter(session_id__in=ids, state__in=UNDER_WAY)
        self.under_way = {request.session_id: request for request in rows}
        self.together = going_together([close.session for close in closes if close.also is None])
        self.seen: dict[int, set[int]] = {}  # features, by login
        self.of_tool = cache(tool.obstacle)

    def is_visible(self, login: User, feature_id: int) -> bool:
        if login.pk not in self.seen:
            seen = visible_features(login).filter(pk__in=self.features)
            self.seen[login.pk] = set(seen.values_list("pk", flat=True))
        return feature_id in self.seen[login.pk]


def close_all(closes: Sequence[CloseSession]) -> list[CloseRequest | CloseRefused]:
    """What becomes of each, in their order: written down and sent once all are committed, or turned away."""
    known = Known(closes)
    refused = {place: why for place, close in enumerate(closes) if (why := close.obstacle(known))}
    asked = [close for place, close in enumerate(closes) if place not in refused]
    try:
        requests = iter(_write(asked, known))
    except IntegrityError as error:
        if "one_close_under_way_for_a_session" not in str(error):
            raise
        if len(closes) > 1:
            return [close_all([close])[0] for close in closes]
        refused[0] = check.asked_already_by_now(closes[0].session.pk)
    for place, why in refused.items():
        _turn_away(closes[place], why)
    return [CloseRefused(refused[place]) if place in refused else next(requests) for place in range(len(closes))]


def _write(closes: Sequence[CloseSession], known: Known) -> list[CloseRequest]:
    with transaction.atomic():
        requests = CloseRequest.objects.bulk_create([close.request(known) for close in closes])
        record.note_all([_entry(request) for request in requests])
        for server_id in sorted({close.session.server_id for close in closes}):
            record.show_anew(server_id)
        for server in {close.session.server_id: close.session.server for close in closes if close.send}.values():
            transaction.on_commit(partial(send, server))
    return requests


def _entry(request: CloseRequest) -> CloseEvent:
    return CloseEvent(
        request=request,
        step=CloseState.REQUESTED,
        by=request.login_name,
        message=request.reason,
        details={"dry_run": request.dry_run},
    )


def _turn_away(close: CloseSession, why: str) -> None:
    session = close.session
    record.turned_away(close.name, why, session=session.pk, server=session.server.name, origin=close.origin)


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
