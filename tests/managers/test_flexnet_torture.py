"""The shapes that make readers lose or misplace sessions."""

from __future__ import annotations

import pytest

from licstats.managers.reading import Verdict
from tests.managers.lmstat_text import HEAD, block, checkout, feature, heading, read


@pytest.mark.parametrize("name", ["a.b", "c++", "x/y", "two words", "with:colon", "(odd)", "a  b", 'quo"te'])
def test_names_of_features(name: str) -> None:
    one = feature(heading(name, 3, 1) + block(name) + checkout("anna ws01 :0"))
    assert (one.name, one.total, one.used, len(one.sessions)) == (name, 3, 1, 1)


@pytest.mark.parametrize(
    ("identity", "user", "host", "display"),
    [
        ("anna ws01 :0", "anna", "ws01", ":0"),
        ("anna ws01 ws01", "anna", "ws01", "ws01"),
        ("anna ws01 ", "anna", "ws01", ""),
        ("anna ws01", "anna", "ws01", ""),
        ("anna /dev/pts/1", "anna", "", "/dev/pts/1"),
        ("Anna Berg WS09 WS09", "Anna Berg", "WS09", "WS09"),
        ("Anna van Berg ws09.example.com WS09:0.0", "Anna van Berg", "ws09.example.com", "WS09:0.0"),
        ("Anna Berg ws77 disp", "Anna Berg", "ws77", "disp"),  # ws77 is a host of another line
        ("Anna Berg ws55 ", "Anna Berg", "ws55", ""),
        ("SITE\\anna ws_01-x :0", "SITE\\anna", "ws_01-x", ":0"),
        ("anna ws01 ws01.example.com 4711", "anna", "ws01", "ws01.example.com 4711"),
        ("anna ws01 /dev/tty feature=mesh", "anna", "ws01", "/dev/tty feature=mesh"),
        ("anna ws01 disp APS Base", "anna", "ws01", "disp APS Base"),
        ("anna ws01 w%.=H@QVO!;~_8'", "anna", "ws01", "w%.=H@QVO!;~_8'"),
        ("anna ws01 ,?UA(v1)H<X t/TK)-)m", "anna", "ws01", ",?UA(v1)H<X t/TK)-)m"),
        ("żaneta wś01 :0", "żaneta", "wś01", ":0"),
        ("ACTIVATED LICENSE(S) ws01", "ACTIVATED LICENSE(S)", "ws01", ""),
        ("ACTIVATED LICENSE(S) ws01 ws01", "ACTIVATED LICENSE(S)", "ws01", "ws01"),
        ('"Anna Berg" ws01 :0', '"Anna Berg"', "ws01", ":0"),
        ("anna", "anna", "", ""),
    ],
)
def test_identities(identity: str, user: str, host: str, display: str) -> None:
    one = feature(heading("mesh", 9, 2) + block("mesh") + checkout(identity, 1) + checkout("bert ws77 :0", 2))
    session = one.sessions[0]
    assert (session.user, session.host, session.display) == (user, host, display)
    assert session.raw == identity.rstrip()
    assert session.handle == "1"


@pytest.mark.parametrize(
    ("line", "port", "handle", "version", "used"),
    [
        ("    anna ws01 :0 (v1.0) (lic-1.example.com/port 1090), start Wed 3/18 9:05", "port", "1090", "1.0", 1),
        ("    anna ws01 :0 (v1.0) (lic1/[port] 1090), start Wed 3/18 9:05", "[port]", "1090", "1.0", 1),
        ("    anna ws01 :0 (v1.0) (lic1/27000), start Wed 3/18 9:05", "27000", "", "1.0", 1),
        ("\tanna ws01 :0 (L-2016.06) (lic1/27000 5), start Wed 3/18 09:05", "27000", "5", "L-2016.06", 1),
        ("anna ws01 :0 (v31.000000) (lic1/27000 5), start Wed 3/18 9:05:31", "27000", "5", "31.000000", 1),
        ("    anna ws01 :0 (v1.0) (lic1/27000 5), start Wed 3/18 9:05, 1 license", "27000", "5", "1.0", 1),
        ("    anna ws01 :0 (v1.0) (lic1/27000 5), start Wed 3/18 9:05, PID: 77 ", "27000", "5", "1.0", 1),
        ("    anna ws01 :0 (v1.0) (lic1/27000 5), start Wed 3/18 9:05, 4 licenses, PID: 77", "27000", "5", "1.0", 4),
        ("    anna ws01 :0 (v1.0) (lic1/27000 5), start Wed 3/18/2026 9:05", "27000", "5", "1.0", 1),
    ],
)
def test_forms_of_a_checkout_line(line: str, port: str, handle: str, version: str, used: int) -> None:
    one = feature(heading("mesh", 9, used) + block("mesh") + line + "\n")
    [session] = one.sessions
    assert (session.port, session.handle, session.version, session.used) == (port, handle, version, used)
    assert session.checked_out_at
    assert session.checked_out_at.date().isoformat() == "2026-03-18"


def test_a_report_of_all_of_them_loses_nothing() -> None:
    identities = ["anna ws01 :0", "Anna Berg ws01 :0", "anna ws01 ", "anna ws01", "x y z ws01 a(b)c", "DOM\\x ws-1 d"]
    parts = []
    for number, name in enumerate(["a.b", "c++", "x/y z", "mesh", "mesh"]):
        lines = [checkout(identity, 100 * number + place) for place, identity in enumerate(identities)]
        waiting = "    carl ws03 :0 (v1.0) (lic1/27000 9) queued for 1 license\n"
        reserved = "\t1 RESERVATION for GROUP cad (lic1/27000)\n"
        parts += [heading(name, 50, 7), block(name), *lines, waiting, reserved, "\n"]
    reading = read(HEAD + "".join(parts))
    assert reading.verdict is Verdict.COMPLETE
    assert sum(len(one.sessions) for one in reading.features) == 30
    assert [(one.name, one.used, one.reserved, one.queued) for one in reading.features] == [
        ("a.b", 6, 1, 1),
        ("c++", 6, 1, 1),
        ("x/y z", 6, 1, 1),
        ("mesh", 12, 2, 2),
    ]


@pytest.mark.parametrize("port", ["270000101", "27000:101", "27000x101"])
def test_a_port_that_swallowed_its_handle_is_told_and_not_taken_for_one(port: str) -> None:
    damaged = checkout("anna ws01 :0").replace("27000 101", port)
    reading = read(HEAD + heading("mesh", 3, 1) + block("mesh") + damaged + "\n")
    assert [one.sessions for one in reading.features] == [()]
    assert any(port in problem.text for problem in reading.problems)
