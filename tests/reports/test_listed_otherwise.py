"""A feature that its license server reports otherwise now: pages say what the last reading that listed it said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from groups_app.models import LicenseServerGroup
from licstats.managers.reading import FeatureReading
from licstats.models import LicenseServer
from sessions_app.information import Facts
from sessions_app.polling.ingest import ingest
from tests.factories import NOON, LicenseServerFactory
from tests.polling.readings import complete, feature, session
from tests.reports.test_usage_and_history_pages import HISTORY_USAGE, USAGE, graph, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

SESSIONS = "/features/realtime/sessions"
FEATURE = {"feature": "solver", "version": "1.0", "type": "floating"}
MINUTES = 30  # since it is reported otherwise
HELD = (session("ann"), session("bob"))
AS_BEFORE = feature("solver", *HELD)
OTHERWISE = {
    "a renamed vendor": ([AS_BEFORE], [feature("solver", *HELD, vendor="newd")]),
    "two headings that became one": (
        [AS_BEFORE, feature("solver", place=1, total=30)],
        [feature("solver", *HELD, total=40)],
    ),
}
WAYS = pytest.mark.parametrize(("before", "after"), OTHERWISE.values(), ids=OTHERWISE)


@pytest.fixture
def server() -> LicenseServer:
    made: LicenseServer = LicenseServerFactory(name="PL", read_at=None, interval=timedelta(minutes=10))
    LicenseServerGroup.objects.create(name="XF").servers.add(made)
    return made


def read(server: LicenseServer, minutes: int, *features: FeatureReading) -> None:
    ingest(server, complete(minutes, *features))


def facts(viewer: Client, scope: str) -> Facts:
    found: Facts = viewer.get(f"{SESSIONS}/", FEATURE | {"scope": scope}).context["information"].facts
    return found


@WAYS
@pytest.mark.parametrize("scope", ["server:PL", "group:XF"])
def test_facts_graphs_and_the_usage_grid_agree(
    viewer: Client, server: LicenseServer, scope: str, before: list[FeatureReading], after: list[FeatureReading]
) -> None:
    read(server, -MINUTES - 10, *before)
    read(server, -MINUTES, *before)
    for minutes in range(10 - MINUTES, 1, 10):
        read(server, minutes, *after)

    (row,) = rows(viewer, USAGE, scope=scope, **FEATURE)
    now = facts(viewer, scope)
    assert (now.used, now.total) == (row["used"], row["total"])
    assert now.last_update is not None
    assert now.last_update.isoformat() == row["last_update"]
    query = f"scope={scope}&feature=solver&version=1.0&type=floating"
    for report, period in ((USAGE, ""), (HISTORY_USAGE, "&period=today")):
        drawn = graph(viewer, report, query + period)
        assert [values[-2] for values in (drawn["Used"], drawn["Total"])] == [row["used"], row["total"]]


@WAYS
def test_it_counts_once_in_its_license_server(
    viewer: Client, server: LicenseServer, before: list[FeatureReading], after: list[FeatureReading]
) -> None:
    read(server, -10, *before)
    read(server, 0, *after)

    now = facts(viewer, "server:PL")
    assert (now.used, now.total, now.vendor) == (2, after[0].total, after[0].vendor)
    assert now.last_update == NOON


def test_where_the_last_reading_lists_none_the_facts_are_those_of_the_last_one_that_did(
    viewer: Client, server: LicenseServer
) -> None:
    read(server, -30, feature("solver", *HELD, vendor="oldd"))
    read(server, -20, *OTHERWISE["two headings that became one"][0])
    read(server, -10)
    read(server, 0)

    now = facts(viewer, "server:PL")
    assert (now.used, now.total, now.vendor) == (2, 40, "vendord")
    assert now.last_update == NOON - timedelta(minutes=20)
