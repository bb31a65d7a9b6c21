"""Closing on simulated license servers, through their own lmutil and lmxendutil: every refusal, and both tools."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from licstats.simulator.client import Simulator
from licstats.simulator.process import running
from sessions_app.closing import tool, work
from sessions_app.closing.ask import CloseSession
from sessions_app.closing.work import close_on
from sessions_app.models import CloseRequest, CloseState, OpenSession
from sessions_app.polling.poll import PollServer
from tests.closing.farm import ended
from tests.factories import LicenseServerFactory

pytestmark = pytest.mark.django_db
PASSWORD = "orchid-17"
REMOVE = "-removeuser -clientuser {user} -clienthost {host} -host {server_host} -port {port}"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("simulator")
    with running(folder, "--fleet", "small", "--lmx-password", PASSWORD) as simulator:
        simulator.do("add_server", name="F1", manager="flexnet", hosts=["f1"], port=27000)
        simulator.do("add_feature", server="F1", feature="Mesh", count=10)
        simulator.do("add_server", name="L1", manager="lmx", hosts=["l1"], port=6200)
        simulator.do("add_feature", server="L1", feature="Mesh", count=10)
        simulator.do("add_feature", server="L1", feature="Solve", count=10)
        yield simulator


@pytest.fixture
def tools(simulator: Simulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator's tools are the installation's, and nothing of an earlier test is left."""
    settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {
        "lmutil": simulator.lmutil,
        "lmxendutil": simulator.lmxendutil,
    }
    settings.LICSTATS_LMX_REMOVE = REMOVE
    settings.LICSTATS_LMX_PASSWORD = PASSWORD
    settings.LICSTATS_CLOSE_PROOF = 1
    monkeypatch.setattr(work, "PROOF_AFTER_FAILURE", timedelta(seconds=0.5))
    for server in ("F1", "L1"):
        simulator.trouble(server)
        for session in simulator.state(server):
            simulator.do("end_session", server=server, handle=session["handle"])
    return simulator


@pytest.fixture
def flexnet(tools: Simulator, db: None) -> LicenseServer:
    server: LicenseServer = LicenseServerFactory(name="F1", address="27000@f1", timeout=timedelta(seconds=10))
    return server


@pytest.fixture
def lmx(tools: Simulator, db: None) -> LicenseServer:
    server: LicenseServer = LicenseServerFactory(
        name="L1", manager="lmx", address="6200@l1", timeout=timedelta(seconds=10)
    )
    tool.check(server.site, MANAGERS["lmx"])
    return server


def close(server: LicenseServer, login: User, user: str = "ann") -> CloseRequest:
    PollServer(server).execute()
    session = OpenSession.objects.select_related("feature", "server").get(user=user)
    request = CloseSession(session, login, "left").execute()
    close_on(server.pk)
    return ended(request)


def removals(simulator: Simulator, server: str) -> list[dict[str, Any]]:
    return [removal for removal in simulator.removals() if removal["server"] == server]


def test_a_flexnet_license_is_back_in_the_pool(tools: Simulator, flexnet: LicenseServer, login: User) -> None:
    tools.add_session("F1", "Mesh", "ann", "ws1", display=":0.0")
    tools.add_session("F1", "Mesh", "bob", "ws2", display=":0.0")
    before = len(removals(tools, "F1"))
    request = close(flexnet, login)
    assert request.state == CloseState.CLOSED
    assert [session["user"] for session in tools.state("F1")] == ["bob"]
    assert len(removals(tools, "F1")) == before + 1
    assert [session.user for session in OpenSession.objects.all()] == ["bob"]
    assert OpenSession.objects.get().feature.used == 1


REFUSALS = {
    "not-administrator": (CloseState.REFUSED, "not a license administrator"),
    "interval": (CloseState.REFUSED, "minimum"),
    "linger": (CloseState.REFUSED, "linger"),
    "reclaim": (CloseState.REFUSED, "-allowLicenseReclaim"),
    "disabled": (CloseState.REFUSED, "-x lmremove"),
    "unsupported": (CloseState.FAILED, "does not support this feature"),
    "no-feature": (CloseState.FAILED, "No such feature"),
    "never": (CloseState.FAILED, "never checked out"),
    "reset": (CloseState.FAILED, "read"),
    "refused": (CloseState.FAILED, "connect"),
    "server-down": (CloseState.FAILED, "down"),
    "daemon-down": (CloseState.FAILED, "daemon"),
    "silent": (CloseState.TIMED_OUT, "without a word"),
    "usage": (CloseState.FAILED, "usage"),
}


@pytest.mark.parametrize(("refusal", "expected"), REFUSALS.items(), ids=list(REFUSALS))
def test_each_refusal_ends_as_it_should_and_leaves_the_session(
    tools: Simulator, flexnet: LicenseServer, login: User, refusal: str, expected: tuple[CloseState, str]
) -> None:
    tools.add_session("F1", "Mesh", "ann", "ws1", display=":0.0")
    tools.trouble("F1", refuse=refusal)
    before = len(removals(tools, "F1"))
    request = close(flexnet, login)
    state, words = expected
    assert request.state == state, request.message
    assert words.lower() in request.message.lower()
    assert len(tools.state("F1")) == 1
    assert OpenSession.objects.filter(user="ann").exists()
    assert len(removals(tools, "F1")) <= before + 1


@pytest.mark.parametrize("refusal", ["reset-after", "hang-after"])
def test_a_removal_whose_answer_is_lost_is_proved_all_the_same(
    tools: Simulator, flexnet: LicenseServer, login: User, refusal: str
) -> None:
    LicenseServer.objects.update(timeout=timedelta(seconds=2))
    tools.add_session("F1", "Mesh", "ann", "ws1", display=":0.0")
    tools.trouble("F1", refuse=refusal)
    flexnet.refresh_from_db()
    assert close(flexnet, login).state == CloseState.CLOSED
    assert tools.state("F1") == []


def test_a_removal_that_hangs_is_killed_and_told(tools: Simulator, flexnet: LicenseServer, login: User) -> None:
    LicenseServer.objects.update(timeout=timedelta(seconds=2))
    flexnet.refresh_from_db()
    tools.add_session("F1", "Mesh", "ann", "ws1", display=":0.0")
    tools.trouble("F1", refuse="hang")
    request = close(flexnet, login)
    assert request.state == CloseState.FAILED
    assert "may or may not have been sent" in request.message
    assert "still there" in request.message


def test_a_borrowed_license_has_no_way_back(tools: Simulator, flexnet: LicenseServer, login: User) -> None:
    tools.add_session("F1", "Mesh", "ann", "ws1", display=":0.0", borrowed_for=86400.0)
    PollServer(flexnet).execute()
    session = OpenSession.objects.select_related("feature", "server").get()
    with pytest.raises(Exception, match="It is borrowed until"):
        CloseSession(session, login).execute()


def test_a_program_that_takes_it_again_is_told(tools: Simulator, flexnet: LicenseServer, login: User) -> None:
    tools.add_session("F1", "Mesh", "ann", "ws1", display=":0.0")
    tools.trouble("F1", again=2.0)
    request = close(flexnet, login)
    assert request.state == CloseState.CLOSED
    tools.do("advance", seconds=60)
    PollServer(flexnet).execute()
    request.refresh_from_db()
    assert request.state == CloseState.TAKEN_AGAIN
    assert [session["user"] for session in tools.state("F1")] == ["ann"]


class TestLmx:
    def test_a_license_is_back_in_the_pool(self, tools: Simulator, lmx: LicenseServer, login: User) -> None:
        tools.add_session("L1", "Mesh", "ann", "ws1", ip="10.0.0.1")
        tools.add_session("L1", "Mesh", "bob", "ws2", ip="10.0.0.2")
        request = close(lmx, login)
        assert request.state == CloseState.CLOSED, request.message
        assert [session["user"] for session in tools.state("L1")] == ["bob"]
        assert PASSWORD not in str(vars(request)) + str(removals(tools, "L1"))

    def test_all_that_the_preview_showed_of_the_user_goes_by_one_command(
        self, tools: Simulator, lmx: LicenseServer, login: User
    ) -> None:
        for feature in ("Mesh", "Solve"):
            tools.add_session("L1", feature, "ann", "ws1", ip="10.0.0.1")
        PollServer(lmx).execute()
        before = len(removals(tools, "L1"))
        sessions = OpenSession.objects.select_related("feature", "server")
        requests = [CloseSession(session, login).execute() for session in sessions]
        close_on(lmx.pk)
        assert {ended(request).state for request in requests} == {CloseState.CLOSED}
        assert tools.state("L1") == []
        assert len(removals(tools, "L1")) == before + 1

    def test_another_license_of_the_user_that_was_not_shown_keeps_it(
        self, tools: Simulator, lmx: LicenseServer, login: User
    ) -> None:
        tools.add_session("L1", "Mesh", "ann", "ws1", ip="10.0.0.1")
        PollServer(lmx).execute()
        session = OpenSession.objects.select_related("feature", "server").get()
        request = CloseSession(session, login).execute()
        tools.add_session("L1", "Solve", "ann", "ws1", ip="10.0.0.1")
        close_on(lmx.pk)
        assert ended(request).state == CloseState.REFUSED
        assert "Something more would go" in request.message
        assert len(tools.state("L1")) == 2

    def test_a_wrong_password_is_told(self, tools: Simulator, lmx: LicenseServer, login: User, settings: Any) -> None:
        settings.LICSTATS_LMX_PASSWORD = "wrong"
        tools.add_session("L1", "Mesh", "ann", "ws1", ip="10.0.0.1")
        request = close(lmx, login)
        assert request.state == CloseState.REFUSED
        assert "LICSTATS_LMX_PASSWORD" in request.message
        assert len(tools.state("L1")) == 1
