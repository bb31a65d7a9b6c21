"""Any sequence of readings leaves in the database what the rules say, computed a second way in plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from licstats.managers.reading import (
    FeatureReading,
    Problem,
    ProblemKind,
    Reading,
    SessionReading,
    Status,
    Verdict,
)
from licstats.models import Feature, LicenseServer
from sessions_app.models import ClosedSession, OpenSession, SessionChange, UsageInterval
from sessions_app.polling.ingest import ingest
from tests.factories import LicenseServerFactory
from tests.polling.readings import NOON, feature, session

pytestmark = pytest.mark.django_db

VENDORS = {"mesher": "acme", "solver": "acme", "viewer": "zeta"}
numbers = count()


@dataclass
class Step:
    """What one query finds: minutes since the last, what is open, and how much of it the output tells."""

    minutes: int
    kind: str
    open: dict[str, list[tuple[str, str, int]]]  # feature: [(user, handle, licenses)]
    short: set[str]  # features that report more in use than they show
    remembered: bool


users = st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "2", ""]), st.integers(1, 2))
steps = st.builds(
    Step,
    st.sampled_from([1, 1, 1, 3, 8]),
    st.sampled_from(["complete"] * 4 + ["failed", "cut", "line", "daemon"]),
    st.dictionaries(st.sampled_from(list(VENDORS)), st.lists(users, max_size=4)),
    st.sets(st.sampled_from(list(VENDORS)), max_size=1),
    st.booleans(),
)


@dataclass
class Open:
    used: int
    first: datetime
    unconfirmed: datetime | None = None
    missed: int = 0


@dataclass
class Model:
    """The rules of storing, without a thought for speed."""

    interval: timedelta
    read_at: datetime | None = None
    open: dict[tuple[str, ...], Open] = field(default_factory=dict)
    closed: Counter[tuple[object, ...]] = field(default_factory=Counter)
    changes: Counter[tuple[object, ...]] = field(default_factory=Counter)
    since: dict[str, tuple[datetime, int] | None] = field(default_factory=dict)
    intervals: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def read(self, reading: Reading) -> None:
        if reading.verdict is Verdict.FAILED:
            for name in self.since:
                self.end(name, self.read_at)
                self.since[name] = None
            return
        self.usage(reading)
        self.sessions(reading)
        self.read_at = reading.at

    def usage(self, reading: Reading) -> None:
        listed = {one.name: one.used for one in reading.features}
        gap = self.read_at is not None and reading.at - self.read_at > 5 * self.interval
        for name in self.since.keys() - listed.keys():
            self.end(name, self.read_at)
            self.since[name] = None
        for name, used in listed.items():
            before = self.since.get(name)
            if before is None or gap or before[1] != used:
                self.end(name, self.read_at if gap else reading.at)
                self.since[name] = (reading.at, used or 0)

    def end(self, name: str, at: datetime | None) -> None:
        before = self.since.get(name)
        if before and at and at >= before[0]:
            self.intervals[name, before[0], max(at, before[0] + timedelta(microseconds=1)), before[1]] += 1

    def sessions(self, reading: Reading) -> None:
        seen = {}
        for one in reading.features:
            places: Counter[tuple[str, str]] = Counter()
            for s in sorted(one.sessions, key=lambda s: s.used):
                seen[one.name, s.user, s.handle, str(places[s.user, s.handle])] = s.used
                places[s.user, s.handle] += 1
        for key, used in seen.items():
            row = self.open.setdefault(key, Open(used, reading.at))
            if row.used != used:
                self.changes[(*key, row.used, reading.at)] += 1
            row.used, row.unconfirmed, row.missed = used, None, 0
        for key in self.open.keys() - seen.keys():
            self.missing(key, reading)

    def missing(self, key: tuple[str, ...], reading: Reading) -> None:
        row = self.open[key]
        meaning = self.meaning(key[0], reading)
        last = row.unconfirmed or self.read_at
        if meaning == "ended" or (meaning == "counted" and row.missed == 2):
            self.closed[(*key, row.used, row.first, last, reading.at)] += 1
            del self.open[key]
        else:
            row.unconfirmed, row.missed = last, row.missed + 1 if meaning == "counted" else 0

    def meaning(self, name: str, reading: Reading) -> str:
        listed = [one for one in reading.features if one.name == name]
        adds_up = all(one.adds_up for one in listed)
        if reading.verdict is Verdict.COMPLETE:
            return "ended" if listed and adds_up else "counted"
        (problem,) = reading.problems
        if problem.kind is ProblemKind.CUT or problem.vendor == VENDORS[name] or problem.feature == name:
            return "hidden"
        if not listed:
            return "counted" if problem.kind is ProblemKind.DAEMON else "hidden"
        return "counted" if adds_up else "hidden"


def made(step: Step, at: datetime, before: Reading | None) -> Reading:
    """The reading of a step. As readers do, it holds the very objects of the one before where nothing changed."""
    if step.kind == "failed":
        return Reading(Status.DOWN, Verdict.FAILED, at, problems=(Problem(ProblemKind.TOOL, "time-out"),))
    problem = {
        "cut": Problem(ProblemKind.CUT, "cut"),
        "line": Problem(ProblemKind.LINE, "odd", feature="solver"),
        "daemon": Problem(ProblemKind.DAEMON, "down", vendor="acme"),
    }.get(step.kind)
    old = {one.name: one for one in before.features} if before else {}
    features = tuple(
        with_old_objects(name, held, name in step.short, old.get(name)) for name, held in step.open.items()
    )
    verdict = Verdict.PARTIAL if problem else Verdict.COMPLETE
    return Reading(Status.UP, verdict, at, features=features, problems=(problem,) if problem else ())


def with_old_objects(
    name: str, held: list[tuple[str, str, int]], short: bool, old: FeatureReading | None
) -> FeatureReading:
    known: dict[SessionReading, SessionReading] = {one: one for one in old.sessions} if old else {}
    sessions = [session(user, handle, used=used) for user, handle, used in held]
    shown = sum(one.used for one in sessions)
    new = feature(
        name,
        *(known.get(one, one) for one in sessions),
        vendor=VENDORS[name],
        used=shown + short,
        adds_up=not short,
    )
    return old if old == new and old is not None else new


@given(st.lists(steps, min_size=1, max_size=9))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_holds_what_the_rules_say(sequence: list[Step]) -> None:
    server = LicenseServerFactory(name=f"server-{next(numbers)}", read_at=None, status="", verdict="")
    model, at, last = Model(server.interval), NOON, None
    for step in sequence:
        at += timedelta(minutes=step.minutes)
        reading = made(step, at, last)
        ingest(server, reading, last if step.remembered else None)
        model.read(reading)
        last = reading if reading.verdict is not Verdict.FAILED else last
        assert stored_open(server) == {
            (*key, row.used, row.first, row.unconfirmed, row.missed) for key, row in model.open.items()
        }
    assert stored_closed(server) == model.closed
    assert stored_changes(server) == model.changes
    assert stored_intervals(server) == model.intervals
    since = Feature.objects.filter(server=server).values_list("name", "since")
    assert dict(since) == {name: stands and stands[0] for name, stands in model.since.items()}


def stored_open(server: LicenseServer) -> set[tuple[object, ...]]:
    rows = OpenSession.objects.filter(server=server).values_list(
        "feature__name", "user", "handle", "place", "used", "first_seen_at", "last_seen_at", "missed"
    )
    found = [(name, user, handle, str(place), *rest) for name, user, handle, place, *rest in rows]
    assert len(set(found)) == len(found)
    return set(found)


def stored_closed(server: LicenseServer) -> Counter[tuple[object, ...]]:
    rows = ClosedSession.objects.filter(server=server).values_list(
        "feature__name", "user", "handle", "place", "used", "first_seen_at", "last_seen_at", "closed_at"
    )
    return Counter((name, user, handle, str(place), *rest) for name, user, handle, place, *rest in rows)


def stored_changes(server: LicenseServer) -> Counter[tuple[object, ...]]:
    fields = ("feature__name", "user", "handle", "place")
    keys = {pk: rest for pk, *rest in OpenSession.objects.filter(server=server).values_list("id", *fields)}
    keys |= {pk: rest for pk, *rest in ClosedSession.objects.filter(server=server).values_list("id", *fields)}
    changes = SessionChange.objects.filter(session_id__in=keys)
    return Counter((*map(str, keys[one.session_id]), one.used, one.until) for one in changes)


def stored_intervals(server: LicenseServer) -> Counter[tuple[object, ...]]:
    rows = UsageInterval.objects.filter(feature__server=server)
    return Counter(rows.values_list("feature__name", "started_at", "ended_at", "used"))
