"""However an output is cut or damaged: no exception, and never a session closed by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.reading import Reading
from licstats.models import LicenseServer
from licstats.simulator.licenses import Holder
from licstats.simulator.world import World
from sessions_app.models import ClosedSession, OpenSession
from sessions_app.polling.ingest import ingest
from tests.factories import LicenseServerFactory
from tests.polling.reports import lmstat
from tests.simulator.worlds import START, server

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
FEATURES = {
    "solver": (10, ["ada 101", "bob 102", "carl 103"]),
    "mesher": (5, ["ada 201", "dora 202"]),
    "viewer": (5, []),
    "writer": (1, ["emil 301"]),
}
FLEXNET = lmstat(AT.replace(tzinfo=None), FEATURES)
numbers = count()


def licstat() -> str:
    world = World(1, START)
    lmx = server("L1", "lmx", world)
    for name in ("MESH", "SOLVE"):
        feature = lmx.add_feature(name, "ACME")
        lmx.add_pool(feature, "1.0", 10, None)
        for user in ("ada", "bob"):
            world.checkout(lmx, feature, Holder(user, f"ws-{user}"))
    return world.licstat("L1")


REPORTS = {"flexnet": (FLEXNET, AT, 6), "lmx": (licstat(), START, 4)}


class Case:
    """A license server whose whole report was stored, with or without a memo of it."""

    def __init__(self, manager: str, *, remembers: bool) -> None:
        self.text, self.at, sessions = REPORTS[manager]
        self.server: LicenseServer = LicenseServerFactory(
            name=f"damaged-{next(numbers)}", manager=manager, read_at=None, status="", verdict=""
        )
        self.memo = Memo() if remembers else None
        self.last: Reading | None = None
        self.tells(self.text)
        self.before = self.open()
        assert len(self.before) == sessions

    def tells(self, text: str) -> None:
        outputs = {STATUS: Output(text, at=self.at)}
        reading = self.server.license_manager.read(outputs, self.at, self.server.zone, self.memo)
        ingest(self.server, reading, self.last)
        self.last = reading if self.memo and reading.verdict != "failed" else self.last
        self.at += timedelta(seconds=60)

    def open(self) -> dict[int, tuple[str, str]]:
        rows = OpenSession.objects.filter(server=self.server).values_list("id", "user", "handle")
        return {pk: (user, handle) for pk, user, handle in rows}

    def survives(self, damaged: str) -> None:
        self.tells(damaged)
        assert not ClosedSession.objects.filter(server=self.server).exists()
        assert self.before.items() <= self.open().items()
        self.tells(self.text)
        assert self.open() == self.before


managers = st.sampled_from(list(REPORTS))
quietly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(managers, st.booleans(), st.floats(0, 1, exclude_max=True))
@quietly
def test_no_prefix_closes_a_session(manager: str, remembers: bool, share: float) -> None:
    case = Case(manager, remembers=remembers)
    case.survives(case.text.rstrip()[: int(len(case.text.rstrip()) * share)])


@given(managers, st.booleans(), st.floats(0, 1, exclude_max=True), st.text("xyz?#%() \t", max_size=30))
@quietly
def test_no_damaged_line_closes_a_session(manager: str, remembers: bool, share: float, damage: str) -> None:
    case = Case(manager, remembers=remembers)
    lines = case.text.split("\n")
    lines[int(len(lines) * share)] = damage
    case.survives("\n".join(lines))


@given(managers, st.binary(max_size=200))
@quietly
def test_no_other_bytes_close_a_session(manager: str, data: bytes) -> None:
    Case(manager, remembers=True).survives(data.decode("latin-1").replace("\0", ""))
