"""A past moment at which license servers were not read: that is said, and none of their rows is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groups_app.models import HiddenServer
from groups_app.scope import Scope
from licstats.models import Feature, LicenseServer
from sessions_app.gaps import gaps_at
from sessions_app.grid.words import in_words
from tests.factories import (
    NOON,
    FeatureFactory,
    LicenseServerFactory,
    OpenSessionFactory,
    UsageIntervalFactory,
    UserFactory,
)
from tests.grid.conftest import USERS, Viewer

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
IN_GAP = {"at": (NOON + 90 * MINUTE).isoformat()}
NOT_KNOWN = "Not known: PL was not read between 2026-03-16 13:00:00 and 2026-03-16 14:00:00."


@pytest.fixture
def pl(db: None) -> LicenseServer:
    """Ann holds solver of PL, which did not answer between 13:00 and 14:00; bob that of US, which always did."""
    server: LicenseServer = LicenseServerFactory(name="PL", read_at=NOON + 3 * HOUR)
    solver = FeatureFactory(server=server, name="solver", since=NOON + 2 * HOUR)
    UsageIntervalFactory(feature=solver, started_at=NOON, ended_at=NOON + HOUR)
    OpenSessionFactory(feature=solver, user="ann")
    other = FeatureFactory(server=LicenseServerFactory(name="US", read_at=NOON + 3 * HOUR), name="solver")
    OpenSessionFactory(feature=other, user="bob")
    return server


def users(viewer: Viewer, **params: Any) -> list[str]:
    return [row["user"] for row in viewer.rows(**params)]


def test_of_several_license_servers_the_one_that_was_not_read_is_named_and_its_rows_are_not_shown(
    viewer: Viewer, pl: LicenseServer
) -> None:
    page = viewer.page(**IN_GAP)

    assert users(viewer, **IN_GAP) == ["bob"]
    assert [row["user"] for row in page.context["page"].rows] == ["bob"]
    assert page.content.decode().count(NOT_KNOWN) == 1
    assert "US was not read" not in page.content.decode()
    assert [row["user"] for row in viewer.rows(**IN_GAP, group_by="user")] == ["bob"]
    assert NOT_KNOWN.rstrip(".") in in_words(page.context["state"])  # of a document


def test_of_a_license_server_that_was_not_read_nothing_is_shown_but_why(viewer: Viewer, pl: LicenseServer) -> None:
    page = viewer.page(scope="server:PL", **IN_GAP).content.decode()

    assert users(viewer, scope="server:PL", **IN_GAP) == []
    assert page.count(NOT_KNOWN) == 1
    assert "was open then" not in page


def test_the_graph_and_the_sessions_of_users_say_so_too(viewer: Viewer, pl: LicenseServer) -> None:
    graph = viewer.fragment(headers={"X-Part": "graph"}, **IN_GAP)
    pinned = viewer.fragment(headers={"X-Part": "grid"}, **IN_GAP).content.decode()

    assert NOT_KNOWN in graph.content.decode()
    assert graph.context["chart_rows"] == [("bob", "1", "0")]
    assert NOT_KNOWN in pinned
    assert NOT_KNOWN in viewer.page(USERS, scope="user:ann", **IN_GAP).content.decode()
    assert viewer.rows(USERS, scope="user:ann", **IN_GAP) == []


@pytest.mark.parametrize("minutes", [0, 30, 60, 120, 150, 180, 185])
def test_up_to_the_last_reading_before_a_gap_and_from_the_first_one_after_it_all_is_known(
    viewer: Viewer, pl: LicenseServer, minutes: int
) -> None:
    page = viewer.page(at=(NOON + minutes * MINUTE).isoformat())

    assert [row["user"] for row in page.context["page"].rows] == ["ann", "bob"]
    assert "Not known" not in page.content.decode()


def test_what_was_not_read_again_yet_is_not_known_since_its_last_reading(viewer: Viewer, pl: LicenseServer) -> None:
    last = NOON + 3 * HOUR
    UsageIntervalFactory(feature=Feature.objects.get(server=pl), started_at=NOON + 2 * HOUR, ended_at=last)
    Feature.objects.filter(server=pl).update(since=None)  # it does not answer

    page = viewer.page(at=(last + MINUTE).isoformat())

    assert [row["user"] for row in page.context["page"].rows] == ["bob"]
    assert "Not known: PL has not been read since 2026-03-16 15:00:00." in page.content.decode()
    later = viewer.page(at=(last + 6 * MINUTE).isoformat()).content.decode()  # nor was US, for six intervals
    assert "Not known: US has not been read since 2026-03-16 15:00:00." in later


def test_a_license_server_that_was_read_for_the_first_time_later_has_no_gap(viewer: Viewer, pl: LicenseServer) -> None:
    before = viewer.page(at=(NOON - HOUR).isoformat()).content.decode()

    assert "was not read" not in before
    assert "no reading from then or before is kept" in before


def test_no_login_is_told_of_a_license_server_that_is_hidden_from_it(viewer: Viewer, pl: LicenseServer) -> None:
    HiddenServer.objects.create(user=viewer.login, server=pl)

    page = viewer.page(**IN_GAP).content.decode()

    assert "bob" in page
    assert "Not known" not in page


def test_where_many_license_servers_were_not_read_the_first_ones_are_named(viewer: Viewer, pl: LicenseServer) -> None:
    for number in range(7):
        feature = FeatureFactory(server__name=f"A{number}", since=None)
        UsageIntervalFactory(feature=feature, started_at=NOON, ended_at=NOON + HOUR)

    page = viewer.page(**IN_GAP).content.decode()

    assert page.count("has not been read since 2026-03-16 13:00:00.") == 5
    assert "3 more license servers were not read then either." in page


def test_a_gap_takes_two_queries_more_however_many_license_servers_there_are(
    viewer: Viewer, pl: LicenseServer, django_assert_num_queries: Any
) -> None:
    scope = Scope(viewer.login)
    with django_assert_num_queries(2):
        gaps_at(scope, NOON + 90 * MINUTE)


stretches = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(of_features=st.lists(stretches, min_size=1, max_size=3), standing=st.none() | st.integers(0, 3))
def test_at_every_minute_a_gap_lies_between_the_nearest_readings(
    db: None, of_features: list[list[tuple[int, int]]], standing: int | None
) -> None:
    LicenseServer.objects.all().delete()
    server = LicenseServerFactory(read_at=NOON + 40 * MINUTE)
    read: list[tuple[int, int]] = []
    for number, parts in enumerate(of_features):
        feature = FeatureFactory(server=server, since=None)
        now = -1
        for gap, length in parts:
            begin, now = now + gap + 1, now + gap + 1 + length
            read.append((begin, now))
            UsageIntervalFactory(feature=feature, started_at=NOON + begin * MINUTE, ended_at=NOON + now * MINUTE)
        if number == standing:
            Feature.objects.filter(pk=feature.pk).update(since=NOON + 38 * MINUTE)
            read.append((38, 45))  # and as long as the next reading would still be in time
    for minute in range(-1, 47):
        before = [end for begin, end in read if end < minute]
        after = [begin for begin, end in read if begin > minute]
        known = any(begin <= minute <= end for begin, end in read)
        last = min(max(before), 40) if before else 0
        expected = (
            [] if known or not before else [(NOON + last * MINUTE, NOON + min(after) * MINUTE if after else None)]
        )
        found = gaps_at(Scope(UserFactory.build(is_superuser=True)), NOON + minute * MINUTE)
        assert [(gap.before, gap.after) for gap in found] == expected
