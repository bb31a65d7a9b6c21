"""Whether the parts that licstats stands on are well, each asked for real."""

from __future__ import annotations

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from licstats.models import LicenseServer

WELL = "ok"
PATIENCE = timedelta(minutes=2)  # workers may be starting
BROKER_TIMEOUT = 2  # seconds


def check() -> dict[str, str]:
    """`ok` or a short reason for web, database, broker and polling. No names of servers, hosts or logins."""
    database = _database()
    return {
        "web": WELL,
        "database": database,
        "broker": _broker(),
        "polling": _polling() if database == WELL else "unknown: the database does not answer",
    }


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return WELL


def _broker() -> str:
    options = {"socket_timeout": BROKER_TIMEOUT, "socket_connect_timeout": BROKER_TIMEOUT}
    try:
        with redis.Redis.from_url(settings.LICSTATS_REDIS_URL, **options) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "does not answer"
    return WELL


def _polling() -> str:
    """Overdue is a license server that should have been asked two intervals ago, and two minutes, and was not."""
    enabled = LicenseServer.objects.filter(enabled=True)
    late = Greatest(F("next_poll_at"), F("claimed_until")) + Greatest(2 * F("interval"), PATIENCE)
    overdue = (
        enabled.filter(next_poll_at__lt=timezone.now() - PATIENCE).annotate(late=late).filter(late__lt=timezone.now())
    )
    count = overdue.count()
    if not count:
        return WELL
    return (
        f"{count} of {enabled.count()} license servers were not asked when they were due: are beat and workers running?"
    )
