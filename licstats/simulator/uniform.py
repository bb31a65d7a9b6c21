"""Fleets of a given size, for tests and benchmarks: a number of license servers with a number of sessions each."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from licstats.simulator.licenses import Feature, Holder, Session
from licstats.simulator.servers import LicenseServer
from licstats.simulator.world import World

PER_FEATURE = 500
HANDED_ON_EVERY = 100.0  # minutes after which, on average, a license has gone to somebody else
DISPLAYS = (":0.0", "/dev/pts/4", "/dev/tty", "localhost:11.0")
ZONES = ("Europe/Warsaw", "America/Detroit", "Asia/Kolkata")
SITES = ("krakow", "detroit", "pune")


def build(seed: int, now: datetime, servers: int, sessions: int, churn: bool = True) -> World:
    """`churn`: in each minute, one session in a hundred ends and another begins."""
    world = World(seed, now)
    for number in range(servers):
        _fill(world, _server(world, number), sessions, churn)
    return world


def small(seed: int, now: datetime) -> World:
    """PL, US and DK, each with WXPF and ten licenses, and with few sessions; nothing happens by itself."""
    world = World(seed, now)
    for place, (name, held) in enumerate((("PL", 3), ("US", 5), ("DK", 2))):
        server = LicenseServer(
            name, "flexnet", (name.lower(),), 27000, ZoneInfo(ZONES[place % 2]), SITES[place % 2], "11.19.6", world.now
        )
        world.add_server(server)
        feature = server.add_feature("WXPF", "winfloat")
        server.add_pool(feature, "5.1", 10, (now + timedelta(days=221)).date())
        for number in range(held):
            _open(world, server, feature, number)
    return world


def _server(world: World, number: int) -> LicenseServer:
    place = number % len(SITES)
    return world.add_server(
        LicenseServer(
            f"uniform-{number + 1:04}",
            "flexnet",
            (f"lic{number + 1:04}",),
            27000,
            ZoneInfo(ZONES[place]),
            SITES[place],
            "11.19.6",
            world.now - 86_400,
        )
    )


def _fill(world: World, server: LicenseServer, sessions: int, churn: bool) -> None:
    expires = (datetime.fromtimestamp(world.now, server.zone) + timedelta(days=200)).date()
    for number in range(sessions):
        if number % PER_FEATURE == 0:
            feature = server.add_feature(f"feature_{number // PER_FEATURE:04}", "uniformd")
            server.add_pool(feature, "2026.06", PER_FEATURE * 2, expires)
        session = _open(world, server, feature, number)
        if churn:
            world.after(world.random.expovariate(1 / (HANDED_ON_EVERY * 60)), partial(_hand_on, world, server, session))


def _open(world: World, server: LicenseServer, feature: Feature, number: int) -> Session:
    random = world.random
    holder = Holder(
        f"user{random.randrange(40_000):05}",
        f"ws{random.randrange(30_000):05}.example.com",
        random.choice(DISPLAYS),
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    )
    start = world.now - random.expovariate(1 / (HANDED_ON_EVERY * 60))
    return server.open(feature.pools[0], holder, start, random.choice((1, 1, 1, 1, 1, 1, 1, 2)))


def _hand_on(world: World, server: LicenseServer, session: Session) -> None:
    """The session ends, somebody else takes the license."""
    world.close(server, session)
    holder = Holder(f"user{world.random.randrange(40_000):05}", session.holder.host, session.holder.display)
    successor = server.open(session.pool, holder, world.now, session.used)
    world.after(world.random.expovariate(1 / (HANDED_ON_EVERY * 60)), partial(_hand_on, world, server, successor))
