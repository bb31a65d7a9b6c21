"""What the simulator holds, printed by its tools and read by licstats, is again what it holds."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from licstats.managers.base import STATUS, Output
from licstats.managers.flexnet.manager import CATALOGUE
from licstats.managers.reading import ProblemKind, Reading, Verdict
from licstats.managers.registry import MANAGERS
from licstats.simulator import catalog, demo
from licstats.simulator.world import World
from tests.simulator.worlds import START, worlds

WEDNESDAY_NOON = datetime(2026, 3, 18, 11, tzinfo=UTC)


def read(world: World, name: str, with_catalogue: bool = True) -> Reading:
    server, at = world.servers[name], datetime.fromtimestamp(world.now, UTC)
    if server.manager == "lmx":
        outputs = {STATUS: Output(world.licstat(name), 0, at=at)}
    else:
        outputs = {STATUS: Output(world.lmstat_a(name), 0, at=at)}
        if with_catalogue:
            outputs[CATALOGUE] = Output(world.lmstat_i(name), 0, at=at)
    return MANAGERS[server.manager].read(outputs, at, server.zone)


def to_the_minute(at: str | None, zone: ZoneInfo | None = None) -> str | None:
    """As a report tells it; in the hour that comes twice in autumn, a local time in `zone` is taken for the first."""
    if not at:
        return at
    told = datetime.fromisoformat(at).replace(second=0)
    return (told.astimezone(zone).replace(fold=0).astimezone(UTC) if zone else told).isoformat()


def held(world: World, name: str) -> Counter[tuple[Any, ...]]:
    lmx = world.servers[name].manager == "lmx"
    zone = None if lmx else world.servers[name].zone
    return Counter(
        (
            s["vendor"],
            s["feature"],
            s["user"],
            s["host"],
            "" if lmx else s["display"] or "",
            "" if lmx else str(s["handle"]),
            s["ip"] if lmx else "",
            s["used"],
            None if lmx and s["borrowed_until"] else to_the_minute(s["start"], zone),
            bool(s["borrowed_until"]),
        )
        for s in world.state(name)
    )


def seen(reading: Reading) -> Counter[tuple[Any, ...]]:
    return Counter(
        (
            feature.vendor,
            feature.name,
            s.user,
            s.host,
            s.display,
            s.handle,
            s.ip,
            s.used,
            s.checked_out_at and s.checked_out_at.astimezone(UTC).isoformat(),
            s.borrow_expires_at is not None,
        )
        for feature in reading.features
        for s in feature.sessions
    )


def figures(rows: list[tuple[tuple[str, str], int, int, int, int]]) -> dict[tuple[str, str], tuple[int, ...]]:
    """By vendor and feature: sums of what is used, borrowed, reserved, queued."""
    sums: dict[tuple[str, str], list[int]] = {}
    for key, *amounts in rows:
        sums[key] = [a + b for a, b in zip(sums.get(key, [0, 0, 0, 0]), amounts, strict=True)]
    return {key: tuple(amounts) for key, amounts in sums.items()}


def figures_held(world: World, name: str) -> dict[tuple[str, str], tuple[int, ...]]:
    rows = world.figures(name)
    return figures([((r["vendor"], r["feature"]), r["used"], r["borrowed"], r["reserved"], r["queued"]) for r in rows])


def figures_seen(reading: Reading) -> dict[tuple[str, str], tuple[int, ...]]:
    return figures([((f.vendor, f.name), f.used or 0, f.borrowed, f.reserved, f.queued) for f in reading.features])


def test_a_time_in_the_hour_that_comes_twice_is_taken_for_the_first() -> None:
    warsaw = ZoneInfo("Europe/Warsaw")

    assert to_the_minute("2025-10-26T01:59:30+00:00", warsaw) == "2025-10-26T00:59:00+00:00"
    assert to_the_minute("2025-10-26T02:30:00+00:00", warsaw) == "2025-10-26T02:30:00+00:00"


@given(worlds())
@settings(max_examples=80, deadline=None)
def test_a_random_flexnet_server_is_read_as_it_is(world: World) -> None:
    for with_catalogue in (True, False):
        reading = read(world, "S1", with_catalogue)
        assert reading.verdict is Verdict.COMPLETE
        assert [problem for problem in reading.problems if problem.kind is not ProblemKind.CATALOGUE] == []
        assert seen(reading) == held(world, "S1")
        assert figures_seen(reading) == figures_held(world, "S1")


@given(worlds("lmx"))
@settings(max_examples=80, deadline=None)
def test_a_random_lmx_server_is_read_as_it_is(world: World) -> None:
    reading = read(world, "S1")
    assert reading.verdict is Verdict.COMPLETE
    assert reading.problems == ()
    assert seen(reading) == held(world, "S1")
    assert figures_seen(reading) == figures_held(world, "S1")


@given(worlds(), worlds("lmx"))
@settings(max_examples=60, deadline=None)
def test_borrow_ends_when_the_license_server_will_take_it_back(flexnet: World, lmx: World) -> None:
    for world in (flexnet, lmx):
        held = [s["borrowed_until"] for s in world.state("S1")]
        read_ends = [s.borrow_expires_at for f in read(world, "S1").features for s in f.sessions]
        expected = sorted(datetime.fromisoformat(until) for until in held if until)
        for end, wanted in zip(sorted(filter(None, read_ends)), expected, strict=True):
            assert abs(end - wanted) <= timedelta(minutes=1)


@pytest.fixture(scope="module")
def company() -> World:
    return demo.build(2026, WEDNESDAY_NOON, calm=True)


@pytest.mark.parametrize("name", [row.name for row in catalog.SERVERS])
def test_each_license_server_of_the_demo_is_read_without_a_problem(company: World, name: str) -> None:
    reading = read(company, name)
    assert reading.verdict is Verdict.COMPLETE
    assert reading.problems == ()
    assert seen(reading) == held(company, name)
    assert figures_seen(reading) == figures_held(company, name)


def test_a_cut_answer_is_never_taken_for_a_whole_one() -> None:
    world = demo.build(1, START, calm=True)
    text = world.lmstat_a("PL")
    for part in range(5, 95, 10):
        cut = text[: len(text) * part // 100]
        at = datetime.fromtimestamp(world.now, UTC)
        reading = MANAGERS["flexnet"].read({STATUS: Output(cut, 0, at=at)}, at, world.servers["PL"].zone)
        assert reading.verdict is not Verdict.COMPLETE or sum(len(f.sessions) for f in reading.features) == len(
            world.state("PL")
        )
