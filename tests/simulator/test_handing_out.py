"""The rules by which licenses are handed out, reserved, queued for, expire and come back."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from licstats.simulator.licenses import Holder, Session
from licstats.simulator.troubles import Refusal, Trouble
from licstats.simulator.world import World
from tests.simulator.worlds import START, server, worlds

ANN = Holder("ann", "ws1", ":0")
BOB = Holder("bob", "ws2", ":0", groups=("lab",))


def test_a_license_is_refused_when_none_is_left() -> None:
    where = server()
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 2)
    assert where.checkout(feature, ANN, 0.0, 2)
    assert where.checkout(feature, BOB, 0.0) is None


def test_who_waits_gets_the_license_that_comes_back_first() -> None:
    where = server()
    got: list[Session] = []
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 1)
    held = where.checkout(feature, ANN, 0.0)
    assert held
    where.queue(feature, BOB, 1.0, granted=got.append)
    where.queue(feature, Holder("cid", "ws3"), 2.0, granted=got.append)
    where.close(held, 5.0)
    assert [(session.holder.user, session.start) for session in got] == [("bob", 5.0)]
    assert len(feature.pools[0].queue) == 1


def test_what_is_reserved_is_only_for_those_it_is_reserved_for() -> None:
    where = server()
    feature = where.add_feature("F", "v")
    pool = where.add_pool(feature, "1.0", 2)
    reservation = where.reserve(pool, "GROUP", "lab", 1)
    assert where.checkout(feature, ANN, 0.0)
    assert where.checkout(feature, ANN, 0.0) is None
    session = where.checkout(feature, BOB, 0.0)
    assert session
    assert reservation.idle == 0
    where.close(session, 1.0)
    assert reservation.idle == 1


def test_an_expired_pool_hands_out_nothing_and_the_next_one_does() -> None:
    where = server()
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 5, START.date() - timedelta(days=2))
    where.add_pool(feature, "2.0", 5, START.date())
    session = where.checkout(feature, ANN, START.timestamp())
    assert session
    assert session.pool.version == "2.0"
    assert where.checkout(feature, ANN, START.timestamp() + 2 * 86_400) is None


def test_a_handle_is_never_held_by_two() -> None:
    where = server()
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 1000)
    held: list[Session] = []
    for number in range(2000):
        session = where.checkout(feature, ANN, 0.0)
        assert session
        held.append(session)
        if number % 3:
            where.close(held.pop(number % len(held)), 0.0)
            handles = [each.handle for each in held]
            assert len(set(handles)) == len(handles)
    assert len({each.handle for each in held}) == len(held)
    assert len(where.handles) == len(held)


def test_a_program_that_runs_takes_a_removed_license_again() -> None:
    world = World(1, START)
    where = server("S1", world=world)
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 2)
    session = world.checkout(where, feature, ANN)
    assert session
    where.trouble = Trouble(again=30)
    world.remove(where, [session], ["lmutil"], None)
    world.advance(world.now + 29)
    assert feature.used == 0
    world.advance(world.now + 2)
    assert feature.used == 1
    world.close(where, session)  # the program ends: what it took again goes too
    assert feature.used == 0


def test_a_program_that_ended_meanwhile_takes_nothing_again() -> None:
    world = World(1, START)
    where = server("S1", world=world)
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 2)
    session = world.checkout(where, feature, ANN)
    assert session
    where.trouble = Trouble(again=30)
    world.remove(where, [session], ["lmutil"], None)
    world.close(where, session)
    world.advance(world.now + 60)
    assert feature.used == 0


def test_every_request_to_remove_is_written_down_with_what_went() -> None:
    world = World(1, START)
    where = server("S1", world=world)
    feature = where.add_feature("F", "v")
    where.add_pool(feature, "1.0", 2)
    session = world.checkout(where, feature, ANN)
    assert session
    world.remove(where, [], ["lmutil", "x"], Refusal.LINGER)
    world.remove(where, [session], ["lmutil", "y"], None)
    first, second = world.removal_log()
    assert (first["refusal"], first["removed"]) == ("linger", [])
    assert (second["arguments"], second["removed"][0]["user"]) == (["lmutil", "y"], "ann")


@given(worlds(), st.data())
@settings(max_examples=60, deadline=None)
def test_what_was_taken_is_always_what_is_held(world: World, data: st.DataObject) -> None:
    where = world.servers["S1"]
    for _ in range(data.draw(st.integers(0, 8))):
        held = list(where.sessions())
        if held:
            world.close(where, data.draw(st.sampled_from(held)))
    for feature in where.features:
        for pool in feature.pools:
            assert pool.used == sum(session.used for session in pool.sessions.values())
            assert pool.borrowed == sum(s.borrowed_for is not None for s in pool.sessions.values())
            assert all(0 <= reservation.idle <= reservation.count for reservation in pool.reservations)
            assert all(session.open for session in pool.sessions.values())
    assert {id(s) for s in where.sessions()} == {id(s) for f in where.features for s in f.sessions()}


def test_dates_of_pools_are_days_of_the_servers_zone() -> None:
    where = server()
    feature = where.add_feature("F", "v")
    pool = where.add_pool(feature, "1.0", 1, date(2026, 3, 18))
    assert pool.ends == (START.replace(hour=23, minute=0)).timestamp()  # midnight in Warsaw
