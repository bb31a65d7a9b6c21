from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from licstats.managers.reading import FeatureType, Pool, ProblemKind, ServerNode, Status, Verdict
from tests.managers.lmstat_text import HEAD, block, checkout, feature, heading, lines_not_understood, read


def test_a_usual_feature_with_two_checkouts() -> None:
    reading = read(
        HEAD
        + heading("mesh", 10, 6)
        + block("mesh", "2024.1")
        + checkout("anna ws01 :0", 101)
        + checkout("bert ws02 ws02", 102, tail=", 5 licenses")
        + "\n"
    )
    assert reading.verdict is Verdict.COMPLETE
    assert reading.status is Status.UP
    assert reading.reported_at == datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
    assert reading.servers == (ServerNode("lic1", Status.UP, "master", "11.19.5"),)
    assert [daemon.vendor for daemon in reading.daemons] == ["toold"]
    [mesh] = reading.features
    assert (mesh.vendor, mesh.name, mesh.version, mesh.type) == ("toold", "mesh", "2024.1", FeatureType.FLOATING)
    assert (mesh.total, mesh.used, mesh.reserved, mesh.queued, mesh.borrowed) == (10, 6, 0, 0, 0)
    assert mesh.expires == date(2026, 12, 31)
    assert mesh.adds_up
    anna, bert = mesh.sessions
    assert (anna.user, anna.host, anna.display, anna.version) == ("anna", "ws01", ":0", "1.0")
    assert (anna.server_host, anna.port, anna.handle, anna.used) == ("lic1", "27000", "101", 1)
    assert anna.checked_out_at == datetime(2026, 3, 18, 8, 5, tzinfo=UTC)
    assert anna.raw == "anna ws01 :0"
    assert bert.used == 5


def test_line_ends_of_windows_and_a_blank_line_after_each_change_nothing() -> None:
    text = HEAD + heading("mesh", 10, 1) + block("mesh") + checkout("anna ws01 :0") + "\n"
    plain = read(text)
    assert read(text.replace("\n", "\r\n")) == plain
    mixed = read(text.replace("\n", "\r\n", 9))
    assert mixed == plain
    spread = read(text.replace("\n", "\n\n"))
    assert spread.features == plain.features
    assert spread.verdict is Verdict.COMPLETE


def test_an_upper_cased_report_is_read() -> None:
    text = HEAD + heading("mesh", 10, 1) + block("mesh") + checkout("anna ws01 :0") + "\n"
    reading = read(text.upper())
    assert reading.verdict is Verdict.COMPLETE
    [mesh] = reading.features
    assert (mesh.name, mesh.used, mesh.sessions[0].user, mesh.type) == ("MESH", 1, "ANNA", FeatureType.FLOATING)


@pytest.mark.parametrize(
    ("figures", "total", "used"),
    [
        ("(Total of 1 license issued;  Total of 0 licenses in use)", 1, 0),
        ("(Total 999 licenses issued; 0 licenses in use)", 999, 0),
        ("(TOTAL OF 5 LICENSES ISSUED; TOTAL OF 0 LICENSES IN USE)", 5, 0),
        ("(Uncounted, node-locked)", None, 0),
        ("(Error: 4 licenses, unsupported by licensed server)", 4, None),
    ],
)
def test_figures_of_a_heading(figures: str, total: int | None, used: int | None) -> None:
    one = feature(f"Users of mesh:  {figures}\n")
    assert (one.name, one.total, one.used) == ("mesh", total, used)


def test_an_uncounted_feature_is_node_locked_and_shows_its_users() -> None:
    one = feature("Users of view:  (Uncounted, node-locked)\n\n" + block("view") + checkout("anna ws01 :0"))
    assert (one.total, one.used, len(one.sessions)) == (None, 1, 1)
    assert feature("Users of view:  (Uncounted, node-locked)\n").type is FeatureType.NODE_LOCKED


def test_what_the_server_does_not_tell_about_a_feature_leaves_its_sessions_alone() -> None:
    reading = read(HEAD + "Users of mesh: Cannot get users of mesh: No such feature exists. (-5,222)\n\n")
    [mesh] = reading.features
    assert mesh.used is None
    assert not mesh.adds_up
    assert reading.verdict is Verdict.COMPLETE
    assert reading.problems[0].kind is ProblemKind.FEATURE


def test_idle_reservations_are_no_use_and_stand_apart() -> None:
    one = feature(
        heading("mesh", 10, 4)
        + block("mesh")
        + "\t2 RESERVATIONs for HOST_GROUP render (lic1/27000)\n"
        + "        1 RESERVATION for USER anna b (lic1/27000 77)\n"
        + checkout("anna ws01 :0")
    )
    assert (one.used, one.reserved) == (1, 3)
    assert [(r.kind, r.name, r.count) for r in one.reservations] == [("host_group", "render", 2), ("user", "anna b", 1)]
    assert one.adds_up


def test_a_queued_request_is_not_used() -> None:
    one = feature(
        heading("mesh", 1, 1)
        + block("mesh")
        + checkout("anna ws01 :0")
        + "    bert ws02 :0 (v1.0) (lic1/27000 201) queued for 2 licenses\n"
    )
    assert (one.used, one.queued, len(one.sessions)) == (1, 2, 1)
    assert (one.queue[0].user, one.queue[0].host, one.queue[0].count) == ("bert", "ws02", 2)


def test_what_is_in_use_but_not_seen_is_told_with_its_arithmetic() -> None:
    reading = read(HEAD + heading("mesh", 90, 61) + block("mesh") + checkout("anna ws01 :0") + "\n"
                   + heading("view", 1, 0))  # fmt: skip
    [problem] = [problem for problem in reading.problems if problem.kind is ProblemKind.TOTALS]
    assert problem.message == "61 in use, but 1 seen in 1 checkout and 0 reserved"
    assert (problem.line, problem.feature, problem.vendor) == (15, "mesh", "toold")
    assert reading.verdict is Verdict.COMPLETE
    assert [one.adds_up for one in reading.features] == [False, True]


def test_more_seen_than_in_use_is_told_and_adds_up() -> None:
    reading = read(HEAD + heading("mesh", 90, 1) + block("mesh") + checkout("anna ws01 :0") * 2 + "\n")
    assert [problem.kind for problem in reading.problems] == [ProblemKind.TOTALS]
    assert reading.features[0].adds_up


def test_linger_of_two_numbers_is_left_and_total() -> None:
    left = timedelta(days=2)
    start = datetime(2026, 3, 16, 8, 5, tzinfo=UTC)
    total = int((datetime(2026, 3, 18, 10, 0, 16, tzinfo=UTC) + left - start).total_seconds())
    tail = f", 3 licenses (linger: {int(left.total_seconds())} / {total})"
    one = feature(heading("mesh", 9, 3) + block("mesh") + checkout("anna ws01 :0", start="Mon 3/16 9:05", tail=tail))
    [session] = one.sessions
    assert (session.used, session.linger, one.borrowed) == (3, total, 3)
    assert session.borrow_expires_at
    assert abs(session.borrow_expires_at - datetime(2026, 3, 20, 10, 0, tzinfo=UTC)) < timedelta(minutes=1)


def test_a_borrow_whose_start_was_reset_ends_as_much_later_as_is_left() -> None:
    one = feature(
        heading("mesh", 9, 1) + block("mesh") + checkout("anna ws01 :0", tail=" (linger: 3600 / 900000), PID: 12 ")
    )
    assert one.sessions[0].borrow_expires_at == datetime(2026, 3, 18, 11, 0, tzinfo=UTC)


def test_linger_of_one_number_counts_from_the_checkout_and_zero_is_no_borrow() -> None:
    one = feature(
        heading("mesh", 9, 2)
        + block("mesh")
        + checkout("anna ws01 :0", 1, tail=" (linger: 3600)")
        + checkout("bert ws02 :0", 2, tail=" (linger: 0 / 86400)")
    )
    anna, bert = one.sessions
    assert anna.borrow_expires_at == datetime(2026, 3, 18, 9, 5, tzinfo=UTC)
    assert (bert.borrow_expires_at, bert.linger) == (None, 86_400)
    assert one.borrowed == 1


def test_blocks_without_a_catalogue_are_pools_of_the_heading() -> None:
    one = feature(
        heading("mesh", 30, 3)
        + block("mesh", "12", "01-jan-0000", 'nodelocked license, locked to "ID=1"')
        + checkout("anna ws01 :0", 1)
        + block("mesh", "53", "1-mar-2026")
        + checkout("bert ws02 :0", 2)
        + block("mesh", "9", "15-apr-2026")
        + checkout("carl ws03 :0", 3)
    )
    assert (one.version, one.type, one.version_listed, one.total) == ("53", FeatureType.FLOATING, False, 30)
    assert one.pools == (
        Pool(None, permanent=True, version="12"),
        Pool(None, date(2026, 3, 1), version="53"),
        Pool(None, date(2026, 4, 15), version="9"),
    )
    assert one.expires == date(2026, 4, 15)
    assert [session.user for session in one.sessions] == ["anna", "bert", "carl"]


def test_two_headings_of_one_name_are_two_features_where_their_versions_differ() -> None:
    def text(second: str) -> str:
        return (
            HEAD + heading("mesh", 2, 1) + block("mesh", "1.0") + checkout("anna ws01 :0", 1) + "\n"
            + heading("mesh", 5, 1) + block("mesh", second) + checkout("bert ws02 :0", 2) + "\n"
        )  # fmt: skip

    one, two = read(text("2.0")).features
    assert [(f.version, f.place, f.total, f.used) for f in (one, two)] == [("1.0", 0, 2, 1), ("2.0", 1, 5, 1)]
    [merged] = read(text("1.0")).features
    assert (merged.version, merged.place, merged.total, merged.used) == ("1.0", 0, 7, 2)


def test_a_feature_of_two_daemons_is_two_features() -> None:
    text = HEAD + heading("mesh", 2, 0) + "    other: UP v11.19.5\nFeature usage info:\n\n" + heading("mesh", 3, 0)
    reading = read(text)
    assert [(f.vendor, f.total) for f in reading.features] == [("toold", 2), ("other", 3)]
    assert reading.verdict is Verdict.COMPLETE


def test_a_daemon_that_is_down_makes_the_reading_partial_and_is_named() -> None:
    reading = read(HEAD + heading("mesh", 2, 0) + "    other: The desired vendor daemon is down. (-97,121)\n")
    assert reading.verdict is Verdict.PARTIAL
    assert [(d.vendor, d.status) for d in reading.daemons] == [("toold", Status.UP), ("other", Status.DOWN)]
    [problem] = reading.problems
    assert (problem.kind, problem.vendor) == (ProblemKind.DAEMON, "other")


def test_one_node_of_a_triad_that_is_down_leaves_the_reading_complete() -> None:
    text = HEAD.replace("27000@lic1", "27000@lic1,27000@lic2,27000@lic3").replace(
        "lic1: license server UP (MASTER) v11.19.5\n",
        "lic1: license server UP (MASTER) v11.19.5\nLIC1: license server UP v11.19.5\nlic2: license server DOWN\n"
        'lic3: Cannot connect to license server system. (-15,570:115 "Operation now in progress")\n',
    )
    reading = read(text + heading("mesh", 2, 0))
    assert reading.verdict is Verdict.COMPLETE
    assert [(n.host, n.status, n.role) for n in reading.servers] == [
        ("lic1", Status.UP, "master"),
        ("lic2", Status.DOWN, ""),
        ("lic3", Status.DOWN, ""),
    ]
    assert [problem.kind for problem in reading.problems] == [ProblemKind.SERVER, ProblemKind.SERVER]


def test_a_list_of_addresses_may_go_on_in_the_next_line() -> None:
    text = HEAD.replace("27000@lic1\n", "27000@lic1,27000@lic2,\n    27000@lic3\n")
    assert read(text + heading("mesh", 2, 0)).verdict is Verdict.COMPLETE


@pytest.mark.parametrize(
    "text",
    [
        'Error getting status: Cannot connect to license server. (-15,570:111 "Connection refused")',
        'lmgrd is not running: License server machine is down or not responding. (-96,7:2 "No such file")',
        "Server node is down or not responding (-96,7)",
        "No SERVER lines in license file (-13,66)",
        "Cannot read data from license server system. (-16,287)",
        "lic1: license server DOWN",
        'lic1: Cannot connect to license server system. (-15,570:115 "Operation now in progress")',
    ],
)
def test_error_texts_are_failed_with_a_message_whatever_the_exit_status(text: str) -> None:
    head = "lmutil - Copyright (c) 1989-2024 Flexera.\nFlexible License Manager status on Wed 3/18/2026 11:00\n\n"
    for exit_status in (0, 241):
        reading = read(head + text + "\n", exit_status=exit_status)
        assert (reading.verdict, reading.status) == (Verdict.FAILED, Status.DOWN)
        assert reading.features == ()
        assert reading.problems[0].kind is ProblemKind.SERVER
        assert reading.problems[0].text == text


@pytest.mark.parametrize("text", ["", "\n\n", "Segmentation fault\n", "\0\0\n", "lmstat v11.14.0.1 build 1 x64_lsb\n"])
def test_what_is_no_answer_is_failed(text: str) -> None:
    reading = read(text)
    assert reading.verdict is Verdict.FAILED
    assert reading.problems[0].kind is ProblemKind.TOOL


def test_an_exit_status_that_the_text_does_not_explain_makes_a_reading_partial() -> None:
    reading = read(HEAD + heading("mesh", 2, 0), exit_status=240)
    assert reading.verdict is Verdict.PARTIAL
    assert "exit status 240" in reading.problems[0].message
    assert read(HEAD + heading("mesh", 2, 0), exit_status=None).problems[0].kind is ProblemKind.CUT


def test_a_line_that_is_not_understood_is_kept_with_its_number() -> None:
    reading = read(
        HEAD + heading("mesh", 2, 1) + block("mesh") + "    what is this\n" + checkout("anna ws01 :0") + "\n"
    )
    [problem] = reading.problems
    assert (problem.kind, problem.line, problem.text) == (ProblemKind.LINE, 21, "    what is this")
    assert (problem.vendor, problem.feature) == ("toold", "mesh")
    assert reading.verdict is Verdict.PARTIAL
    assert len(reading.features[0].sessions) == 1


def test_checkouts_under_a_damaged_heading_are_nobodys() -> None:
    text = HEAD + heading("mesh", 2, 1) + block("mesh") + checkout("anna ws01 :0", 1) + "\n"
    for damaged in (heading("view", 2, 1).replace("Users of", "Us#rs of"), "###\n"):
        broken = text + damaged + block("view") + checkout("bert ws02 :0", 2) + "\n"
        reading = read(broken)
        assert [one.name for one in reading.features] == ["mesh"]
        assert [session.user for session in reading.features[0].sessions] == ["anna"]
        assert reading.verdict is Verdict.PARTIAL
        assert len(lines_not_understood(reading)) == 5


def test_absurd_numbers_are_lines_that_are_not_understood() -> None:
    reading = read(HEAD + f"Users of mesh:  (Total of {'9' * 400} licenses issued;  Total of 0 licenses in use)\n")
    assert reading.verdict is Verdict.PARTIAL
    assert lines_not_understood(reading)[0] == 15
    huge = 10**15 - 1
    assert feature(heading("mesh", huge, 0)).total == huge


def test_two_reports_of_one_server_in_one_output_count_once() -> None:
    text = HEAD + heading("mesh", 10, 1) + block("mesh") + checkout("anna ws01 :0") + "\n"
    reading = read(text + text.replace("anna", "bert"))
    [mesh] = reading.features
    assert (mesh.total, [session.user for session in mesh.sessions]) == (10, ["bert"])
    assert reading.verdict is Verdict.PARTIAL
    assert "several reports" in reading.problems[-1].message


def test_reports_of_two_servers_in_one_output_are_both_read() -> None:
    one = HEAD + heading("mesh", 10, 1) + block("mesh") + checkout("anna ws01 :0") + "\n"
    two = HEAD.replace("lic1", "lic2") + heading("mesh", 5, 1) + block("mesh") + checkout("bert ws02 :0") + "\n"
    reading = read(one + "-" * 76 + "\n" + two)
    [mesh] = reading.features
    assert (mesh.total, mesh.used) == (15, 2)
    assert [node.host for node in reading.servers] == ["lic1", "lic2"]
    assert reading.verdict is Verdict.COMPLETE


def test_the_cause_of_a_failure_is_told_first() -> None:
    reading = read(
        "Error getting status: Cannot connect to license server system.\n"
        " The license server manager (lmgrd) has not been started yet,\n"
        " the wrong port@host or license file is being used, or the\n"
        " port or hostname in the license file has been changed.\n"
        "Server name:   10.0.0.7\n"
        'FlexNet Licensing error:-15,10.  System Error: 10061 "WinSock: Connection refused"\n'
    )
    assert reading.verdict is Verdict.FAILED
    assert "check host, port and firewall" in reading.problems[0].message
    assert not lines_not_understood(reading)
