"""Random worlds, and figures counted out of what the tools print by nothing but plain patterns."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from licstats.simulator.licenses import UNLIMITED, Holder, Kind
from licstats.simulator.servers import LicenseServer
from licstats.simulator.world import World

START = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
WARSAW = ZoneInfo("Europe/Warsaw")

words = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=1, max_size=12).filter(
    lambda word: not word.startswith("-")
)
displays = st.sampled_from([":0.0", ":1", "/dev/pts/3", "/dev/tty", "localhost:11.0"])


def server(name: str = "S1", manager: str = "flexnet", world: World | None = None) -> LicenseServer:
    """A license server in a world, with nothing to serve yet."""
    made = LicenseServer(
        name, "lmx" if manager == "lmx" else "flexnet", (name.lower(),), 27000, WARSAW, "krakow", "11.19.6", 0.0
    )
    (world or World(1, START)).add_server(made)
    return made


@st.composite
def worlds(draw: st.DrawFn, manager: str = "flexnet") -> World:
    """One license server S1 with up to six features; some held, reserved, queued for, borrowed, expired."""
    world = World(draw(st.integers(0, 999)), START)
    where = server("S1", manager, world)
    for name in draw(st.lists(words, min_size=1, max_size=6, unique=True)):
        _fill(draw, world, where, name)
    return world


def _fill(draw: st.DrawFn, world: World, where: LicenseServer, name: str) -> None:
    lmx = where.manager == "lmx"
    feature = where.add_feature(name, draw(st.sampled_from(["alphad", "betad"])))
    kind = Kind.FLOATING if lmx else draw(st.sampled_from(Kind))
    versions = draw(st.lists(st.sampled_from(["1.0", "2024.06", "53", "11.2"]), min_size=1, max_size=3, unique=True))
    for version in versions[: 1 if kind is Kind.UNCOUNTED else 3]:
        expires = draw(st.none() | st.dates(date(2026, 4, 1), date(2031, 12, 31)))
        count = draw(st.integers(1, 60) | st.just(UNLIMITED)) if lmx else draw(st.integers(1, 60))
        where.add_pool(feature, version, None if kind is Kind.UNCOUNTED else count, expires, kind)
    if not lmx and kind is not Kind.UNCOUNTED:
        for group in draw(st.lists(words, max_size=2, unique=True)):
            where.reserve(feature.pools[0], "GROUP", group, draw(st.integers(1, 3)))
    for holder in draw(st.lists(holders(), max_size=12)):
        world.now = START.timestamp() - draw(st.integers(0, 200 * 86_400))
        _ask(draw, world, where, holder)
    world.now = START.timestamp()


def _ask(draw: st.DrawFn, world: World, where: LicenseServer, holder: Holder) -> None:
    feature, count = where.features[-1], draw(st.integers(1, 9))
    borrowed = draw(st.sampled_from([None, None, None, 365.0 * 86_400]))
    if not world.checkout(where, feature, holder, count, borrowed_for=borrowed) and where.manager == "flexnet":
        world.queue(where, feature, holder, count)


def holders() -> st.SearchStrategy[Holder]:
    return st.builds(Holder, words, words, displays, st.just("10.1.2.3"))


USERS_OF = re.compile(r"^Users of (.+):  \((.*)\)$", re.MULTILINE)
TOTALS = re.compile(r"Total of (\d+) licenses? issued;  Total of (\d+) licenses? in use")
CHECKOUT = re.compile(r"^    (.+) \(v(\S+)\) \((\S+)/(\d+) (\d+)\), start (.*)$", re.MULTILINE)
RESERVED = re.compile(r"^ +(\d+) RESERVATIONs? for ", re.MULTILINE)
QUEUED = re.compile(r"queued for (\d+) license", re.MULTILINE)
COUNT = re.compile(r", (\d+) licenses")


def licenses_on(rest_of_line: str) -> int:
    found = COUNT.search(rest_of_line)
    return int(found[1]) if found else 1


def features_of(text: str) -> dict[str, str]:
    """What stands under each heading, by the feature's name."""
    parts = USERS_OF.split(text)
    return {parts[place]: parts[place + 1] + parts[place + 2] for place in range(1, len(parts), 3)}


def printed(text: str) -> Counter[tuple[str, str, str, int, int]]:
    """(feature, identity, version, handle, licenses) of every checkout line."""
    return Counter(
        (feature, who, version, int(handle), licenses_on(rest))
        for feature, part in features_of(text).items()
        for who, version, _, _, handle, rest in CHECKOUT.findall(part)
    )


def days(count: float) -> timedelta:
    return timedelta(days=count)
