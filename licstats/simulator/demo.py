"""The demo's company: twelve license servers, three continents, and at least 3,000 sessions at any hour."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from licstats.simulator import catalog
from licstats.simulator.farm import Farm
from licstats.simulator.licenses import Holder
from licstats.simulator.names import logins
from licstats.simulator.people import DAY, HOUR, MINUTE, Person, Program
from licstats.simulator.servers import LicenseServer
from licstats.simulator.troubles import Trouble
from licstats.simulator.world import World

WARM_UP = timedelta(days=4)  # so that even on a Monday there is what was left open on Friday
BATCH_WARM_UP = 8 * HOUR  # batch work has no memory
OLD_WORK = 55  # people of each site with something from days ago
QUIET_START = 20 * MINUTE  # before the first of the demo's own troubles
GROUPS = catalog.GROUPS


def build(seed: int, now: datetime, calm: bool = False) -> World:
    """The company as it is at `now`, in the middle of whatever hour it is. `calm`: no license server is in trouble.

    It begins at a midnight, so that whoever starts it twice on a day (in UTC) finds the same sessions again.
    """
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    world = World(seed, midnight - WARM_UP)
    for row in catalog.SERVERS:
        world.add_server(_server(world, row, midnight))
    sites = (_Krakow(world), _Detroit(world), _Pune(world))
    for site in sites:
        site.move_in()
    for site in sites:
        site.begin(midnight.timestamp() - BATCH_WARM_UP)
    world.advance(now.timestamp())
    if not calm:
        Weather(world, seed).begin()
    return world


def _server(world: World, row: catalog.ServerOffer, now: datetime) -> LicenseServer:
    server = LicenseServer(
        row.name,
        cast(Literal["flexnet", "lmx"], row.manager),
        row.hosts,
        row.port,
        ZoneInfo(row.zone),
        row.site,
        row.version,
        now.timestamp() - row.up_days * DAY,
        row.interval,
        prints_pid=row.prints_pid,
    )
    for vendor, offers in row.vendors.items():
        for each in offers:
            _offer(server, vendor, each, now)
    return server


def _offer(server: LicenseServer, vendor: str, each: catalog.Offer, now: datetime) -> None:
    feature = server.add_feature(each.name, vendor)
    feature.sharing = each.sharing
    feature.since = (now - timedelta(days=200)).date() if each.pools[0][2] is not None else None
    for version, count, days in each.pools:
        expires = None if days is None else (now + timedelta(days=days)).date()
        server.add_pool(feature, version, count, expires, each.kind, each.note)
    for kind, name, count in each.reserved:
        server.reserve(feature.pools[0], kind, name, count)
    for pool in feature.pools:
        if pool.ends < now.timestamp():  # expired, and still held by programs that began before
            for number in range(2):
                holder = Holder(f"press{number + 1}", f"{server.hosts[0][:3]}-line{number + 1}", ":0.0")
                server.open(pool, holder, pool.ends - (number + 2) * DAY)


class Site(ABC):
    """People with their workplaces, and compute nodes, of one place."""

    code = ""
    zone = ZoneInfo("UTC")
    style = "plain"
    people = 0
    network = 0

    def __init__(self, world: World) -> None:
        self.world = world
        self.logins = logins(world.random, self.people, self.style)
        self.staff: list[Person] = []
        self.nodes = [
            Holder("", f"{self.code}-cn{number:04}", ip=self.address(50 + number // 200, number % 200 + 10))
            for number in range(400)
        ]

    def address(self, third: int, fourth: int) -> str:
        return f"10.{self.network}.{third}.{fourth}"

    def server(self, name: str) -> LicenseServer:
        return self.world.servers[name]

    def workplace(self, number: int, login: str) -> list[Holder]:
        """One computer each, some two: with the display of a remote desktop, of a terminal, or the host's own name."""
        random = self.world.random
        groups = ("chassis", "durability", "tapeout", "lab")[number % 40 : number % 40 + 1]
        hosts = [f"{self.code}-ws{1000 + number}", f"{self.code}-lx{number % 37:02}"]
        holders = []
        for place, host in enumerate(hosts[: 1 + (random.random() < 0.2)]):
            displays = (host, host, host, ":0.0", f"localhost:{random.randrange(10, 60)}.0", f"/dev/pts/{number % 90}")
            ip = self.address(10 + place * 20 + number // 200, number % 200 + 20)
            pid = random.randrange(1000, 60_000)
            holders.append(Holder(login, host, random.choice(displays), ip, groups, pid))
        return holders

    def move_in(self) -> None:
        """Everybody gets a workplace and programs, the same on every day."""
        programs = self.programs()
        for number, login in enumerate(self.logins):
            has = [program for share, program in programs if self.world.random.random() < share]
            self.staff.append(Person(self.world, self.zone, self.workplace(number, login), has))

    def begin(self, batch_from: float) -> None:
        """People begin their days and batch work begins; some of it all is days old."""
        for person in self.staff:
            person.begin()
        for farm in self.farms():
            self.world.at(batch_from, farm.begin)
        for person in self.staff[:: max(1, self.people // OLD_WORK)]:
            self._have_history(person)

    def _have_history(self, person: Person) -> None:
        random = self.world.random
        for work in person.works[:2]:
            if work.program.borrows:
                person.borrow(work, random.randint(8, 21) * DAY, ago=random.uniform(1, 6) * DAY)
            else:
                person.leave_open(work, random.lognormvariate(1.0, 1.0) * DAY, random.uniform(4, 25) * DAY)

    def farm(self, server: str, features: Sequence[str], jobs: int, **more: Any) -> Farm:
        users = self.logins[5::9]
        where = self.server(server)
        return Farm(self.world, where, self.zone, features, jobs, users, self.nodes, **more)

    @abstractmethod
    def programs(self) -> list[tuple[float, Program]]:
        """What is worked with, each with the share of the people who have it."""

    @abstractmethod
    def farms(self) -> list[Farm]: ...

    def cad(self, name: str) -> list[tuple[float, Program]]:
        server, versions = self.server(name), ("12.0", "12.0", "11.0")
        return [
            (0.34, Program(server, ("FORMA_DESIGN",), 0.85, 5, versions=versions, borrows=True)),
            (0.22, Program(server, ("FORMA_DESIGN", "FORMA_ASSEMBLY"), 0.8, 4)),
            (0.20, Program(server, ("FORMA_DRAFT",), 0.6, 2)),
            (0.10, Program(server, ("FORMA_SUITE", "FORMA_SUITE_NC"), 0.7, 3, borrows=True)),
            (0.06, Program(server, ("FORMA_ROUTE",), 0.6, 2)),
            (0.05, Program(server, ("FORMA_SURFACE",), 0.6, 3)),
            (0.15, Program(server, ("FORMA_VIEW",), 0.5, 1)),
            (0.03, Program(server, ("FORMA_MOLD",), 0.6, 3)),
            (0.04, Program(server, ("FORMA_STEP",), 0.5, 0.2)),
            (0.04, Program(server, ("FORMA_RENDER",), 0.5, 1)),
        ]

    def sim(self, name: str) -> list[tuple[float, Program]]:
        server = self.server(name)
        return [
            (0.22, Program(server, ("STRUX_PRE",), 0.7, 2.5)),
            (0.26, Program(server, ("STRUX_POST",), 0.6, 1.5)),
            (0.05, Program(server, ("STRUX_FATIGUE",), 0.5, 2)),
            (0.05, Program(server, ("STRUX_CFD", "STRUX_HPC"), 0.5, 2, counts=(4, 8, 8, 16))),
        ]

    def mesh(self, name: str) -> list[tuple[float, Program]]:
        server = self.server(name)
        return [
            (0.16, Program(server, ("MeshwayPre", "MeshwayTokens"), 0.7, 3, counts=(15, 21, 25))),
            (0.18, Program(server, ("MeshwayView",), 0.5, 1, borrows=True)),
        ]

    def xf(self, name: str) -> list[tuple[float, Program]]:
        server = self.server(name)
        return [
            (0.03, Program(server, ("WXPF",), 0.8, 3)),
            (0.05, Program(server, ("WXPS",), 0.5, 2)),
            (0.07, Program(server, ("WXRD",), 0.5, 1)),
        ]


class _Krakow(Site):
    code, style, people, network = "krk", "plain", 420, 21
    zone = ZoneInfo("Europe/Warsaw")

    def programs(self) -> list[tuple[float, Program]]:
        return [*self.cad("krk-cad"), *self.sim("krk-sim"), *self.mesh("krk-mesh"), *self.xf("PL"), *self.xf("DK")]

    def farms(self) -> list[Farm]:
        return [
            self.farm("krk-sim", ["STRUX_SOLVE"], 700, hours=6.0),
            self.farm("krk-sim", ["STRUX_HPC"], 160, hours=5.0, counts=(8, 16, 16, 32, 64)),
            self.farm("krk-mesh", ["MeshwaySolve"], 170, hours=3.5),
            self.farm("PL", ["WXPF"], 4, hours=9.0, day_share=1.0),
            self.farm("DK", ["WXPF"], 3, hours=9.0, day_share=1.0),
        ]


class _Detroit(Site):
    code, style, people, network = "dtw", "dot", 560, 33
    zone = ZoneInfo("America/Detroit")

    def programs(self) -> list[tuple[float, Program]]:
        plot = Program(self.server("dtw-cad"), ("PLOTWORX",), 0.4, 0.5)
        return [*self.cad("dtw-cad"), *self.sim("dtw-sim"), *self.mesh("dtw-mesh"), *self.xf("US"), (0.08, plot)]

    def farms(self) -> list[Farm]:
        return [
            self.farm("dtw-sim", ["STRUX_SOLVE"], 820, hours=5.0),
            self.farm("dtw-sim", ["STRUX_HPC", "STRUX_HPC", "STRUX_EXPLICIT"], 180, hours=6.0, counts=(2, 8, 16, 32)),
            self.farm("dtw-mesh", ["MeshwaySolve"], 190, hours=4.5),
            self.farm("US", ["WXPF"], 5, hours=9.0, day_share=1.0),
        ]


class _Pune(Site):
    code, style, people, network = "pnq", "number", 700, 47
    zone = ZoneInfo("Asia/Kolkata")

    def programs(self) -> list[tuple[float, Program]]:
        eda, math = self.server("pnq-eda"), self.server("pnq-math")
        words, kits = catalog.SILIQA_WORDS.split(), [f"{word}_Kit" for word in catalog.CALCADE_WORDS.split()]
        layout = [(0.05, Program(eda, (word,), 0.5, 2)) for word in words[:16]]
        return [
            *layout,
            (0.30, Program(eda, ("SQ_Wave",), 0.7, 2)),
            (0.42, Program(math, ("CALCADE",), 0.8, 3, versions=("53", "52", "50", "48"))),
            (0.18, Program(math, ("CALCADE", "CALCADE_BLOCKS"), 0.7, 3, versions=("53", "52"))),
            *((0.03, Program(math, ("CALCADE", kit), 0.5, 1.5, versions=("53",))) for kit in kits[:18]),
            (0.01, Program(math, ("CALCADE_Teach",), 0.5, 1.5)),
            (0.05, Program(math, ("CALCADE_Runtime",), 0.5, 1)),
            *self.mesh("pnq-mesh"),
        ]

    def farms(self) -> list[Farm]:
        return [
            self.farm("pnq-eda", ["SQ_Sim"], 620, hours=3.0),
            self.farm("pnq-eda", ["SQ_Regress"], 480, hours=1.5),
            self.farm("pnq-eda", ["SQ_DRC", "SQ_LVS", "SQ_Char", "SQ_Extract"], 60, hours=3.0, counts=(1, 1, 2, 4)),
            self.farm("pnq-math", ["CALCADE"], 40, hours=5.0, day_share=0.5),
            self.farm("pnq-mesh", ["MeshwaySolve"], 150, hours=3.0),
        ]


@dataclass(frozen=True, slots=True)
class Spell:
    """A trouble that comes and goes: a field of `Trouble`, its value meanwhile, and minutes from to."""

    server: str
    field: str
    value: Any
    lasts: tuple[float, float]
    pause: tuple[float, float]


SPELLS = (
    Spell("krk-mesh", "down", True, (4, 9), (60, 180)),
    Spell("pnq-math", "cut", 0.6, (3, 4), (60, 120)),
    Spell("dtw-cad", "daemons_down", {"plotworx"}, (5, 15), (90, 240)),
)


class Weather:
    """The demo's own troubles: a slow license server, a triad without its third host, and spells of others."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)  # its own: trouble changes nothing of what people do

    def begin(self) -> None:
        servers = self.world.servers
        servers["dtw-cad"].trouble.nodes_down = {"dtw-lic3"}
        servers["pnq-mesh"].trouble.slow = 2.5
        for place, spell in enumerate(SPELLS, 1):
            self.world.after(place * QUIET_START, partial(self._comes, spell))

    def _comes(self, spell: Spell) -> None:
        setattr(self.world.servers[spell.server].trouble, spell.field, spell.value)
        self.world.after(self.random.uniform(*spell.lasts) * MINUTE, partial(self._goes, spell))

    def _goes(self, spell: Spell) -> None:
        setattr(self.world.servers[spell.server].trouble, spell.field, getattr(Trouble(), spell.field))
        self.world.after(self.random.uniform(*spell.pause) * MINUTE, partial(self._comes, spell))
