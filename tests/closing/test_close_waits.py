"""How long a close may wait in each state, who is told of it again, and what the tools' own text must say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import timezone as clock

from licstats.managers.base import Answer, Output
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from sessions_app.closing import remove, sweep, tool
from sessions_app.closing.remove import Removal
from sessions_app.locks import Lock
from sessions_app.models import CloseRequest, CloseState
from tests.closing.making import close_request
from tests.factories import LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
LMX = MANAGERS["lmx"]
LATE = timedelta(seconds=3)


def asked(state: CloseState, ago: timedelta, sent_ago: timedelta | None = None) -> CloseRequest:
    session = OpenSessionFactory(feature__server__timeout=timedelta(seconds=20))
    then = clock.now() - ago
    fields: dict[str, Any] = {"requested_at": then, "moved_at": then}
    if state in (CloseState.REMOVING, CloseState.VERIFYING):
        fields["sent_at"] = clock.now() - (sent_ago or ago)
    return close_request(session, state, **fields)


def state_after_a_sweep(request: CloseRequest) -> str:
    sweep.sweep()
    request.refresh_from_db()
    return request.state


@pytest.mark.parametrize("state", ["requested", "checking", "removing", "verifying"])
def test_what_has_begun_is_given_the_time_of_its_tools_besides(sent: list[str], state: str) -> None:
    tools = timedelta() if state == "requested" else timedelta(seconds=4 * 20)
    patience = timedelta(seconds=configured.LICSTATS_CLOSE_WAIT) + tools
    assert state_after_a_sweep(asked(CloseState(state), patience - LATE)) == state
    assert state_after_a_sweep(asked(CloseState(state), patience + LATE)) == CloseState.TIMED_OUT


def test_what_waited_long_and_was_sent_just_now_is_waited_for(sent: list[str]) -> None:
    request = asked(CloseState.VERIFYING, timedelta(hours=1), sent_ago=timedelta(seconds=5))
    assert state_after_a_sweep(request) == CloseState.VERIFYING


def test_where_nobody_takes_it_the_queue_that_has_no_worker_is_named(sent: list[str]) -> None:
    request = asked(CloseState.REQUESTED, timedelta(hours=1))
    LicenseServer.objects.update(site="krakow")
    state_after_a_sweep(request)
    assert "for the queue closing.krakow, then ask again" in request.message


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CloseState.REQUESTED, "Nothing was removed."),
        (CloseState.CHECKING, "Nothing was removed."),
        (CloseState.REMOVING, "A removal may have been sent."),
        (CloseState.VERIFYING, "A removal may have been sent."),
    ],
)
def test_of_a_deleted_license_server_it_is_said_whether_a_removal_may_have_been_sent(
    sent: list[str], state: CloseState, words: str
) -> None:
    request = asked(state, timedelta())
    LicenseServer.objects.all().delete()
    assert state_after_a_sweep(request) == CloseState.FAILED
    assert request.message.endswith(words)


def test_a_server_that_somebody_works_on_is_not_told_again(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    busy, idle = (asked(CloseState.REQUESTED, timedelta(seconds=9)) for _ in range(2))
    monkeypatch.setattr(Lock, "held_servers", lambda _: {busy.server_id})
    sweep.sweep()
    assert sent == [idle.server_name]


def test_a_lock_that_went_with_its_connection_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LicenseServerFactory()
    with Lock.CLOSING.of(server.pk) as held:
        assert held
        with Lock.CLOSING.of(server.pk + 1):
            assert Lock.CLOSING.held_servers() == {server.pk, server.pk + 1}
    assert Lock.CLOSING.held_servers() == set()


class TestTool:
    REMOVE = "-removeuser -clientuser {user} -clienthost {host}"

    @pytest.fixture(autouse=True)
    def configured(self, settings: Any) -> None:
        settings.LICSTATS_LMX_REMOVE = self.REMOVE

    def told(self, monkeypatch: pytest.MonkeyPatch, output: Output) -> str:
        monkeypatch.setattr(tool.command, "run", lambda *args: output)
        found = tool.check("main", LMX)
        assert found.works is output.text.startswith("Usage")
        return found.message

    def test_a_tool_that_hangs_is_not_said_to_lack_the_switch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        words = self.told(monkeypatch, Output("-removeuser", None, "time-out after 15 s"))
        assert "could not be asked for its usage: time-out after 15 s" in words

    def test_rubbish_names_no_switch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        words = self.told(monkeypatch, Output("\x00\x1b[2J" + "x" * 9_999, 0))
        assert "does not name all of -removeuser, -clientuser, -clienthost: correct LICSTATS_LMX_REMOVE" in words

    def test_what_is_missing_of_whom_it_takes_is_named(self, settings: Any) -> None:
        settings.LICSTATS_LMX_REMOVE = "-removeuser"
        assert "has no {user} and no {host}: it would take back more" in tool.check("main", LMX).message

    def test_a_finding_is_about_one_site_and_one_program(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        usage = "Usage: -removeuser -clientuser U -clienthost H"
        self.told(monkeypatch, Output(usage, 0))
        here, there = "main", "krakow"
        assert tool.obstacle(here, "lmx") == ""
        assert "at site 'krakow'" in tool.obstacle(there, "lmx")
        settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {"lmxendutil": "/another/lmxendutil"}
        assert "not known yet" in tool.obstacle(here, "lmx")


class TestAnswer:
    """What the tool printed, as it is kept."""

    @pytest.fixture(autouse=True)
    def password(self, settings: Any) -> None:
        settings.LICSTATS_LMX_PASSWORD = "swordfish-17"

    def answered(self, output: Output) -> tuple[CloseState, dict[str, Any]]:
        request = asked(CloseState.REMOVING, timedelta())
        (step,) = Removal(request.server, [request], ["lmutil"]).answered(output)
        return step.state, {**step.fields, "message": step.message}

    @pytest.mark.parametrize(
        "failure", ["not found: /x/lmutil; set it", "no permission to run /x", "cannot be started"]
    )
    def test_a_tool_that_was_never_started_has_removed_nothing(self, failure: str) -> None:
        state, told = self.answered(Output("", None, failure))
        assert (state, told["message"]) == (CloseState.FAILED, f"Nothing was removed: {failure}.")

    def test_one_that_was_killed_may_have(self) -> None:
        state, told = self.answered(Output("half an ans", None, "time-out after 9 s"))
        assert (state, told["answered"]) == (CloseState.VERIFYING, Answer.FAILED)
        assert "may or may not have been sent: time-out after 9 s" in told["message"]

    def test_neither_answer_nor_message_repeats_the_password(self) -> None:
        _, told = self.answered(Output("no swordfish-17 here (-1,2)", 7))
        assert told["exit_status"] == 7
        assert told["answer"] == "no ******** here (-1,2)"
        assert "swordfish" not in told["message"]
        _, told = self.answered(Output("", None, "not found: /swordfish-17/lmutil"))
        assert "swordfish" not in str(told)

    def test_what_somebody_else_ended_meanwhile_is_not_removed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        requests = [asked(CloseState.CHECKING, timedelta()) for _ in range(2)]
        CloseRequest.objects.filter(pk=requests[0].pk).update(state=CloseState.TIMED_OUT, ended_at=clock.now())
        begun = remove._begin([Removal(one.server, [one], ["lmutil"]) for one in requests])
        assert [one.requests for one in begun] == [[requests[1]]]
