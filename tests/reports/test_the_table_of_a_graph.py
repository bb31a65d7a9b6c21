"""The figures of a feature's graph as a table: its times, and the sessions that they lead to."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from pytest_django import Settings

from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from tests.factories import (
    NOON,
    FeatureFactory,
    LicenseServerFactory,
    OpenSessionFactory,
    UsageIntervalFactory,
)

pytestmark = pytest.mark.django_db

HISTORY = "/features/history/usage/"
LINK = re.compile(r'<td><a href="([^"]+)" aria-label="([^"]+)">([^<]+)</a></td>')
HOUR = timedelta(hours=1)
SET_BACK = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # in Warsaw, from 3:00 to 2:00


@pytest.fixture
def feature() -> Feature:
    """Solver of PL: 1 in use, an hour later 2, and an hour after that it did not answer any more."""
    feature: Feature = FeatureFactory(server__name="PL", name="solver & co", since=None, last_listed_at=NOON + 2 * HOUR)
    for used in (1, 2):
        begin = NOON + (used - 1) * HOUR
        UsageIntervalFactory(feature=feature, started_at=begin, ended_at=begin + HOUR, used=used)
        OpenSessionFactory(feature=feature, user=f"user{used}", first_seen_at=begin)
    return feature


def graph(viewer: Client, scope: str, feature: Feature, day: str) -> str:
    """The part of the report that holds the figure and its table."""
    chosen = {"scope": scope, "feature": feature.name, "version": feature.version, "type": feature.type}
    period = {"from": day, "to": f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"}
    answer = viewer.get(HISTORY, chosen | period, headers={"HX-Request": "true", "X-Part": "graph"})
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("scope", ["server:PL", "group:XF"])
def test_a_time_leads_to_the_sessions_of_that_moment_and_they_to_those_of_now(
    viewer: Client, feature: Feature, scope: str
) -> None:
    LicenseServerGroup.objects.create(name="XF").servers.set([feature.server, LicenseServerFactory(name="US")])

    latest, first = LINK.findall(graph(viewer, scope, feature, "2026-03-16"))

    assert first[1:] == ("Sessions at 2026-03-16 12:00:00", "2026-03-16 12:00:00")
    assert latest[1:] == ("Sessions at 2026-03-16 13:00:00", "2026-03-16 13:00:00")
    then = viewer.get(unescape(first[0]))
    assert [row["user"] for row in then.context["page"].rows] == ["user1"]
    assert then.context["state"].scope.feature == "solver & co"
    assert "Show now" in then.content.decode()
    assert viewer.get(unescape(latest[0])).context["page"].total == 2


def test_where_nothing_is_known_no_time_leads_to_sessions(viewer: Client, feature: Feature) -> None:
    shown = graph(viewer, "server:PL", feature, "2026-03-16")

    assert "<td>2026-03-16 14:00:00</td><td" in shown.replace("\n", "")
    assert "Each time leads to the sessions of that moment." in shown
    empty = graph(viewer, "server:PL", feature, "2026-03-17")
    assert "Nothing is known of this period." in empty
    assert "Each time" not in empty


def test_on_the_day_of_25_hours_the_table_and_the_graph_tell_the_same_times_and_which(
    viewer: Client, feature: Feature, settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Warsaw"
    for used, begin in ((3, SET_BACK - HOUR / 2), (4, SET_BACK + HOUR / 2)):
        UsageIntervalFactory(feature=feature, started_at=begin, ended_at=begin + HOUR, used=used)

    shown = graph(viewer, "server:PL", feature, "2026-10-25")

    figure = json.loads(unescape(re.search(r'data-figure="([^"]*)"', shown)[1]))
    drawn = [(x.replace("T", " "), y) for x, y in zip(figure["data"][0]["x"], figure["data"][0]["y"], strict=True) if y]
    assert drawn[:2] == [("2026-10-25 00:30:00", 3), ("2026-10-25 01:30:00", 4)]
    assert [time for _, _, time in LINK.findall(shown)] == ["2026-10-25 01:30:00", "2026-10-25 00:30:00"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "Time (UTC)"
    assert '<th scope="col">From (UTC)</th>' in shown
    assert "The times are in UTC: in Europe/Warsaw an hour of this period comes twice." in shown


def test_on_any_other_day_the_times_are_those_of_the_viewer(
    viewer: Client, feature: Feature, settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Warsaw"

    shown = graph(viewer, "server:PL", feature, "2026-03-16")

    assert '<th scope="col">From</th>' in shown
    assert "2026-03-16 13:00:00" in LINK.findall(shown)[1]
    assert "UTC" not in shown
