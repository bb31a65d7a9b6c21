"""A working day: people come, check out what they work with, have lunch, borrow, wait for licenses, and leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from licstats.simulator.licenses import Holder, Request, Session
from licstats.simulator.servers import LicenseServer
from licstats.simulator.world import World

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEKEND_SHARE = 0.08  # of the people come at a weekend
ABSENT_SHARE = 0.12  # on holiday, ill, travelling
FORGOTTEN_SHARE = 0.06  # of the programs are left open in the evening
BORROWED_SHARE = 0.006  # of the programs that can be borrowed are taken along in the evening
QUEUE_SHARE = 0.6  # of those who get no license wait for one
LUNCH_SHARE = 0.3  # of the programs are closed for lunch


@dataclass(frozen=True, slots=True)
class Program:
    """Something that people work with: all its features are checked out together, and returned together."""

    server: LicenseServer
    features: tuple[str, ...]
    daily: float = 0.7  # the chance that somebody who has it works with it on a day
    hours: float = 2.5  # of one spell of work, on average
    counts: tuple[int, ...] = (1,)
    versions: tuple[str, ...] = ()  # that are installed; empty: those of the licenses
    borrows: bool = False


@dataclass(slots=True, eq=False)
class Work:
    """One person's use of one program at present."""

    program: Program
    holder: Holder
    version: str
    sessions: list[Session] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


class Person:
    """Somebody with a workplace, in the time zone of a site."""

    def __init__(self, world: World, zone: ZoneInfo, holders: Sequence[Holder], programs: Sequence[Program]) -> None:
        self.world = world
        self.zone = zone
        self.works = [self._prepare(holders[i % len(holders)], program) for i, program in enumerate(programs)]
        self.leaves = 0.0
        self.early = world.random.gauss(0, 35 * MINUTE)  # some are always early

    def _prepare(self, holder: Holder, program: Program) -> Work:
        if not program.server.prints_pid:
            holder = replace(holder, pid=None)
        version = self.world.random.choice(program.versions) if program.versions else ""
        return Work(program, holder, version)

    def begin(self) -> None:
        """Plan the day of the site's calendar that it is now, and each one after it."""
        midnight = datetime.combine(datetime.fromtimestamp(self.world.now, self.zone).date(), time(), self.zone)
        self._plan(midnight)

    def _plan(self, midnight: datetime) -> None:
        random = self.world.random
        tomorrow = midnight + timedelta(days=1)
        self.world.at(tomorrow.timestamp(), partial(self._plan, tomorrow))
        present = WEEKEND_SHARE if midnight.weekday() >= 5 else 1 - ABSENT_SHARE
        if random.random() >= present:
            return
        come = (midnight + timedelta(hours=8.6)).timestamp() + self.early + random.gauss(0, 15 * MINUTE)
        leave = come + random.gauss(8.9, 0.7) * HOUR
        lunch = (midnight + timedelta(hours=12.3)).timestamp() + random.gauss(0, 20 * MINUTE)
        if leave < self.world.now:
            return
        self.world.at(come, partial(self._come, leave))
        self.world.at(lunch, self._lunch)
        self.world.at(leave, self._leave)

    def _come(self, leave: float) -> None:
        self.leaves = leave
        for work in self.works:
            if work.sessions and work.sessions[0].borrowed_for is None:
                self._stop(work)  # left open the day before
            if not work.sessions and self.world.random.random() < work.program.daily:
                self.world.after(self.world.random.expovariate(1 / (25 * MINUTE)), partial(self._start, work))

    def _start(self, work: Work) -> None:
        if work.sessions or work.requests or self.world.now >= self.leaves - 10 * MINUTE:
            return
        program, random = work.program, self.world.random
        amount = random.choice(program.counts)
        for name in program.features:
            feature = program.server.feature(name)
            if not program.server.serves:
                continue
            session = self.world.checkout(program.server, feature, work.holder, amount, version=work.version)
            if session:
                work.sessions.append(session)
            elif program.server.manager == "flexnet" and random.random() < QUEUE_SHARE:
                granted = partial(self._granted, work)
                work.requests.append(
                    self.world.queue(
                        program.server, feature, work.holder, amount, version=work.version, granted=granted
                    )
                )
        spell = random.lognormvariate(0, 0.6) * program.hours * HOUR
        self.world.after(spell, partial(self._pause, work, list(work.sessions)))

    def _granted(self, work: Work, session: Session) -> None:
        work.requests = [request for request in work.requests if request.handle != session.handle]
        work.sessions.append(session)

    def _pause(self, work: Work, sessions: list[Session]) -> None:
        """A spell of work ends; another follows if the day is long enough. Not if it had ended otherwise before."""
        if sessions and sessions[0] not in work.sessions:
            return
        self._stop(work)
        self.world.after(self.world.random.uniform(10, 70) * MINUTE, partial(self._start, work))

    def _stop(self, work: Work) -> None:
        for session in work.sessions:
            self.world.close(work.program.server, session)
        for request in work.requests:
            work.program.server.leave_queue(request)
        work.sessions, work.requests = [], []

    def _lunch(self) -> None:
        for work in self.works:
            if self.world.random.random() < LUNCH_SHARE and not self._is_away(work):
                self._stop(work)
                self.world.after(self.world.random.uniform(30, 60) * MINUTE, partial(self._start, work))

    def _is_away(self, work: Work) -> bool:
        return any(session.borrowed_for is not None for session in work.sessions)

    def _leave(self) -> None:
        self.leaves = 0.0
        random = self.world.random
        for work in self.works:
            if self._is_away(work):
                continue
            forgotten = random.random() < FORGOTTEN_SHARE
            borrows = work.program.borrows and random.random() < BORROWED_SHARE
            if not forgotten or work.requests:
                self._stop(work)
            if borrows and not work.sessions:
                self.borrow(work, random.randint(2, 14) * DAY)
            for session in work.sessions:
                session.running = False  # nobody is there who would start it again

    def borrow(self, work: Work, seconds: float, ago: float = 0.0) -> None:
        """Take licenses along. They come back by themselves when the time is over."""
        server = work.program.server
        for name in work.program.features:
            at = self.world.now - ago
            session = server.checkout(server.feature(name), work.holder, at, version=work.version, borrowed_for=seconds)
            if session:
                work.sessions.append(session)
        self.world.after(seconds - ago, partial(self._stop, work))

    def leave_open(self, work: Work, ago: float, until: float) -> None:
        """A program that was started days ago, on a computer that nobody sits at, and is noticed in `until` seconds."""
        server = work.program.server
        for name in work.program.features:
            session = server.checkout(server.feature(name), work.holder, self.world.now - ago, version=work.version)
            if session:
                session.running = False
                self.world.after(until, partial(self.world.close, server, session))
