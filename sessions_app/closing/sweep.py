"""No close hangs for ever: what lost its message is sent again, what is overdue is ended, and says where it stood."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone as clock

from licstats.celery import app
from licstats.models import LicenseServer
from licstats.queues import CLOSING, site_queue
from sessions_app.closing import record, tool
from sessions_app.closing.ask import send
from sessions_app.locks import Lock
from sessions_app.models import CloseRequest, CloseState
from sessions_app.models.closing import UNDER_WAY

CHECK_TASK = "sessions_app.tasks.check_closing_tool"
RESEND_AFTER = timedelta(seconds=5)
AT_THE_LATEST = timedelta(minutes=15)  # a worker that still holds a lock by then is no more to be believed


def sweep() -> None:
    """Looks after every close under way, and has the tools of sites looked at that were not yet."""
    _end_orphans()
    busy = Lock.CLOSING.held_servers()
    for request in CloseRequest.objects.filter(state__in=UNDER_WAY).select_related("server").order_by("pk"):
        if request.server is not None:
            _end_overdue(request, request.server, busy=request.server_id in busy)
    _send_again(busy)
    for site, manager in tool.unchecked_sites():
        app.send_task(CHECK_TASK, [site, manager], queue=site_queue(CLOSING, site), expires=RESEND_AFTER.seconds)


def _end_orphans() -> None:
    """Requests whose license server was deleted from licstats."""
    for request in CloseRequest.objects.filter(state__in=UNDER_WAY, server=None):
        sent = request.state in (CloseState.REMOVING, CloseState.VERIFYING)
        told = "A removal may have been sent." if sent else "Nothing was removed."
        message = f"The license server {request.server_name} was deleted from licstats meanwhile. {told}"
        record.move(request, CloseState.FAILED, message)


def _end_overdue(request: CloseRequest, server: LicenseServer, *, busy: bool) -> None:
    """Ends `request` where nobody works on its server and it has waited too long, or in any case at the latest.

    Its age counts, not its last step: a worker that dies of it again and again keeps it moving.
    """
    waited = clock.now() - (request.sent_at or request.requested_at)
    patience = timedelta(seconds=settings.LICSTATS_CLOSE_WAIT)
    if request.state != CloseState.REQUESTED:
        patience += 4 * server.timeout
    if waited < (AT_THE_LATEST if busy else patience):
        return
    if request.state == CloseState.REQUESTED:
        message = (
            f"No worker of site '{server.site}' took it for {waited.total_seconds():.0f} s. Nothing was removed. "
            f"See that `licstats worker` runs there for the queue {site_queue(CLOSING, server.site)}, then ask again."
        )
    elif request.state == CloseState.CHECKING:
        message = "The worker that had begun with it is gone. Nothing was removed; ask again."
    else:
        message = (
            "The worker that had begun with it is gone. A removal may or may not have been sent: see whether the "
            "session is still there before you ask again."
        )
    record.move(request, CloseState.TIMED_OUT, message)


def _send_again(busy: set[int]) -> None:
    """Servers with closes under way that nobody works on: their message was lost, or their worker died."""
    waiting = CloseRequest.objects.filter(state__in=UNDER_WAY, moved_at__lt=clock.now() - RESEND_AFTER)
    for server in LicenseServer.objects.filter(pk__in=waiting.values("server")).exclude(pk__in=busy):
        send(server)
