"""The demo's company has a believable day, and the same one for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from licstats.simulator import demo, uniform
from licstats.simulator.world import World
from tests.simulator.worlds import CHECKOUT, USERS_OF

MONDAY = datetime(2026, 3, 16, tzinfo=UTC)
LARGEST_REQUEST = 16
PEOPLE = ("krk-cad", "dtw-cad", "pnq-math")


@pytest.fixture(scope="module")
def week() -> list[dict[str, Any]]:
    """The sessions of each license server at each full hour from Tuesday to Saturday, and the figures of all pools."""
    tuesday = MONDAY + timedelta(days=1, hours=12)
    world = demo.build(7, tuesday, calm=True)
    hours = []
    for at in (tuesday + timedelta(hours=hour) for hour in range(108)):
        world.advance(at.timestamp())
        sessions = {name: len(server.handles) for name, server in world.servers.items()}
        hours.append({"at": at, "sessions": sessions, "figures": world.figures()})
    return hours


def at(week: list[dict[str, Any]], zone: str, weekday: int, hour: int) -> dict[str, Any]:
    """The state at a full hour of a site's own clock."""
    for entry in week:
        local = entry["at"].astimezone(ZoneInfo(zone))
        if (local.weekday(), local.hour) == (weekday, hour):
            return entry
    raise AssertionError("not in this week")


def test_there_are_three_thousand_sessions_at_any_hour(week: list[dict[str, Any]]) -> None:
    assert min(sum(entry["sessions"].values()) for entry in week) >= 3000


def test_twelve_license_servers_of_three_sites_and_two_managers_one_a_triad() -> None:
    world = demo.build(7, MONDAY, calm=True)
    servers = list(world.servers.values())
    assert len(servers) == 12
    assert {server.site for server in servers} == {"krakow", "detroit", "pune"}
    assert Counter(server.manager for server in servers) == {"flexnet": 9, "lmx": 3}
    assert [len(server.hosts) for server in servers].count(3) == 1
    assert [world.servers[name].feature("WXPF").total for name in demo.GROUPS["XF"]] == [10, 10, 10]


@pytest.mark.parametrize(
    ("server", "zone"), [("krk-cad", "Europe/Warsaw"), ("dtw-cad", "America/Detroit"), ("pnq-math", "Asia/Kolkata")]
)
def test_people_work_by_day(week: list[dict[str, Any]], server: str, zone: str) -> None:
    morning, night = at(week, zone, 2, 11), at(week, zone, 2, 3)
    saturday = at(week, zone, 5, 11)
    assert morning["sessions"][server] > 3 * night["sessions"][server]
    assert morning["sessions"][server] > 3 * saturday["sessions"][server]
    assert at(week, zone, 2, 7)["sessions"][server] < morning["sessions"][server] / 2


def test_batch_work_is_done_by_night(week: list[dict[str, Any]]) -> None:
    night, day = at(week, "Europe/Warsaw", 2, 2), at(week, "Europe/Warsaw", 2, 13)
    assert night["sessions"]["krk-sim"] > 1.2 * day["sessions"]["krk-sim"]


def test_licenses_run_out_and_people_wait(week: list[dict[str, Any]]) -> None:
    assert any(figure["queued"] for entry in week for figure in entry["figures"])
    for entry in week:
        for figure in entry["figures"]:
            if figure["queued"]:
                assert figure["total"] - figure["used"] - figure["reserved"] < LARGEST_REQUEST


def test_nothing_is_handed_out_twice(week: list[dict[str, Any]]) -> None:
    for entry in week:
        for figure in entry["figures"]:
            assert figure["total"] is None or figure["used"] + figure["reserved"] <= figure["total"], figure


def test_something_is_borrowed_reserved_expired_uncounted_and_unlimited(week: list[dict[str, Any]]) -> None:
    figures = week[60]["figures"]
    assert sum(figure["borrowed"] for figure in figures) > 10
    assert any(figure["reserved"] for figure in figures)
    assert any(f["expires"] and f["expires"] < week[60]["at"].date().isoformat() and f["used"] for f in figures)
    assert {"floating", "node-locked", "uncounted"} == {figure["kind"] for figure in figures}
    assert any(figure["total"] == 2_147_483_647 and figure["used"] for figure in figures)
    counts = Counter((figure["server"], figure["feature"]) for figure in figures)
    assert max(counts.values()) > 1


def test_every_session_is_printed() -> None:
    world = demo.build(3, MONDAY + timedelta(hours=10), calm=True)
    for name, server in world.servers.items():
        if server.manager == "flexnet":
            text = world.lmstat_a(name)
            assert len(CHECKOUT.findall(text)) == len(server.handles)
            assert len(USERS_OF.findall(text)) == len(server.features)
        else:
            assert world.licstat(name).count(" license(s) used by ") == len(server.handles)


def everything(world: World) -> list[Any]:
    return [world.state(), world.figures(), [world.lmstat_a(name) for name in PEOPLE]]


def test_a_day_is_the_same_however_often_it_is_asked_and_whenever_it_was_started() -> None:
    asked = demo.build(11, MONDAY + timedelta(hours=9), calm=True)
    noon = (MONDAY + timedelta(hours=12)).timestamp()
    while asked.now < noon:
        asked.advance(min(noon, asked.now + 137.5))
        asked.lmstat_a("krk-cad")
    assert everything(demo.build(11, MONDAY + timedelta(hours=12), calm=True)) == everything(asked)
    assert everything(demo.build(12, MONDAY + timedelta(hours=12), calm=True)) != everything(asked)


def test_license_servers_get_into_trouble_and_out_again() -> None:
    world = demo.build(5, MONDAY + timedelta(hours=9))
    seen = set()
    for _ in range(24 * 20):
        world.advance(world.now + 180)
        seen.add(("down", world.servers["krk-mesh"].serves))
        seen.add(("cut", world.servers["pnq-math"].trouble.cut is None))
        seen.add(("daemon", "plotworx" not in world.servers["dtw-cad"].trouble.daemons_down))
    assert seen == {(trouble, well) for trouble in ("down", "cut", "daemon") for well in (True, False)}
    assert world.servers["dtw-cad"].trouble.nodes_down
    assert world.servers["dtw-cad"].serves
    assert world.servers["pnq-mesh"].trouble.slow > 1


def test_all_is_well_for_the_first_minutes() -> None:
    world = demo.build(5, MONDAY + timedelta(hours=9))
    world.advance(world.now + 15 * 60)
    assert all(server.serves for server in world.servers.values())
    assert all(server.trouble.cut is None for server in world.servers.values())


def test_a_fleet_has_the_size_that_was_asked_for_and_changes_by_a_hundredth_in_a_minute() -> None:
    world = uniform.build(1, MONDAY, 20, 1000)
    assert [len(server.handles) for server in world.servers.values()] == [1000] * 20
    before = {(server.name, s.handle, s.start) for server in world.servers.values() for s in server.sessions()}
    world.advance(world.now + 60)
    after = {(server.name, s.handle, s.start) for server in world.servers.values() for s in server.sessions()}
    assert len(after) == 20_000
    assert 120 < len(after - before) < 300


def test_nobody_has_changed_in_a_small_fleet() -> None:
    world = uniform.small(1, MONDAY)
    before = world.state()
    world.advance(world.now + 86_400)
    assert world.state() == before
    assert {server.name: len(server.handles) for server in world.servers.values()} == {"PL": 3, "US": 5, "DK": 2}
