"""Which queues there are, and a worker that follows the sites of the license servers by itself."""

from __future__ import annotations

from typing import Any

import structlog
from celery import bootsteps
from click import Option
from django.db import Error, close_old_connections

log = structlog.get_logger(__name__)

MAINTENANCE = "maintenance"
POLLS = "polls"
CLOSING = "closing"
LOOK_EVERY = 10.0  # seconds until a new site is served


def site_queue(kind: str, site: str) -> str:
    """The queue of one kind of work, POLLS or CLOSING, at one site."""
    return f"{kind}.{site}"


class FollowSites(bootsteps.StartStopStep):
    """`--follow-sites polls`: the worker takes the queue polls.SITE of every site, of new ones too."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, follow_sites: str | None = None, **options: Any) -> None:
        super().__init__(parent, **options)
        self.kind = follow_sites
        self.timer: Any = None

    @staticmethod
    def option() -> Option:
        return Option(("--follow-sites",), default=None, help="Take the queues of this kind of every site.")

    def start(self, parent: Any) -> None:
        if self.kind:
            self.follow(parent)
            self.timer = parent.timer.call_repeatedly(LOOK_EVERY, self.follow, (parent,))

    def stop(self, parent: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def follow(self, consumer: Any) -> None:
        """Adds the queues of sites that are new. A database that is away is asked again the next time."""
        from licstats.models import LicenseServer

        close_old_connections()
        try:
            sites = list(LicenseServer.objects.order_by("site").values_list("site", flat=True).distinct())
        except Error as error:
            log.warning("sites not read", error=str(error))
            return
        for site in sites:
            consumer.add_task_queue(site_queue(self.kind or POLLS, site))
