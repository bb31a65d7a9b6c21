"""Every filter of past sessions and of past figures filters what its column shows; none can be forgotten."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from groups_app.models import HostGroup, LicenseServerGroup, UserGroup
from licstats.models import Feature
from sessions_app.grid.history import HISTORY
from sessions_app.grid.intervals import INTERVALS
from sessions_app.models import ClosedSession
from tests.factories import FeatureFactory, LicenseServerFactory, UsageIntervalFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PERIOD = {"from": "2026-03-16T00:00Z", "to": "2026-03-18T00:00Z"}
SESSIONS = "/features/history/sessions"
FIGURES = "/features/history/usage"

OF_SESSIONS = {  # for each filter a value that only the second of two sessions passes
    "server": "sk",
    "vendor": "ZETA",
    "feature_name": "sol",
    "feature_version": "2.",
    "feature_type": "token",
    "user": "OB",
    "host": "eta",
    "ip": ".2",
    "used_min": "3",
    "used_max": None,
    "checked_out_after": "2026-03-16T12:00Z",
    "checked_out_before": None,
    "first_seen_after": "2026-03-16T13:00Z",
    "first_seen_before": None,
    "ended_after": "2026-03-16T18:00Z",
    "ended_before": None,
    "user_is": "bob",
    "user_group": "bobs",
    "host_is": "beta",
    "host_group": "betas",
}
ONLY_THE_FIRST = {
    "used_max": "2",
    "checked_out_before": "2026-03-16T12:00Z",
    "first_seen_before": "2026-03-16T13:00Z",
    "ended_before": "2026-03-16T18:00Z",
}
OF_FIGURES = {  # likewise, of two intervals: each figure is another one, so that no filter passes for another
    "server": "sk",
    "started_after": "2026-03-16T13:00Z",
    "started_before": None,
    "ended_after": "2026-03-16T18:00Z",
    "ended_before": None,
    **{f"{name}_min": str(least) for name, least in {"used": 5, "total": 50}.items()},
    **dict.fromkeys(("borrowed_min", "reserved_min", "queued_min", "used_max", "total_max")),
    **{f"{name}_max": str(most) for name, most in {"borrowed": 1, "reserved": 2, "queued": 3}.items()},
}
ONLY_THE_FIRST_OF_FIGURES = {
    "started_before": "2026-03-16T13:00Z",
    "ended_before": "2026-03-16T18:00Z",
    "used_max": "4",
    "total_max": "40",
    "borrowed_min": "2",
    "reserved_min": "3",
    "queued_min": "4",
}


def rows(viewer: Client, address: str, **query: str) -> list[dict[str, Any]]:
    answer = viewer.get(f"{address}.json", PERIOD | query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = json.loads(answer.getvalue())["rows"]
    return found


def past_session(feature: Feature, number: int, begun: datetime, ended: datetime, **fields: Any) -> None:
    ClosedSession.objects.create(
        id=9_000 + number,
        feature=feature,
        server=feature.server,
        ip=f"10.0.0.{number}",
        checked_out_at=begun,
        first_seen_at=begun + HOUR,
        last_seen_at=ended - HOUR,
        closed_at=ended,
        **fields,
    )


@pytest.fixture
def two_sessions() -> None:
    """That differ in every column; the first began and ended before the second."""
    UserGroup.objects.create(name="bobs", members="b*b")
    HostGroup.objects.create(name="betas", members="be?a")
    first = FeatureFactory(server=LicenseServerFactory(name="AMS"), vendor="acme", name="mesh", version="1.0")
    second = FeatureFactory(
        server=LicenseServerFactory(name="DSK"), vendor="Zeta", name="solver", version="2.0", type="token"
    )
    past_session(first, 1, NOON - HOUR, NOON + 5 * HOUR, user="ann", host="alpha", used=2)
    past_session(second, 2, NOON, NOON + 6 * HOUR, user="bob", host="beta", used=3)


def test_every_filter_has_its_example() -> None:
    assert OF_SESSIONS.keys() == HISTORY.filters.base_filters.keys()
    assert OF_FIGURES.keys() == INTERVALS.filters.base_filters.keys()


@pytest.mark.usefixtures("two_sessions")
@pytest.mark.parametrize("name", [name for name, value in OF_SESSIONS.items() if value])
def test_a_filter_of_past_sessions_leaves_what_fits(viewer: Client, name: str) -> None:
    assert [row["user"] for row in rows(viewer, SESSIONS, **{name: str(OF_SESSIONS[name])})] == ["bob"]


@pytest.mark.usefixtures("two_sessions")
@pytest.mark.parametrize("name", ONLY_THE_FIRST)
def test_an_upper_bound_of_past_sessions_leaves_what_is_less(viewer: Client, name: str) -> None:
    assert [row["user"] for row in rows(viewer, SESSIONS, **{name: ONLY_THE_FIRST[name]})] == ["ann"]


@pytest.fixture
def two_intervals() -> dict[str, str]:
    """Of one feature of a group, on two license servers; what chooses it."""
    group = LicenseServerGroup.objects.create(name="XF")
    figures = {
        "AMS": {"used": 4, "total": 40, "borrowed": 2, "reserved": 3, "queued": 4},
        "DSK": {"used": 5, "total": 50, "borrowed": 1, "reserved": 2, "queued": 3},
    }
    for place, (name, values) in enumerate(figures.items()):
        server = LicenseServerFactory(name=name, read_at=NOON)
        group.servers.add(server)
        feature = FeatureFactory(server=server, name="solver", since=None, total=values["total"])
        begun = NOON + place * HOUR
        UsageIntervalFactory(feature=feature, started_at=begun, ended_at=begun + 5 * HOUR, **values)
    return {"scope": "group:XF", "feature": "solver", "version": "1.0", "type": "floating"}


@pytest.mark.parametrize("name", [name for name, value in OF_FIGURES.items() if value])
def test_a_filter_of_past_figures_leaves_what_fits(viewer: Client, two_intervals: dict[str, str], name: str) -> None:
    found = rows(viewer, FIGURES, **two_intervals, **{name: str(OF_FIGURES[name])})
    assert [row["server"] for row in found] == ["DSK"]


@pytest.mark.parametrize("name", ONLY_THE_FIRST_OF_FIGURES)
def test_the_other_bound_of_past_figures_leaves_the_other(
    viewer: Client, two_intervals: dict[str, str], name: str
) -> None:
    found = rows(viewer, FIGURES, **two_intervals, **{name: ONLY_THE_FIRST_OF_FIGURES[name]})
    assert [row["server"] for row in found] == ["AMS"]


def test_past_figures_begin_with_the_newest(viewer: Client, two_intervals: dict[str, str]) -> None:
    assert [row["server"] for row in rows(viewer, FIGURES, **two_intervals)] == ["DSK", "AMS"]


@pytest.mark.parametrize(
    ("begun", "ended", "shown"),
    [
        (-HOUR, timedelta(0), False),  # ended as the period began
        (-HOUR, timedelta(seconds=1), True),
        (2 * HOUR - timedelta(seconds=1), 9 * HOUR, True),
        (2 * HOUR, 9 * HOUR, False),  # was seen first as the period ended
        (-9 * HOUR, 9 * HOUR, True),
    ],
)
def test_a_session_that_only_meets_an_end_of_the_period_is_not_of_it(
    viewer: Client, begun: timedelta, ended: timedelta, shown: bool
) -> None:
    feature = FeatureFactory(name="solver")
    past_session(feature, 1, NOON + begun - HOUR, NOON + ended, user="ann", host="alpha", used=1)
    period = {"from": NOON.isoformat(), "to": (NOON + 2 * HOUR).isoformat()}
    assert bool(rows(viewer, SESSIONS, **period)) is shown


def test_the_end_of_a_session_says_what_is_not_known_about_it(viewer: Client) -> None:
    past_session(FeatureFactory(), 1, NOON, NOON + 5 * HOUR, user="ann", host="alpha", used=1)
    viewer.cookies["licstats_zone"] = "Asia/Kolkata"
    shown = viewer.get(f"{SESSIONS}/", PERIOD).content.decode()
    assert "Last seen 2026-03-16 21:30:00; first reading without it 2026-03-16 22:30:00" in shown
    assert ">2026-03-16 22:30</time>" in shown
