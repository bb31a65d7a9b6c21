"""PostgreSQL and Redis are killed and come back while sessions are being closed: one removal each, and an end."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from licstats.embedded.layout import Layout
from tests.closing.farm import Farm
from tests.polling.test_survives import Installation, shoot, wait

PLACES = ("checking", "removing", "verifying")  # a license server for each state that a close is in when it happens
SERVER = """
[[server]]
name = "{name}"
manager = "flexnet"
address = "27000@{name}"
timezone = "UTC"
interval = "1h"
timeout = "90s"
"""
ASK = """
from sessions_app.closing.ask import CloseSession, close_all
from sessions_app.models import OpenSession
sessions = OpenSession.objects.filter(user="{user}").select_related("feature", "server")
close_all([CloseSession(session, None, origin="command line") for session in sessions])
"""


class Closing:
    """A whole installation with a license server, and so a stand-in that can be stopped, for each of PLACES."""

    def __init__(self, folder: Path) -> None:
        self.farms = {name: Farm(folder / name) for name in PLACES}
        self.installation = Installation(folder)
        cases = "".join(f'    *27000@{name}*) exec {farm.tool} "$@";;\n' for name, farm in self.farms.items())
        self.installation.tool.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}esac\n')
        for farm in self.farms.values():
            for number, user in enumerate(("ada", "ben", "carl")):
                farm.check_out(user, f"ws{number}", str(101 + number))

    def wait_for_sessions(self) -> None:
        installation, fleet = self.installation, self.installation.folder / "fleet.toml"
        fleet.write_text("".join(SERVER.format(name=name) for name in PLACES))
        wait(lambda: installation.query("SELECT 1 FROM django_migrations WHERE app = 'sessions_app'"), "the start")
        wait(lambda: installation.start("fleet", "apply", str(fleet)).wait() == 0, "the fleet")
        wait(lambda: len(installation.open_sessions()) == 9, f"the first polls; see {installation.folder}/log")

    def ask_for(self, user: str) -> None:
        """Asks for his session on each server, and waits until each of these closes is in the state of its server."""
        self.farms["checking"].gate("lmstat")
        self.farms["removing"].gate("lmremove")
        after = self.farms["verifying"].gate("after-lmremove")
        assert self.installation.start("shell", "-c", ASK.format(user=user)).wait() == 0
        wait(lambda: self.farms["verifying"].is_reached("after-lmremove"), "a removal")
        self.farms["verifying"].gate("lmstat")
        after.unlink()
        for name, gate in (("checking", "lmstat"), ("removing", "lmremove"), ("verifying", "lmstat")):
            wait(lambda name=name, gate=gate: self.farms[name].is_reached(gate), f"what is {name} to be so")
        assert self.states(user) == {name: name for name in PLACES}

    def states(self, user: str) -> dict[str, str]:
        statement = 'SELECT server_name, state FROM sessions_app_closerequest WHERE "user" = %s'
        return dict(self.installation.query(statement, [user]))

    def go_on(self, user: str) -> dict[str, str]:
        """The ends of his closes; they come, or the test fails."""
        for farm in self.farms.values():
            farm.open_gates()
        wait(lambda: self.states(user) and not set(self.states(user).values()) & {"requested", *PLACES}, "the ends")
        return self.states(user)

    def removed(self) -> dict[str, list[str]]:
        """The handles that each license server was told to remove, in their order."""
        return {name: [arguments[-1] for arguments in farm.removals] for name, farm in self.farms.items()}


@pytest.fixture(scope="module")
def closing() -> Iterator[Closing]:
    folder = Path(tempfile.mkdtemp(prefix="licstats-survives-"))
    folder.chmod(0o755)
    running = Closing(folder)
    try:
        running.wait_for_sessions()
        yield running
    finally:
        for farm in running.farms.values():
            farm.open_gates()
        running.installation.stop()
        shutil.rmtree(folder, ignore_errors=True)


def redis_answers(installation: Installation) -> Any:
    with (
        contextlib.suppress(redis_client.RedisError),
        redis_client.Redis.from_url(Layout(installation.folder / "data").redis_url) as client,
    ):
        return client.ping()
    return False


@pytest.mark.parametrize(
    ("user", "words"), [("ada", ("postgres", "-D")), ("carl", ("redis-server",))], ids=["postgres", "redis"]
)
def test_closes_under_way_end_after_a_restart_with_one_removal_each(
    closing: Closing, user: str, words: tuple[str, ...]
) -> None:
    installation, before = closing.installation, closing.removed()
    closing.ask_for(user)
    shot = installation.processes(*words)
    shoot(shot)
    wait(lambda: not any(process.is_running() for process in shot), f"{words[0]} to be gone")
    wait(lambda: installation.query("SELECT 1") and redis_answers(installation), f"{words[0]} to be back")
    assert closing.go_on(user) == dict.fromkeys(PLACES, "closed")
    handle = {"ada": "101", "carl": "103"}[user]
    assert closing.removed() == {name: [*before[name], handle] for name in PLACES}
    assert all(user not in farm.users and "ben" in farm.users for farm in closing.farms.values())
