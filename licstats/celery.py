"""The Celery application: polls, closes and maintenance have queues of their own, by site."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "licstats.settings")

app = Celery("licstats")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["sessions_app"])
