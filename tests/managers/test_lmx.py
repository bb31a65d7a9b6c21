from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.reading import FeatureType, Pool, ProblemKind, Reading, Status, Verdict
from licstats.managers.registry import MANAGERS

ZONE = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
BANNER = "LM-X End-user Utility v5.5\nCopyright (C) 2002-2025 X-Formation. All rights reserved.\n\n"


def server(host: str = "lic1") -> str:
    return (
        "+" * 40 + f"\nLM-X License Server on 6200@{host}:\n\n"
        "Server version: v5.5 Uptime: 3 day(s) 12 hour(s) 0 min(s) 51 sec(s)\n"
    )


def feature(name: str, used: int, total: int, checkouts: str = "", expires: str = "2026-12-31") -> str:
    return (
        "-" * 40 + f"\nFeature: {name} Version: 21.0 Vendor: TOOLS\n"
        f"Start date: 2025-02-17 Expire date: {expires}\n"
        "Key type: EXCLUSIVE License sharing: CUSTOM VIRTUAL\n\n"
        f"{used} of {total} license(s) used{':' if checkouts else ''}\n{checkouts}"
    )


def checkout(who: str = "anna@ws01", count: int = 1, at: str = "2026-03-18 09:29", indent: str = "    ") -> str:
    return (
        f"\n{count} license(s) used by {who} [10.0.0.7]\n"
        f"{indent}Login time: 2026-03-18 09:26   Checkout time: {at} \n"
        f"{indent}Shared on custom string: {who}:1\n"
    )


def read(text: str, memo: Memo | None = None, exit_status: int | None = 0) -> Reading:
    return MANAGERS["lmx"].read({STATUS: Output(text, exit_status)}, NOW, ZONE, memo)


REPORT = BANNER + server() + feature("mesh", 5, 9, checkout() + checkout("b@c@ws02.example.com_v2", 4, indent=""))


def test_a_feature_with_its_checkouts() -> None:
    reading = read(REPORT + feature("solver", 0, 2_147_483_647, expires="NONE"))
    assert reading.verdict is Verdict.COMPLETE
    assert reading.problems == ()
    assert [(node.host, node.status, node.version) for node in reading.servers] == [("lic1", Status.UP, "5.5")]
    mesh, solver = reading.features
    assert (mesh.vendor, mesh.name, mesh.version, mesh.type) == ("TOOLS", "mesh", "21.0", FeatureType.FLOATING)
    assert (mesh.total, mesh.used, mesh.expires, mesh.version_listed) == (9, 5, date(2026, 12, 31), True)
    anna, other = mesh.sessions
    assert (anna.user, anna.host, anna.ip, anna.used) == ("anna", "ws01", "10.0.0.7", 1)
    assert anna.checked_out_at == datetime(2026, 3, 18, 8, 29, tzinfo=UTC)
    assert (other.user, other.host, other.used) == ("b@c", "ws02.example.com_v2", 4)
    assert (solver.total, solver.permanent, solver.expires) == (None, True, None)


def test_figures_that_do_not_add_up_are_told() -> None:
    reading = read(BANNER + server() + feature("mesh", 5, 9, checkout()) + feature("solver", 0, 1))
    [problem] = reading.problems
    assert (problem.kind, problem.message) == (ProblemKind.TOTALS, "5 in use, but 1 seen in 1 checkout")
    assert not reading.features[0].adds_up
    assert reading.verdict is Verdict.COMPLETE


def test_one_feature_in_two_pools_is_one_feature() -> None:
    text = feature("mesh", 1, 9, checkout()) + feature("mesh", 0, 4, expires="2026-03-17")
    [mesh] = read(BANNER + server() + text).features
    assert (mesh.total, mesh.used, mesh.expires) == (9, 1, date(2026, 12, 31))
    assert mesh.pools == (Pool(9, date(2026, 12, 31), version="21.0"), Pool(4, date(2026, 3, 17), version="21.0"))


def test_the_servers_of_a_hal_are_not_added_up() -> None:
    one = feature("mesh", 1, 9, checkout())
    reading = read(BANNER + server("a") + one + server("b") + one + server("c") + feature("mesh", 0, 9))
    [mesh] = reading.features
    assert (mesh.total, mesh.used, len(mesh.sessions)) == (9, 1, 1)
    assert [node.host for node in reading.servers] == ["a", "b", "c"]
    assert [problem.kind for problem in reading.problems][:1] == [ProblemKind.TOTALS]


def test_a_machine_of_a_hal_that_is_down_leaves_the_rest() -> None:
    down = "+" * 40 + "\nLM-X License Server on 6200@a:\n\nXF Error: Unable to connect to license server!\n"
    reading = read(BANNER + down + server("b") + feature("mesh", 0, 9), exit_status=1)
    assert reading.verdict is Verdict.COMPLETE
    assert [(node.host, node.status) for node in reading.servers] == [("a", Status.DOWN), ("b", Status.UP)]
    assert reading.problems[0].kind is ProblemKind.SERVER
    assert read(BANNER + down).verdict is Verdict.FAILED


@pytest.mark.parametrize("text", ["", "Segmentation fault\n", BANNER, "<LM-X></LM-X>"])
def test_what_is_no_answer_is_failed(text: str) -> None:
    assert read(text).verdict is Verdict.FAILED


def test_a_cut_output_is_partial_at_every_place() -> None:
    whole = read(REPORT)
    ends = {len(BANNER + server() + feature("mesh", 5, 9)), len(REPORT), len(REPORT) - 1}
    for end in range(len(BANNER + server()) + 60, len(REPORT)):
        reading = read(REPORT[:end])
        assert set(reading.features[0].sessions if reading.features else ()) <= set(whole.features[0].sessions)
        last_line = REPORT[:end].rpartition("\n")[2]
        if end not in ends and "Shared" not in last_line and not last_line.isspace():
            assert reading.verdict is not Verdict.COMPLETE or reading.features[0].used == 5, REPORT[end - 40 : end]


def test_a_damaged_line_is_told() -> None:
    lines = REPORT.split("\n")
    for at, line in enumerate(lines):
        if not line.strip() or set(line) <= {"+", "-"} or "Copyright" in line:
            continue
        damaged = "\n".join([*lines[:at], "#" + line[1:] + "#", *lines[at + 1 :]])
        reading = read(damaged)
        told = {problem.line for problem in reading.problems}
        assert at + 1 in told, line
        assert reading.verdict is not Verdict.COMPLETE
        sessions = [session for one in reading.features for session in one.sessions]
        assert len(sessions) == 2 or ProblemKind.LINE in {problem.kind for problem in reading.problems}


def test_what_did_not_change_is_the_same_object() -> None:
    memo = Memo()
    first = read(REPORT + feature("solver", 1, 2, checkout("eve@ws09")), memo)
    second = read(REPORT.replace("ws01", "ws03") + feature("solver", 1, 2, checkout("eve@ws09")), memo)
    assert second.features[1] is first.features[1]
    assert second.features[0].sessions[1] is first.features[0].sessions[1]
    assert second == read(REPORT.replace("ws01", "ws03") + feature("solver", 1, 2, checkout("eve@ws09")))


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=200), st.integers(0, len(REPORT)))
def test_any_text_is_read_without_an_exception(text: str, at: int) -> None:
    memo = Memo()
    for whole in (text, REPORT[:at] + text + REPORT[at:], REPORT):
        with_memo, fresh = read(whole, memo), read(whole)
        assert with_memo.features == fresh.features
        if not any("that the reading before had" in problem.message for problem in with_memo.problems):
            assert with_memo == fresh


def test_megabytes_of_anything_are_read() -> None:
    for garbage in ("x" * 5_000_000, "Feature: a\n" * 100_000, "9 license(s) used by " * 200_000, "@" * 1_000_000):
        assert read(REPORT + garbage).verdict is Verdict.PARTIAL
