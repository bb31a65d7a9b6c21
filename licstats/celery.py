"""The Celery application: polls, closes and maintenance have queues of their own, by site."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from licstats.queues import FollowSites

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "licstats.settings")

app = Celery("licstats")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["sessions_app"])
app.steps["consumer"].add(FollowSites)
app.user_options["worker"].add(FollowSites.option())


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Connected so that Celery leaves logging as Django's settings made it."""
