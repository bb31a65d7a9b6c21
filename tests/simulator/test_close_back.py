"""Removal as licstats asks for it: the simulator does what was meant, and its answer is understood."""

from __future__ import annotations

import pytest

from licstats.managers.base import Answer, Manager, Output, Target
from licstats.managers.lmx.closing import usage_names_switch
from licstats.managers.registry import MANAGERS
from licstats.simulator import lmutil, lmxendutil
from licstats.simulator.licenses import Holder
from licstats.simulator.troubles import Refusal, Trouble
from licstats.simulator.world import World
from tests.simulator.worlds import START, server

REMOVE = ["-removeuser", "-clientuser", "{user}", "-clienthost", "{host}", "-host", "{server_host}", "-port", "{port}"]
MEANINGS = {
    Refusal.NOT_ADMINISTRATOR: Answer.REFUSED,
    Refusal.INTERVAL: Answer.REFUSED,
    Refusal.LINGER: Answer.REFUSED,
    Refusal.RECLAIM: Answer.REFUSED,
    Refusal.DISABLED: Answer.REFUSED,
    Refusal.UNSUPPORTED: Answer.GONE,
    Refusal.NO_FEATURE: Answer.GONE,
    Refusal.NEVER: Answer.GONE,
    Refusal.RESET: Answer.FAILED,
    Refusal.RESET_AFTER: Answer.FAILED,
    Refusal.REFUSED: Answer.FAILED,
    Refusal.SERVER_DOWN: Answer.FAILED,
    Refusal.DAEMON_DOWN: Answer.FAILED,
    Refusal.USAGE: Answer.FAILED,
    Refusal.SILENT: Answer.SENT,
}
MEANINGS_OF_LMX = {
    Refusal.PASSWORD: Answer.REFUSED,
    Refusal.LINGER: Answer.REFUSED,
    Refusal.NEVER: Answer.GONE,
    Refusal.REFUSED: Answer.FAILED,
    Refusal.RESET: Answer.FAILED,
    Refusal.USAGE: Answer.FAILED,
    Refusal.SILENT: Answer.SENT,
}


@pytest.fixture(params=["flexnet", "lmx"])
def manager(request: pytest.FixtureRequest) -> Manager:
    return MANAGERS[request.param]


@pytest.fixture
def world(manager: Manager) -> World:
    """S1 with feature F, of which ann and bob hold two sessions each."""
    world = World(1, START)
    where = server("S1", manager.name, world)
    pool = where.add_pool(where.add_feature("F", "vend"), "1.0", 10)
    for number, user in enumerate(("ann", "ann", "bob", "bob")):
        where.open(pool, Holder(user, "ws1", ":0", "10.0.0.1"), world.now, handle=100 + number)
    return world


def close(world: World, manager: Manager, handle: str) -> Answer:
    """What licstats makes of the answer to its own command for a session of ann."""
    target = Target("27000@s1", "vend", "F", "ann", "ws1", ":0", "s1", "27000", handle)
    command = manager.close_command(manager.tool, target, REMOVE if manager.name == "lmx" else ())
    run = lmxendutil.run if manager.name == "lmx" else lmutil.run
    answer = run(world, command[1:], {})
    return manager.read_close(Output(answer.data.decode(), answer.status)).answer


def left(world: World) -> list[int]:
    return sorted(session["handle"] for session in world.state("S1"))


def test_the_command_removes_what_it_was_meant_to(world: World, manager: Manager) -> None:
    assert close(world, manager, "100") is Answer.SENT
    assert left(world) == ([101, 102, 103] if manager.name == "flexnet" else [102, 103])


def test_without_a_handle_every_checkout_of_the_user_goes(world: World, manager: Manager) -> None:
    assert close(world, manager, "") is Answer.SENT
    assert left(world) == [102, 103]


def test_closing_twice_finds_nobody_the_second_time(world: World, manager: Manager) -> None:
    close(world, manager, "100")
    assert close(world, manager, "100") is Answer.GONE
    assert set(left(world)) >= {102, 103}


@pytest.mark.parametrize("refusal", MEANINGS)
@pytest.mark.parametrize("manager", ["flexnet"], indirect=True)
def test_each_refusal_of_lmremove_is_understood(world: World, manager: Manager, refusal: Refusal) -> None:
    world.servers["S1"].trouble = Trouble(refuse=refusal)
    assert close(world, manager, "100") is MEANINGS[refusal]


@pytest.mark.parametrize("refusal", MEANINGS_OF_LMX)
@pytest.mark.parametrize("manager", ["lmx"], indirect=True)
def test_each_refusal_of_lmx_is_understood(world: World, manager: Manager, refusal: Refusal) -> None:
    world.servers["S1"].trouble = Trouble(refuse=refusal)
    assert close(world, manager, "100") is MEANINGS_OF_LMX[refusal]


def test_the_usage_text_of_the_stand_in_names_the_switches_of_the_demo() -> None:
    usage = lmxendutil.run(World(1, START), ["-help"], {}).data.decode()
    assert usage_names_switch(usage, REMOVE)
    assert not usage_names_switch(usage, ["-dropuser"])
