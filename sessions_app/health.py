"""Whether the parts that licstats stands on are well, each asked for real."""

from __future__ import annotations

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from licstats.models import LicenseServer
from sessions_app.polling.schedule import LONGEST_PAUSE

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
    """Overdue is a server that nobody claimed when it was due (beat), or that was not asked since (workers).

    Two minutes and two intervals are waited for; with a server that fails, the longest pause before it is asked again.
    """
    now = timezone.now()
    enabled = LicenseServer.objects.filter(enabled=True)
    unclaimed = Q(next_poll_at__lt=now - _at_least(PATIENCE))
    unasked = Q(failures=0, asked_at__lt=now - _at_least(PATIENCE)) | Q(
        failures__gt=0, asked_at__lt=now - _at_least(2 * LONGEST_PAUSE)
    )
    count = enabled.filter(unclaimed | unasked).count()
    if not count:
        return WELL
    return f"{count} of {enabled.count()} license servers were not asked when due: are beat and the workers running?"


def _at_least(patience: timedelta) -> Greatest:
    """Two intervals of the server and two minutes more, or `patience`, whichever is longer."""
    intervals = ExpressionWrapper(F("interval") * 2 + PATIENCE, DurationField())
    return Greatest(intervals, patience, output_field=DurationField())
