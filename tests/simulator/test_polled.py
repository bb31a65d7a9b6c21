"""From the license server to the database: the simulator's tools, asked by real polls, stored, and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings as django
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone as clock
from pytest_django import Settings

from licstats.models import Feature, LicenseServer
from licstats.simulator.__main__ import main
from licstats.simulator.client import Simulator
from licstats.simulator.process import running
from sessions_app.models import ClosedSession, OpenSession
from sessions_app.polling import poll
from sessions_app.polling.cache import Readings
from sessions_app.polling.poll import PollServer

pytestmark = pytest.mark.django_db
SAMPLES = Path(django.BASE_DIR).parent / "shared" / "samples" / "flexnet"


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "readings", Readings())


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with running(tmp_path_factory.mktemp("simulator"), "--fleet", "small") as simulator:
        simulator.do("add_server", name="L1", manager="lmx", hosts=["l1"], port=6200)
        simulator.do("add_feature", server="L1", feature="Mesh", count=10_000, vendor="MESH")
        yield simulator


def use(settings: Settings, folder: Path) -> None:
    """The tools and the fleet of a folder become those of licstats."""
    tools = {"lmutil": str(folder / "bin/lmutil"), "lmxendutil": str(folder / "bin/lmxendutil")}
    settings.LICSTATS_TOOLS = {**settings.LICSTATS_TOOLS, **tools}
    call_command("fleet", "apply", str(folder / "fleet.toml"), stdout=StringIO())


def poll_all() -> dict[str, str]:
    return {server.name: PollServer(server).execute().verdict for server in LicenseServer.objects.all()}


def held(simulator: Simulator, server: str) -> Counter[tuple[Any, ...]]:
    return Counter(
        (s["feature"], s["user"], s["host"], s["used"], datetime.fromisoformat(s["start"]).replace(second=0))
        for s in simulator.state(server)
    )


def stored(server: str) -> Counter[tuple[Any, ...]]:
    fields = ("feature__name", "user", "host", "used", "checked_out_at")
    return Counter(OpenSession.objects.filter(server__name=server).values_list(*fields))


def change(simulator: Simulator, random: Random, server: str, feature: str) -> None:
    """Some go, some come, and some come who are just like others."""
    for session in simulator.state(server):
        if random.random() < 0.3:
            simulator.do("end_session", server=server, handle=session["handle"])
    for _ in range(random.randrange(6)):
        simulator.add_session(
            server,
            feature,
            random.choice(["ann", "bob", "cy.dorn"]),
            random.choice(["ws1", "ws2.example.com"]),
            display=":0.0",
            ip="10.0.0.7",
            used=random.randrange(1, 4),
            start=(clock.now() - timedelta(minutes=random.randrange(20_000))).isoformat(),
        )


@pytest.mark.parametrize("seed", range(3))
def test_what_the_simulator_holds_is_in_the_database_after_each_poll(
    simulator: Simulator, settings: Settings, seed: int
) -> None:
    use(settings, simulator.folder)
    LicenseServer.objects.create(name="L1", manager="lmx", address="6200@l1")
    random, known = Random(seed), Counter[str]()
    for _ in range(4):
        assert set(poll_all().values()) == {"complete"}
        for server in LicenseServer.objects.all():
            assert stored(server.name) == held(simulator, server.name)
            used = server.features.aggregate(used=Sum("used"))["used"]
            assert used == sum(session["used"] for session in simulator.state(server.name))
            known[server.name] += OpenSession.objects.filter(server=server, missed=0).count()
            change(simulator, random, server.name, "Mesh" if server.name == "L1" else "WXPF")
    assert ClosedSession.objects.exists()
    assert all(known.values())


@pytest.mark.parametrize(
    ("trouble", "verdict"),
    [
        ({"down": True}, "failed"),
        ({"down": True, "old_tool": True}, "failed"),
        ({"unreadable": True}, "failed"),
        ({"garbage": True}, "failed"),
        ({"cut": 0.7}, "partial"),
        ({"daemons_down": ["winfloat"]}, "partial"),
    ],
)
def test_trouble_closes_no_session(
    simulator: Simulator, settings: Settings, trouble: dict[str, Any], verdict: str
) -> None:
    use(settings, simulator.folder)
    poll_all()
    before = stored("US")
    simulator.trouble("US", **trouble)
    assert poll_all()["US"] == verdict
    assert stored("US") == before
    assert not ClosedSession.objects.exists()
    simulator.trouble("US")
    assert poll_all()["US"] == "complete"
    assert stored("US") == before == held(simulator, "US")


RECORDED = {  # issued, in use, checkout lines, licenses on them: counted in the files by hand
    "flexlm_exporter__lmstat_app2": (1297, 38, 38, 38),
    "flexlm_exporter__lmstat_app5": (1_560_001, 116, 85, 85),
    "omnivector-lm__flexlm_output_2": (42_800, 1600, 3, 1600),
    "omnivector-lm__flexlm_output_4": (750, 18, 6, 18),
    "omnivector-history__mock-lmstat-502of1000": (1000, 502, 24, 502),
}


def test_recorded_outputs_of_real_license_servers_are_stored_whole(settings: Settings, tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip(f"needs the recorded outputs in {SAMPLES}")
    main(["recorded", str(SAMPLES), "--dir", str(tmp_path)])
    use(settings, tmp_path)
    verdicts = poll_all()
    assert {name for name, verdict in verdicts.items() if verdict == "failed"} == {
        "omnivector-history__mock-lmstat-refused-exit241",
        "omnivector-lm__flexlm_output_bad",
    }
    for name, (issued, in_use, lines, licenses) in RECORDED.items():
        features, sessions = Feature.objects.filter(server__name=name), OpenSession.objects.filter(server__name=name)
        sums = features.aggregate(total=Sum("total"), used=Sum("used"), reserved=Sum("reserved"))
        assert (sums["total"], sums["used"] + sums["reserved"]) == (issued, in_use), name
        assert (sessions.count(), sessions.aggregate(used=Sum("used"))["used"]) == (lines, licenses), name
