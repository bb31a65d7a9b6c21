"""A past moment at which a member of a group was not read: it counts with its last reading, as in the curve."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from sessions_app.charts.curve import usage_curve
from sessions_app.grid.words import in_words
from sessions_app.polling.ingest import ingest
from tests.factories import LicenseServerFactory
from tests.grid.conftest import Viewer
from tests.polling.readings import complete, feature, minute, session

GROUP = {"scope": "group:XF"}
SOLVER = {**GROUP, "feature": "solver", "version": "1.0", "type": "floating"}
DAY = 24 * 60
US_COUNTS = "US was not read between 2026-03-16 13:00:00 and {}: its sessions are those of its last reading."
US_LEFT_OUT = "Not known: US was not read between 2026-03-16 13:00:00 and {}."


def read(server: LicenseServer, minutes: int, **used: int) -> None:
    ingest(server, complete(minutes, feature("solver", *(session(u, u, used=n) for u, n in used.items()))))


@pytest.fixture
def us(db: None) -> LicenseServer:
    """Not read after 13:00, as of which bob held 4; PL was read all the time, and ann held 3 of it."""
    pl = LicenseServerFactory(name="PL", read_at=None, interval=timedelta(hours=12))
    us: LicenseServer = LicenseServerFactory(name="US", read_at=None)
    LicenseServerGroup.objects.create(name="XF").servers.set([pl, us])
    for minutes in (0, 2 * DAY):
        read(pl, minutes, ann=3)
    for minutes, eve in ((56, 1), (60, 2)):
        read(us, minutes, bob=4, eve=eve)
    return us


def held(viewer: Viewer, minutes: float, **params: Any) -> dict[str, int]:
    return {row["user"]: row["used"] for row in viewer.rows(at=minute(minutes).isoformat(), **params)}


def drawn(minutes: float) -> int | None:
    """What the curve of the merged feature says is used."""
    step = usage_curve(Feature.objects.all(), minute(minutes), minute(minutes + 1), merged=True).steps[0]
    return step.figures.used if step.figures else None


@pytest.mark.parametrize("scope", [GROUP, SOLVER])
@pytest.mark.parametrize("minutes", [60.5, 90, 119])
def test_a_member_that_was_not_read_for_less_than_a_day_holds_what_its_last_reading_had(
    viewer: Viewer, us: LicenseServer, scope: dict[str, str], minutes: float
) -> None:
    read(us, 120, bob=1, new=2)  # eve's session has ended, and another one has begun

    page = viewer.page(**scope, at=minute(minutes).isoformat())

    told = US_COUNTS.format("2026-03-16 14:00:00")
    assert held(viewer, minutes, **scope) == {"ann": 3, "bob": 4, "eve": 2}
    assert {row["user"] for row in page.context["page"].rows} == {"ann", "bob", "eve"}
    assert sum(held(viewer, minutes, **scope).values()) == drawn(minutes) == 9
    assert page.content.decode().count(told) == 1
    assert "Not known: " not in page.content.decode()
    assert "unconfirmed" not in page.content.decode()
    assert told.rstrip(".") in in_words(page.context["state"])  # of a document
    assert held(viewer, 120, **scope) == {"ann": 3, "bob": 1, "new": 2}


@pytest.mark.parametrize(("minutes", "counts"), [(60 + DAY - 1, True), (60 + DAY + 1, False)])
def test_a_member_that_was_not_read_for_a_day_is_left_out_and_said_to_be_not_known(
    viewer: Viewer, us: LicenseServer, minutes: int, counts: bool
) -> None:
    read(us, 2 * DAY, bob=4)

    text = viewer.page(**SOLVER, at=minute(minutes).isoformat()).content.decode()

    assert held(viewer, minutes, **SOLVER) == ({"ann": 3, "bob": 4, "eve": 2} if counts else {"ann": 3})
    assert sum(held(viewer, minutes, **SOLVER).values()) == drawn(minutes)
    assert (US_COUNTS if counts else US_LEFT_OUT).format("2026-03-18 12:00:00") in text


def test_a_member_that_was_not_read_again_yet_counts_since_its_last_reading(viewer: Viewer, us: LicenseServer) -> None:
    text = viewer.page(**SOLVER, at=minute(90).isoformat()).content.decode()

    assert "US has not been read since 2026-03-16 13:00:00: its sessions are those of its last reading." in text
    assert held(viewer, 90, **SOLVER) == {"ann": 3, "bob": 4, "eve": 2}


def test_where_no_member_was_read_nothing_is_known_of_the_group(viewer: Viewer, us: LicenseServer) -> None:
    LicenseServerGroup.objects.get(name="XF").servers.set([us])

    text = viewer.page(**SOLVER, at=minute(90).isoformat()).content.decode()

    assert held(viewer, 90, **SOLVER) == {}
    assert "Not known: US has not been read since 2026-03-16 13:00:00." in text


@pytest.mark.parametrize("scope", [{}, {"scope": "server:US"}])
def test_outside_of_a_group_no_license_server_holds_what_it_had_before(
    viewer: Viewer, us: LicenseServer, scope: dict[str, str]
) -> None:
    text = viewer.page(**scope, at=minute(90).isoformat()).content.decode()

    assert "bob" not in held(viewer, 90, **scope)
    assert "Not known: US has not been read since 2026-03-16 13:00:00." in text


def test_the_past_of_a_group_without_members_is_told(viewer: Viewer) -> None:
    LicenseServerGroup.objects.create(name="XF")

    assert "no reading from then or before is kept" in viewer.page(**GROUP, at=minute(90).isoformat()).content.decode()
