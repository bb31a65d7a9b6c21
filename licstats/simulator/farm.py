"""Batch work: jobs that run day and night on compute nodes, more of them when the people have gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from licstats.simulator.licenses import Holder, Session
from licstats.simulator.servers import LicenseServer
from licstats.simulator.world import World

MINUTE, HOUR = 60.0, 3600.0
LOOK_EVERY = 5 * MINUTE
DISPLAYS = ("/dev/tty", "/dev/tty", "/dev/tty", "/dev/pts/0", None)


@dataclass(slots=True, eq=False)
class Farm:
    """Keeps about `jobs` jobs running at night and `day_share` of them by day, each with licenses of one feature."""

    world: World
    server: LicenseServer
    zone: ZoneInfo
    features: Sequence[str]
    jobs: int
    users: Sequence[str]
    nodes: Sequence[Holder]  # of which only host and address are taken
    day_share: float = 0.6
    hours: float = 3.0
    counts: Sequence[int] = (1,)
    running: int = 0

    def begin(self) -> None:
        """Jobs of every age are there at once."""
        for _ in range(int(self.wanted())):
            self._launch(self.world.random.expovariate(1 / (self.hours * HOUR)))
        self._look()

    def wanted(self) -> float:
        """How many jobs are to run now, by the clock of the site."""
        at = datetime.fromtimestamp(self.world.now, self.zone)
        if at.weekday() >= 5:
            return self.jobs * 0.97
        hour = at.hour + at.minute / 60
        evening, morning = min(max((hour - 17) / 3, 0), 1), min(max((9 - hour) / 3, 0), 1)
        return self.jobs * (self.day_share + (1 - self.day_share) * max(evening, morning))

    def _look(self) -> None:
        missing = int(self.wanted()) - self.running
        for _ in range(missing):
            if not self._launch():
                break
        self.world.after(LOOK_EVERY, self._look)

    def _launch(self, ago: float = 0.0) -> bool:
        if not self.server.serves:
            return False
        pick = self.world.pick
        node, user = pick(self.nodes), pick(self.users)
        holder = Holder(user, node.host, pick(DISPLAYS), node.ip, pid=self._pid())
        feature = self.server.feature(pick(self.features))
        session = self.server.checkout(feature, holder, self.world.now - ago, pick(self.counts))
        if session is None:
            return False
        self.running += 1
        duration = min(self.world.random.expovariate(1 / (self.hours * HOUR)), 40 * HOUR)
        self.world.after(duration + MINUTE, partial(self._end, session))
        return True

    def _pid(self) -> int | None:
        return self.world.random.randrange(1000, 4_000_000) if self.server.prints_pid else None

    def _end(self, session: Session) -> None:
        self.running -= 1
        self.world.close(self.server, session)
