"""The command lines of `lmutil` and `lmxendutil`: what they print and how they end, whatever is arranged or asked."""

from __future__ import annotations

import pytest

from licstats.simulator import lmutil, lmxendutil
from licstats.simulator.answers import Answer
from licstats.simulator.licenses import Holder, Session
from licstats.simulator.lmxendutil import PASSWORD_VARIABLE
from licstats.simulator.servers import LicenseServer
from licstats.simulator.troubles import Refusal, Trouble
from licstats.simulator.world import World
from tests.simulator.worlds import START, server


@pytest.fixture
def world() -> World:
    """S1 (FlexNet) and L1 (LM-X) with one feature F of ten licenses each, of which ann holds two sessions on ws1."""
    world = World(1, START)
    for name, manager in (("S1", "flexnet"), ("L1", "lmx")):
        where = server(name, manager, world)
        feature = where.add_feature("F", "vend")
        pool = where.add_pool(feature, "1.0", 10)
        for handle in (101, 202):
            where.open(pool, Holder("ann", "ws1", ":0", "10.0.0.1"), world.now, 2, handle=handle)
        where.open(pool, Holder("bob", "ws1", ":0", "10.0.0.2"), world.now, handle=303)
    return world


@pytest.fixture
def flexnet(world: World) -> LicenseServer:
    return world.servers["S1"]


@pytest.fixture
def lmx(world: World) -> LicenseServer:
    return world.servers["L1"]


def call(world: World, *arguments: str) -> Answer:
    return lmutil.run(world, arguments, {})


def by_handle(world: World, handle: object = 101, host: str = "s1", port: str = "27000", feature: str = "F") -> Answer:
    return call(world, "lmremove", "-c", "27000@s1", "-h", feature, host, port, str(handle))


def body(answer: Answer) -> str:
    """What is printed after the banner."""
    return answer.data.decode().partition("\n")[2]


def held(where: LicenseServer) -> set[int]:
    return {session.handle for session in where.sessions()}


def test_lmstat_tells_the_version_of_the_tool(world: World) -> None:
    assert body(call(world, "lmstat", "-v")) == "lmstat v11.19.6 build 296547 x64_lsb\n"


def test_lmstat_takes_the_address_from_the_environment_too(world: World) -> None:
    assert b"Users of F:" in lmutil.run(world, ["lmstat", "-a"], {"LM_LICENSE_FILE": "27000@s1"}).data


def test_lmstat_of_one_feature_and_of_none(world: World, flexnet: LicenseServer) -> None:
    flexnet.add_pool(flexnet.add_feature("G", "vend"), "1.0", 1)
    assert b"Users of F:" not in call(world, "lmstat", "-f", "G", "-c", "27000@s1").data
    assert b"Users of G:" in call(world, "lmstat", "-f", "G", "-c", "27000@s1").data
    assert b"Users of" not in call(world, "lmstat", "-c", "27000@s1").data
    assert body(call(world, "lmstat", "-i", "-c", "27000@s1")).count("vend") == 2
    both = call(world, "lmstat", "-a", "-i", "-c", "27000@s1").data
    assert b"Users of F:" in both
    assert b"NOTE: lmstat -i" in both


def test_where_no_license_server_is_the_connection_is_refused(world: World) -> None:
    answer = call(world, "lmstat", "-a", "-c", "27000@nowhere")
    text = 'Error getting status: Cannot connect to license server system. (-15,570:111 "Connection refused")\n'
    assert answer.data.decode().endswith(text)
    assert answer.status == 241


def test_a_license_server_that_is_down_is_as_one_that_is_not_there(world: World, flexnet: LicenseServer) -> None:
    flexnet.trouble = Trouble(down=True)
    assert call(world, "lmstat", "-a", "-c", "27000@s1").status == 241
    flexnet.trouble = Trouble(down=True, old_tool=True)
    answer = call(world, "lmstat", "-a", "-c", "27000@s1")
    assert b"lmgrd is not running: License server machine is down" in answer.data
    assert answer.status == 0  # as old tools do


def test_data_that_cannot_be_read(world: World, flexnet: LicenseServer) -> None:
    flexnet.trouble = Trouble(unreadable=True)
    answer = call(world, "lmstat", "-a", "-c", "27000@s1")
    assert b"Cannot read data from license server system. (-16,287)" in answer.data
    assert answer.status == 240


def test_slow_hanging_cut_garbled_and_endless_answers(world: World, flexnet: LicenseServer) -> None:
    whole = call(world, "lmstat", "-a", "-c", "27000@s1").data
    flexnet.trouble = Trouble(cut=0.5)
    assert call(world, "lmstat", "-a", "-c", "27000@s1").data == whole[: len(whole) // 2]
    flexnet.trouble = Trouble(garbage=True)
    assert b"Users of" not in call(world, "lmstat", "-a", "-c", "27000@s1").data
    flexnet.trouble = Trouble(slow=4, hang=True, huge=200)
    answer = call(world, "lmstat", "-a", "-c", "27000@s1")
    assert (answer.delay, answer.hangs, answer.huge) == (4, True, 200)


def test_removing_by_handle_removes_that_one_and_says_nothing(world: World, flexnet: LicenseServer) -> None:
    answer = by_handle(world, 202)
    assert (body(answer), answer.status) == ("", 0)
    assert held(flexnet) == {101, 303}
    assert flexnet.feature("F").used == 3
    assert "Total of 3 licenses in use" in world.lmstat_a("S1")
    assert world.removal_log()[0]["arguments"][-4:] == ["F", "s1", "27000", "202"]


def test_removing_by_user_removes_every_matching_checkout(world: World, flexnet: LicenseServer) -> None:
    assert call(world, "lmremove", "-c", "27000@s1", "F", "ann", "ws1", ":0").status == 0
    assert held(flexnet) == {303}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"handle": 999}, 215),
        ({"handle": "²"}, 215),
        ({"handle": ""}, 215),
        ({"host": "other"}, 215),
        ({"port": "27001"}, 215),
        ({"feature": "G"}, 251),
    ],
)
def test_what_is_not_there_is_not_removed(
    world: World, flexnet: LicenseServer, changed: dict[str, object], status: int
) -> None:
    assert by_handle(world, **changed).status == status  # type: ignore[arg-type]
    assert held(flexnet) == {101, 202, 303}


@pytest.mark.parametrize("values", [["F", "ann", "ws1"], ["F", "ann", "ws1", ":1"], ["F", "ANN", "ws1", ":0"]])
def test_removing_by_user_wants_all_four_exactly(world: World, flexnet: LicenseServer, values: list[str]) -> None:
    assert call(world, "lmremove", "-c", "27000@s1", *values).status in (1, 215)
    assert held(flexnet) == {101, 202, 303}


def test_a_borrowed_license_stays(world: World, flexnet: LicenseServer) -> None:
    flexnet.open(flexnet.feature("F").pools[0], Holder("cy", "ws9", ":0"), world.now, borrowed_for=9e9, handle=404)
    answer = by_handle(world, 404)
    assert body(answer).startswith("Cannot remove a linger license. (-100,")
    assert answer.status == 156
    assert 404 in held(flexnet)


REFUSED = {
    Refusal.NOT_ADMINISTRATOR: ("You are not a license administrator. (-63,", 193),
    Refusal.INTERVAL: ("lmremove request before the minimum lmremove interval. (-64,", 192),
    Refusal.LINGER: ("Cannot remove a linger license. (-100,", 156),
    Refusal.RECLAIM: ("License server doesn't support this request. (-85,", 171),
    Refusal.DISABLED: ("License server doesn't support this request. (-85,", 171),
    Refusal.UNSUPPORTED: ("License server does not support this feature. (-18,", 238),
    Refusal.NO_FEATURE: ("No such feature exists. (-5,", 251),
    Refusal.NEVER: ("Feature was never checked out. (-41,", 215),
    Refusal.RESET: ("Cannot read data from license server system. (-16,", 240),
    Refusal.REFUSED: ("Cannot connect to license server system. (-15,", 241),
    Refusal.SERVER_DOWN: ("License server machine is down or not responding. (-96,", 160),
    Refusal.DAEMON_DOWN: ("The desired vendor daemon is down. (-97,", 159),
    Refusal.SILENT: ("", 0),
    Refusal.USAGE: ("usage:  lmremove", 1),
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_each_refusal_has_its_text_and_exit_status_and_removes_nothing(
    world: World, flexnet: LicenseServer, refusal: Refusal
) -> None:
    flexnet.trouble = Trouble(refuse=refusal)
    answer = by_handle(world)
    text, status = REFUSED[refusal]
    assert body(answer).startswith(text)
    assert answer.status == status
    assert held(flexnet) == {101, 202, 303}
    assert all(not entry["removed"] for entry in world.removal_log())


@pytest.mark.parametrize(("refusal", "removed"), [(Refusal.HANG, False), (Refusal.HANG_AFTER, True)])
def test_a_removal_that_hangs_may_have_been_done(
    world: World, flexnet: LicenseServer, refusal: Refusal, removed: bool
) -> None:
    flexnet.trouble = Trouble(refuse=refusal)
    assert by_handle(world).hangs
    assert (101 not in held(flexnet)) is removed


def test_a_connection_may_be_lost_when_the_license_is_gone(world: World, flexnet: LicenseServer) -> None:
    flexnet.trouble = Trouble(refuse=Refusal.RESET_AFTER)
    assert by_handle(world).status == 240
    assert 101 not in held(flexnet)


def test_an_answer_may_come_long_after_the_removal(world: World, flexnet: LicenseServer) -> None:
    flexnet.trouble = Trouble(slow_removal=3)
    assert by_handle(world).delay == 3
    assert 101 not in held(flexnet)
    assert call(world, "lmstat", "-a", "-c", "27000@s1").delay == 0


def test_the_daemon_of_the_feature_is_down(world: World, flexnet: LicenseServer) -> None:
    flexnet.trouble = Trouble(daemons_down={"vend"})
    assert by_handle(world).status == 159
    assert 101 in held(flexnet)


@pytest.mark.parametrize("arguments", [[], ["lmdown"], ["lmremove"], ["lmremove", "-c", "27000@s1", "-h", "F"]])
def test_other_arguments_print_the_usage(world: World, arguments: list[str]) -> None:
    answer = call(world, *arguments)
    assert b"lmremove [-c license_file_list] -h feature server_host port handle" in answer.data
    assert answer.status == 1


def end(world: World, *arguments: str, password: str = "") -> Answer:
    return lmxendutil.run(world, arguments, {PASSWORD_VARIABLE: password} if password else {})


REMOVE = ("-removeuser", "-clientuser", "ann", "-clienthost", "ws1", "-host", "l1", "-port", "27000")


def test_licstat_asks_the_license_server_it_is_told(world: World) -> None:
    assert b"LM-X License Server on 27000@l1:" in end(world, "-licstat", "-host", "l1", "-port", "27000").data
    assert b"5 of 10 license(s) used:" in end(world, "-licstat", "-hal", "27000@l1").data


def test_licstat_where_nothing_answers(world: World, lmx: LicenseServer) -> None:
    lmx.trouble = Trouble(down=True)
    for address in ("l1", "nowhere"):
        answer = end(world, "-licstat", "-host", address, "-port", "27000")
        assert answer.data.decode().endswith(
            f"LM-X License Server on 27000@{address}:\n\nXF Error: Unable to connect to license server!\n"
        )
    assert b"There are no license server(s) available." in end(world, "-licstat").data


@pytest.mark.parametrize("arguments", [[], ["-help"], ["-licstat", "-host"], ["-drop"], ["-removeuser", "-host", "l1"]])
def test_the_usage_text_lists_the_switch_that_removes(world: World, arguments: list[str]) -> None:
    text = end(world, *arguments).data.decode()
    for switch in ("-removeuser", "-clientuser", "-clienthost", "-feature", "-host", "-port", "-password"):
        assert f" {switch} " in text


def test_removing_a_user_takes_all_of_that_user_on_that_host(world: World, lmx: LicenseServer) -> None:
    lmx.open(lmx.feature("F").pools[0], Holder("ann", "ws2"), world.now, handle=404)
    assert end(world, *REMOVE).status == 0
    assert held(lmx) == {303, 404}


def test_removing_a_user_of_one_feature_leaves_the_others(world: World, lmx: LicenseServer) -> None:
    other = lmx.add_pool(lmx.add_feature("G", "vend"), "1.0", 3)
    lmx.open(other, Holder("ann", "ws1"), world.now, handle=404)
    assert end(world, *REMOVE, "-feature", "G").status == 0
    assert held(lmx) == {101, 202, 303}


@pytest.mark.parametrize("way", ["environment", "argument"])
def test_the_password_is_needed_and_never_written_down(world: World, lmx: LicenseServer, way: str) -> None:
    world.password = "orchid-17"
    refused = end(world, *REMOVE, password="wrong")
    assert b"XF Error: Invalid administration password!" in refused.data
    assert refused.status == 1
    assert held(lmx) == {101, 202, 303}
    if way == "environment":
        assert end(world, *REMOVE, password="orchid-17").status == 0
    else:
        assert end(world, *REMOVE, "-password", "orchid-17").status == 0
    assert held(lmx) == {303}
    assert "orchid-17" not in str(world.removal_log())


def test_a_user_who_holds_nothing_was_not_found(world: World, lmx: LicenseServer) -> None:
    answer = end(world, *REMOVE, "-feature", "G")
    assert b"XF Error: User not found!" in answer.data
    assert held(lmx) == {101, 202, 303}


def test_a_borrowed_license_of_lmx_stays(world: World, lmx: LicenseServer) -> None:
    lmx.open(lmx.feature("F").pools[0], Holder("ann", "ws1"), world.now, borrowed_for=9e9, handle=404)
    assert end(world, *REMOVE).status == 0
    assert held(lmx) == {303, 404}
    assert b"XF Error: A borrowed license cannot be released!" in end(world, *REMOVE).data
    assert held(lmx) == {303, 404}


@pytest.mark.parametrize(
    "refusal", [Refusal.NOT_ADMINISTRATOR, Refusal.RESET, Refusal.REFUSED, Refusal.SILENT, Refusal.HANG]
)
def test_lmx_refuses_too(world: World, lmx: LicenseServer, refusal: Refusal) -> None:
    lmx.trouble = Trouble(refuse=refusal)
    answer = end(world, *REMOVE)
    assert ("XF Error" in answer.data.decode()) is (refusal not in (Refusal.SILENT, Refusal.HANG))
    assert held(lmx) == {101, 202, 303}


def sessions_of(where: LicenseServer, user: str) -> list[Session]:
    return [session for session in where.sessions() if session.holder.user == user]


@pytest.mark.parametrize("name", ["-h", "--", ";reboot", "a b", "'\"", "x" * 4096, "żółw 🐢", "../../etc"])
def test_odd_names_reach_the_right_session(world: World, flexnet: LicenseServer, name: str) -> None:
    flexnet.open(flexnet.feature("F").pools[0], Holder(name, name, name), world.now, handle=404)
    assert call(world, "lmremove", "-c", "27000@s1", "F", name, name, name).status == 0
    assert sessions_of(flexnet, name) == []
    assert held(flexnet) == {101, 202, 303}
