"""Features: History: Sessions: of sessions that are open, no more is told than their license server's readings know."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from licstats.models import LicenseServer
from tests.factories import LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db

HISTORY_SESSIONS = "/features/history/sessions"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def open_on(name: str, read: timedelta) -> LicenseServer:
    """A license server that was last read so long ago, with an open session whose user is called as it is."""
    now = timezone.now()
    server: LicenseServer = LicenseServerFactory(name=name, read_at=now - read, interval=MINUTE)
    OpenSessionFactory(feature__server=server, user=name, first_seen_at=now - 48 * HOUR)
    return server


def users(viewer: Client, begin: datetime, end: datetime) -> set[str]:
    period = {"from": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    answer = viewer.get(f"{HISTORY_SESSIONS}.json", period)
    return {row["user"] for row in json.loads(answer.getvalue())["rows"]}


def test_nobody_has_a_session_in_a_time_that_is_to_come(viewer: Client) -> None:
    open_on("PL", timedelta())
    now = timezone.now()
    assert users(viewer, now - HOUR, now + HOUR) == {"PL"}
    assert users(viewer, now + HOUR, now + 2 * HOUR) == set()


def test_an_open_session_is_not_told_to_have_gone_on_while_its_license_server_was_not_read(viewer: Client) -> None:
    open_on("PL", 5 * HOUR)
    open_on("US", timedelta())
    now = timezone.now()
    assert users(viewer, now - 6 * HOUR, now) == {"PL", "US"}
    assert users(viewer, now - 5 * HOUR, now) == {"PL", "US"}  # it was read at its beginning
    assert users(viewer, now - 4 * HOUR, now) == {"US"}


def test_between_two_readings_an_open_session_goes_on(viewer: Client) -> None:
    open_on("PL", 4 * MINUTE)
    open_on("US", 6 * MINUTE)
    now = timezone.now()
    assert users(viewer, now - MINUTE // 2, now) == {"PL"}


def test_where_nothing_is_known_the_page_does_not_say_that_nothing_was_open(viewer: Client) -> None:
    open_on("PL", 48 * HOUR)
    now = timezone.now()
    begin = f"{now - HOUR:%Y-%m-%dT%H:%M:%SZ}"
    page = viewer.get(f"{HISTORY_SESSIONS}/", {"scope": "server:PL", "from": begin})
    assert "No session of PL is known to have been open" in page.content.decode()
