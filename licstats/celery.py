"""The Celery application: polls, closes and maintenance have queues of their own, by site."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging

from licstats.queues import FollowSites

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "licstats.settings")

app = Celery("licstats")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["sessions_app"])
app.steps["consumer"].add(FollowSites)
app.user_options["worker"].add(FollowSites.option())


@beat_init.connect
def maintain_at_once(**kwargs: Any) -> None:
    """The months of the tables that grow are made when the schedule starts, and not at its next turn only."""
    app.send_task("sessions_app.tasks.maintain_partitions")


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Connected so that Celery leaves logging as Django's settings made it."""
