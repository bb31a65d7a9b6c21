"""The tasks of Celery: each a name for one operation that is written elsewhere. They may come twice, or never."""

from __future__ import annotations

from contextlib import suppress

from celery import shared_task

from groups_app.login_sessions import SessionStore
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from licstats.queues import POLLS, site_queue
from sessions_app import usage
from sessions_app.closing import sweep, tool, work
from sessions_app.polling import partitions, schedule
from sessions_app.polling.poll import AlreadyPolled, PollServer


@shared_task
def dispatch_due_polls() -> None:
    """Sends every license server that is due to the queue of its site."""
    schedule.dispatch(_send_poll)


@shared_task
def poll_server(server_id: int) -> None:
    server = LicenseServer.objects.filter(pk=server_id, enabled=True).first()
    if server is not None:
        with suppress(AlreadyPolled):  # a message that came twice, or a poll that takes longer than the interval
            PollServer(server).execute()


@shared_task
def maintain_partitions() -> None:
    partitions.maintain()
    usage.drop_expired_days()


@shared_task
def clear_login_sessions() -> None:
    """Removes those that have ended without anybody signing out."""
    SessionStore.clear_expired()


@shared_task
def roll_up_usage() -> None:
    usage.roll_up()


@shared_task
def close_sessions(server_id: int) -> None:
    """Works off the close requests of one license server."""
    work.close_on(server_id)


@shared_task
def sweep_close_requests() -> None:
    """Looks after close requests whose message or worker was lost."""
    sweep.sweep()


@shared_task
def check_closing_tool(site: str, manager: str) -> None:
    """Looks whether the tool of this machine has the switch that closes."""
    tool.check(site, MANAGERS[manager])


def _send_poll(claim: schedule.Claim) -> None:
    queue = site_queue(POLLS, claim.site)
    poll_server.apply_async((claim.server_id,), queue=queue, expires=claim.seconds, retry=False)
