"""What `lmstat` prints is what the world holds, counted by plain patterns; and it looks as the real tool's."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django
from hypothesis import given, settings

from licstats.simulator import flexnet
from licstats.simulator.licenses import Holder, Kind
from licstats.simulator.world import World
from tests.simulator.worlds import (
    CHECKOUT,
    QUEUED,
    RESERVED,
    START,
    TOTALS,
    WARSAW,
    features_of,
    licenses_on,
    printed,
    server,
    worlds,
)

SAMPLES = Path(django.BASE_DIR).parent / "shared" / "samples" / "flexnet"


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_session_is_printed_once_and_nothing_else(world: World) -> None:
    held = Counter(
        (
            session.pool.feature.name,
            f"{session.holder.user} {session.holder.host} {session.holder.display}",
            session.version,
            session.handle,
            session.used,
        )
        for session in world.servers["S1"].sessions()
    )
    assert printed(world.lmstat_a("S1")) == held


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_each_heading_adds_up_to_its_lines(world: World) -> None:
    where, parts = world.servers["S1"], features_of(world.lmstat_a("S1"))
    assert sorted(parts) == sorted(feature.name for feature in where.features)
    for feature in where.features:
        part = parts[feature.name]
        on_lines = sum(licenses_on(found[5]) for found in CHECKOUT.findall(part))
        reserved = sum(map(int, RESERVED.findall(part)))
        assert sum(map(int, QUEUED.findall(part))) == sum(r.count for p in feature.pools for r in p.queue)
        if feature.total is None:
            assert part.startswith("Uncounted, node-locked")
        else:
            figures = TOTALS.search(part)
            assert figures
            assert (int(figures[1]), int(figures[2])) == (feature.total, on_lines + reserved)


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_a_text_that_was_kept_is_the_text_that_would_be_made(world: World) -> None:
    where = world.servers["S1"]
    for session in list(where.sessions())[::2]:
        world.lmstat_a("S1")
        world.close(where, session)
    kept = world.lmstat_a("S1")
    for feature in where.features:
        feature.text = None
        for session in feature.sessions():
            session.text = ""
    assert world.lmstat_a("S1") == kept


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_start_and_linger_give_the_times_of_the_session(world: World) -> None:
    by_handle = {str(handle): session for handle, session in world.servers["S1"].handles.items()}
    for _, _, _, _, handle, rest in CHECKOUT.findall(world.lmstat_a("S1")):
        session = by_handle[handle]
        start = datetime.fromtimestamp(session.start, WARSAW)
        assert rest.startswith(f"{start:%a} {start.month}/{start.day} {start.hour}:{start:%M}")
        linger = re.search(r"\(linger: (\d+) / (\d+)\)", rest)
        assert bool(linger) == (session.borrowed_for is not None)
        if linger:
            ends = START + timedelta(seconds=int(linger[1]))
            assert abs(ends.timestamp() - (session.start + int(linger[2]))) <= 1


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_the_catalogue_has_a_row_for_each_pool(world: World) -> None:
    rows = [line.split() for line in world.lmstat_i("S1").splitlines()[6:]]
    pools = [pool for feature in world.servers["S1"].features for pool in feature.pools]
    assert [row[:3] for row in rows] == [[p.feature.name, p.version, str(p.count or 0)] for p in pools]
    assert [" ".join(row[4:]) for row in rows] == [flexnet.expiry(pool.expires) for pool in pools]


def test_one_node_of_a_triad_may_be_down() -> None:
    where = server()
    where.hosts = ("a", "b", "c")
    where.add_pool(where.add_feature("F", "v"), "1.0", 1)
    where.trouble.nodes_down = {"a"}
    text = flexnet.report(where, START.timestamp())
    assert 'a: Cannot connect to license server system. (-15,570:115 "Operation now in progress")' in text
    assert "b: license server UP (MASTER) v11.19.6" in text
    assert "c: license server UP v11.19.6" in text
    assert "Vendor daemon status (on b):" in text
    where.trouble.nodes_down = {"a", "b"}
    assert not where.serves


def test_the_features_of_a_daemon_that_is_down_are_not_listed() -> None:
    where = server()
    for vendor in ("one", "two"):
        where.add_pool(where.add_feature(f"of_{vendor}", vendor), "1.0", 1)
    where.trouble.daemons_down = {"one"}
    text = flexnet.report(where, START.timestamp())
    assert "one: The desired vendor daemon is down. (-97,121)" in text
    assert list(features_of(text)) == ["of_two"]


def test_lines_of_every_form() -> None:
    world = World(1, START)
    where = server("S1", world=world)
    where.prints_pid = True
    feature = where.add_feature("F", "vend")
    pool = where.add_pool(feature, "2.0", 9, kind=Kind.NODE_LOCKED, note="site:7")
    where.reserve(pool, "USER", "kim", 2)
    at = START.timestamp()
    where.open(pool, Holder("ann", "ws1"), at, 1, "1.5", handle=101)
    where.open(pool, Holder("bo lee", "ws2", ":0", pid=77), at, 3, handle=202)
    where.open(pool, Holder("cy", "ws3", ""), at - 60, 1, borrowed_for=3600, handle=303)
    where.queue(feature, Holder("di", "ws4", ":1"), at, 2)
    assert world.lmstat_a("S1").endswith(
        """Feature usage info:

Users of F:  (Total of 9 licenses issued;  Total of 7 licenses in use)

  "F" v2.0, vendor: vend, expiry: permanent(no expiration date)
  vendor_string: site:7
  nodelocked license, locked to "ID=2014217"

    ann ws1 (v1.5) (s1/27000 101), start Wed 3/18 10:30
    bo lee ws2 :0 (v2.0) (s1/27000 202), start Wed 3/18 10:30, 3 licenses, PID: 77
    cy ws3  (v2.0) (s1/27000 303), start Wed 3/18 10:29 (linger: 3540 / 3600)
    di ws4 :1 (v2.0) (s1/27000 200) queued for 2 licenses
        2 RESERVATIONs for USER kim (s1/27000)

"""
    )


LINES = (
    r"^lmutil - Copyright \(c\) 1989-\d{4} Flexera. All Rights Reserved.$",
    r"^Flexible License Manager status on [A-Z][a-z]{2} \d+/\d+/\d{4} \d\d:\d\d$",
    r"^License server status: \S+$",
    r"^    License file\(s\) on \S+: .*:$",
    r"^\S+: license server UP \(MASTER\) v11\.[\d.]+$",
    r"^Vendor daemon status \(on \S+\):$",
    r"^ +\S+: UP v11\.[\d.]+$",
    r"^Feature usage info:$",
    r"^Users of \S+:  \(Total of \d+ licenses issued;  Total of \d+ licenses? in use\)$",
    r'^  "\S+" v\S+, vendor: \S+, expiry: .*$',
    r"^  floating license$",
    r"^    \S+ \S+ \S+ \(v[\w.]+\) \(\S+/\w+ \d+\), start [A-Z][a-z]{2} \d+/\d+ \d+:\d\d",
)


@pytest.mark.parametrize("pattern", LINES)
def test_its_lines_have_the_form_of_recorded_ones(pattern: str) -> None:
    """Each pattern fits the simulator's text, and that of a real license server."""
    if not SAMPLES.is_dir():
        pytest.skip(f"needs the recorded outputs in {SAMPLES}")
    world = World(1, START)
    where = server("S1", world=world)
    feature = where.add_feature("F", "vend")
    where.open(where.add_pool(feature, "2.0", 9), Holder("ann", "ws1", ":0"), START.timestamp())
    recorded = "".join(path.read_text(errors="replace") for path in sorted(SAMPLES.glob("*lmstat_*.txt")))
    assert re.search(pattern, recorded, re.MULTILINE)
    assert re.search(pattern, world.lmstat_a("S1"), re.MULTILINE)
