"""What `lmxendutil -licstat` prints is what the world holds, and looks as the real tool's."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django
from hypothesis import given, settings

from licstats.simulator.licenses import UNLIMITED, Holder
from licstats.simulator.world import World
from tests.simulator.worlds import START, WARSAW, server, worlds

SAMPLES = Path(django.BASE_DIR).parent / "shared" / "samples" / "lmx"
BLOCK = re.compile(r"^Feature: (\S+) Version: (\S+) Vendor: (\S+)$(.*?)(?=^-{40}$|\Z)", re.MULTILINE | re.DOTALL)
USED = re.compile(r"^(\d+) of (\d+) license\(s\) used(:?)$", re.MULTILINE)
USER = re.compile(
    r"^(\d+) license\(s\) used by (\S+)@(\S+) \[(\S+)\]\n(?:Login time: .{16}   Checkout|Borrow expire) time: (.{16})$",
    re.MULTILINE,
)


@given(worlds("lmx"))
@settings(max_examples=60, deadline=None)
def test_every_session_is_printed_once_and_nothing_else(world: World) -> None:
    text = world.licstat("S1")
    printed = Counter(
        (name, version, int(used), user, host, ip, time)
        for name, version, _, part in BLOCK.findall(text)
        for used, user, host, ip, time in USER.findall(part)
    )
    held = Counter(
        (
            s.pool.feature.name,
            s.pool.version,
            s.used,
            s.holder.user,
            s.holder.host,
            s.holder.ip,
            f"{datetime.fromtimestamp(s.borrowed_until or s.start, WARSAW):%Y-%m-%d %H:%M}",
        )
        for s in world.servers["S1"].sessions()
    )
    assert printed == held


@given(worlds("lmx"))
@settings(max_examples=60, deadline=None)
def test_each_block_adds_up_to_its_users(world: World) -> None:
    blocks = BLOCK.findall(world.licstat("S1"))
    pools = [pool for feature in world.servers["S1"].features for pool in feature.pools]
    assert [block[:2] for block in blocks] == [(pool.feature.name, pool.version) for pool in pools]
    for (_, _, _, part), pool in zip(blocks, pools, strict=True):
        figures = USED.search(part)
        assert figures
        held = sum(int(found[0]) for found in USER.findall(part))
        assert (int(figures[1]), int(figures[2]), figures[3]) == (held, pool.count, ":" if held else "")


def test_a_report_to_the_letter() -> None:
    world = World(1, START)
    where = server("S1", "lmx", world)
    where.port, where.version, where.up_since = 6200, "5.1", START.timestamp() - 3 * 86_400 - 12 * 3600 - 51
    feature = where.add_feature("Tokens", "MAKER")
    feature.sharing = "CUSTOM VIRTUAL"
    feature.since = datetime(2025, 2, 17, tzinfo=UTC).date()
    pool = where.add_pool(feature, "21.0", UNLIMITED, datetime(2027, 1, 31, tzinfo=UTC).date())
    where.open(pool, Holder("ann", "ws1", ip="10.1.2.3"), START.timestamp() - 3600, 15_000)
    where.add_pool(where.add_feature("Idle", "MAKER"), "1.0", 3)
    assert world.licstat("S1").partition("\n\n")[2] == (
        """++++++++++++++++++++++++++++++++++++++++
LM-X License Server on 6200@s1:

Server version: v5.1 Uptime: 3 day(s) 12 hour(s) 0 min(s) 51 sec(s)
----------------------------------------
Feature: Tokens Version: 21.0 Vendor: MAKER
Start date: 2025-02-17 Expire date: 2027-01-31
Key type: EXCLUSIVE License sharing: CUSTOM VIRTUAL

15000 of 2147483647 license(s) used:

15000 license(s) used by ann@ws1 [10.1.2.3]
Login time: 2026-03-18 09:30   Checkout time: 2026-03-18 09:30
Shared on custom string: ann:ws1
----------------------------------------
Feature: Idle Version: 1.0 Vendor: MAKER
Start date: NONE Expire date: NONE
Key type: EXCLUSIVE License sharing: NONE

0 of 3 license(s) used
"""
    )


@pytest.mark.parametrize(
    "pattern", [BLOCK, USED, USER, re.compile(r"^Server version: v\S+ Uptime: \d+ day\(s\)", re.M)]
)
def test_its_lines_have_the_form_of_recorded_ones(pattern: re.Pattern[str]) -> None:
    recorded = SAMPLES / "omnivector-lm__lmx_output.txt"
    if not recorded.is_file():
        pytest.skip(f"needs {recorded}")
    assert pattern.search(recorded.read_text())
