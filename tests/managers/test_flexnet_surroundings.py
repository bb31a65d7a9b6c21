"""What stands around the features of `lmstat -a`: its date, addresses, nodes, vendor daemons and errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from licstats.managers.flexnet.errors import ADVICE
from licstats.managers.reading import Problem, ProblemKind, Reading, ServerNode, Status, Verdict
from tests.managers.lmstat_text import HEAD, NOW, block, checkout, heading, lines_not_understood, read

MESH = heading("mesh", 9, 1) + block("mesh") + checkout("anna ws01 :0") + "\n"
DATE = "Flexible License Manager status on Wed 3/18/2026 11:00"


def with_date(text: str, at: datetime = NOW) -> Reading:
    return read(HEAD.replace(DATE, f"Flexible License Manager status on {text}") + MESH, at=at)


def with_nodes(*lines: str) -> Reading:
    return read(HEAD.replace("lic1: license server UP (MASTER) v11.19.5\n", "".join(f"{x}\n" for x in lines)) + MESH)


def first(reading: Reading, kind: ProblemKind) -> Problem:
    return next(problem for problem in reading.problems if problem.kind is kind)


class TestTheDateOfAReport:
    @pytest.mark.parametrize(
        "text", ["Wed 3/18/2026 11:00", "Wed 03/18/2026 11:00", "wed 3/18/2026 11:00:00", "Wed 3/18/XXXX 11:00"]
    )
    def test_is_read_in_the_zone_of_the_license_server(self, text: str) -> None:
        reading = with_date(text)
        assert (reading.verdict, reading.problems) == (Verdict.COMPLETE, ())
        assert reading.reported_at == datetime(2026, 3, 18, 10, 0, tzinfo=UTC)

    def test_with_a_blanked_year_is_the_newest_one_that_fits(self) -> None:
        reading = with_date("Mon 3/18/XXXX 11:00")
        assert reading.reported_at == datetime(2024, 3, 18, 10, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["Wed 13/18/2026 11:00", "Wed 2/30/2026 11:00", "Wed 3/18/2026 25:00", "Wed 3/18/2026 11:61",
         "Wed 3/18/0000 11:00", "Wed 3/18/1979 11:00", "Wed 3/18/2200 11:00", "Foo 3/18/XXXX 11:00"],
    )  # fmt: skip
    def test_that_is_none_is_told_and_our_clock_takes_its_place(self, text: str) -> None:
        reading = with_date(text)
        [told] = reading.problems
        assert (
            told.message == "The date of the report was not understood: times without a year are taken as of our clock."
        )
        assert (told.kind, told.line) == (ProblemKind.DATE, 2)
        assert told.text == f"Flexible License Manager status on {text}"
        assert reading.reported_at is None
        assert reading.verdict is Verdict.COMPLETE
        assert reading.features[0].sessions[0].checked_out_at == datetime(2026, 3, 18, 8, 5, tzinfo=UTC)

    def test_decides_the_year_of_a_checkout_and_not_our_clock(self) -> None:
        reading = with_date("Wed 3/18/2020 11:00")
        assert reading.reported_at == datetime(2020, 3, 18, 10, 0, tzinfo=UTC)
        assert reading.features[0].sessions[0].checked_out_at == datetime(2020, 3, 18, 8, 5, tzinfo=UTC)

    def test_that_is_there_twice_is_the_one_nearest_to_our_clock(self) -> None:
        for hour in (0, 1):
            at = datetime(2025, 10, 26, hour, 31, tzinfo=UTC)
            assert with_date("Sun 10/26/2025 2:30", at=at).reported_at == at - timedelta(minutes=1)

    def test_that_is_missing_leaves_our_clock(self) -> None:
        reading = read(HEAD.replace(f"{DATE}\n", "") + MESH)
        assert (reading.reported_at, reading.verdict) == (None, Verdict.COMPLETE)
        assert reading.features[0].sessions[0].checked_out_at == datetime(2026, 3, 18, 8, 5, tzinfo=UTC)


class TestAddresses:
    def spread(self, *lines: str) -> Reading:
        return read(HEAD.replace("License server status: 27000@lic1\n", "".join(f"{x}\n" for x in lines)) + MESH)

    def test_a_list_that_ends_with_a_comma_goes_on_line_by_line(self) -> None:
        reading = self.spread("License server status: 27000@a,", "  27000@b,", "27000@lic1")
        assert (reading.verdict, reading.problems) == (Verdict.COMPLETE, ())

    @pytest.mark.parametrize(
        "lines",
        [
            ("License server status: 27000@a,27000@b", "27000@lic1"),  # the list is closed
            ("License server status: 27000@a,", "what is this"),
            ("License server status: 27000@a,", "27000@b", "27000@c"),  # closed by the line before
        ],
    )
    def test_what_does_not_belong_to_a_list_is_told(self, lines: tuple[str, ...]) -> None:
        reading = self.spread(*lines)
        assert [problem.text for problem in reading.problems] == [lines[-1]]
        assert reading.verdict is Verdict.PARTIAL

    def test_a_list_does_not_go_on_below_its_nodes(self) -> None:
        head = HEAD.replace("27000@lic1\n", "27000@lic1,\n").replace("v11.19.5\n\nV", "v11.19.5\n27000@b\n\nV")
        assert [problem.text for problem in read(head + MESH).problems] == ["27000@b"]

    @pytest.mark.parametrize("address", ["lic1", "port@lic1", "[port]@lic1", "a,b,c", ""])
    def test_addresses_are_printed_in_more_than_one_way(self, address: str) -> None:
        assert self.spread(f" License server status: {address}").problems == ()


class TestNodes:
    @pytest.mark.parametrize(
        ("line", "node"),
        [
            ("lic1: license server UP v11.19.5", ServerNode("lic1", Status.UP, "", "11.19.5")),
            ("     lic1: license server UP (MASTER) v11.19", ServerNode("lic1", Status.UP, "master", "11.19")),
            ("lic1: license server UP", ServerNode("lic1", Status.UP)),
            ("LIC1: LICENSE SERVER UP (MASTER) V11.19.5", ServerNode("LIC1", Status.UP, "master", "11.19.5")),
            (": license server UP (MASTER) v11.19.5", ServerNode("", Status.UP, "master", "11.19.5")),
        ],
    )
    def test_one_that_is_up(self, line: str, node: ServerNode) -> None:
        reading = with_nodes(line)
        assert (reading.servers, reading.problems) == ((node,), ())

    def test_one_that_is_printed_twice_is_one_with_all_that_was_said_of_it(self) -> None:
        lines = ("LIC1: license server UP", "lic1: license server UP (MASTER) v11.19.5", "Lic1: license server UP")
        assert with_nodes(*lines).servers == (ServerNode("LIC1", Status.UP, "master", "11.19.5"),)

    def test_one_that_is_up_and_down_is_shown_as_both(self) -> None:
        reading = with_nodes("lic1: license server UP v11.19.5", "lic1: license server DOWN")
        assert [(node.host, node.status) for node in reading.servers] == [("lic1", Status.UP), ("lic1", Status.DOWN)]

    def test_one_that_is_down_is_told_by_its_name(self) -> None:
        reading = with_nodes("lic1: license server UP", "  lic2: license server DOWN  ", ": license server DOWN")
        down = [problem for problem in reading.problems if problem.kind is ProblemKind.SERVER]
        assert [problem.message for problem in down] == ["lic2 is down.", "The license server is down."]
        assert (down[0].line, down[0].text) == (9, "lic2: license server DOWN")
        assert reading.verdict is Verdict.COMPLETE

    def test_one_that_does_not_answer_is_told_with_what_to_do(self) -> None:
        why = 'Cannot connect to license server system. (-15,570:115 "Operation now in progress")'
        reading = with_nodes("lic1: license server UP", f"lic2: {why}")
        assert first(reading, ProblemKind.SERVER).message == f"lic2 did not answer: {why} - {ADVICE[15]}."

    def test_all_of_them_down_is_no_whole_reading_though_features_are_listed(self) -> None:
        assert with_nodes("lic1: license server DOWN").verdict is Verdict.PARTIAL

    def test_the_nodes_of_another_license_server_do_not_stand_in_for_one_that_is_down(self) -> None:
        other = HEAD.replace("lic1: license server UP (MASTER) v11.19.5", "lic2: license server DOWN")
        reading = read(HEAD + MESH + "-" * 76 + "\n" + other + MESH)
        assert reading.verdict is Verdict.PARTIAL


class TestVendorDaemons:
    def below(self, line: str) -> Reading:
        return read(HEAD + MESH + f"{line}\n")

    @pytest.mark.parametrize("line", ["other: DOWN", "      other: DOWN ", "other: down v11.19"])
    def test_one_that_is_down_is_told_with_what_to_do(self, line: str) -> None:
        told = first(self.below(line), ProblemKind.DAEMON)
        assert told.message == f"The vendor daemon other is down: {ADVICE[97]}."
        assert (told.vendor, told.text) == ("other", line.strip())

    def test_one_that_does_not_answer_is_told_with_the_text_of_the_tool(self) -> None:
        line = 'other: Cannot connect to license server system. (-15,578:10049 "WinSock: Invalid address")'
        reading = self.below(line)
        told = first(reading, ProblemKind.DAEMON)
        assert told.message == f"The vendor daemon other did not answer: {line.partition(': ')[2]} - {ADVICE[15]}."
        assert [(daemon.vendor, daemon.status) for daemon in reading.daemons] == [
            ("toold", Status.UP),
            ("other", Status.DOWN),
        ]
        assert reading.verdict is Verdict.PARTIAL

    def test_a_text_without_a_code_has_no_advice(self) -> None:
        told = first(self.below("other: The desired vendor daemon is down."), ProblemKind.DAEMON)
        assert told.message == "The vendor daemon other did not answer: The desired vendor daemon is down."

    def test_features_below_a_daemon_are_its_own_though_the_header_is_not_repeated(self) -> None:
        reading = read(HEAD + MESH + "  other: UP v11.18.0\nFeature usage info:\n\n" + MESH)
        assert [(one.vendor, one.name, one.used) for one in reading.features] == [
            ("toold", "mesh", 1),
            ("other", "mesh", 1),
        ]
        assert [daemon.version for daemon in reading.daemons] == ["11.19.5", "11.18.0"]

    @pytest.mark.parametrize(
        ("end", "awaits"),
        [
            ("Flexible License", ""),
            ("License server status:", "the state of the license server"),
            ("Vendor daemon status", "the vendor daemons"),
            ("     toold: UP", "the vendor daemons"),
            ("Feature usage info:", "the features of toold"),
        ],
    )
    def test_a_report_that_ends_before_them_says_before_what(self, end: str, awaits: str) -> None:
        reading = read(HEAD[: HEAD.index(end)])
        if not awaits:
            assert reading.verdict is Verdict.FAILED
        elif "state" in awaits:
            assert reading.problems[0].message.startswith("The answer ends before the state of the license server")
        else:
            assert first(reading, ProblemKind.CUT).message.startswith(
                f"The output ends before {awaits}: it was cut off"
            )


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('Error getting status: Cannot connect to license server system. (-15,10:10061 "WinSock: refused")', 15),
            ('Error getting status: Cannot connect to license server (-15,570:111 "Connection refused")', 15),
            ("Cannot read data from license server system. (-16,287)", 16),
            ("No SERVER lines in license file (-13,66)", 13),
            ("lmgrd is not running: License server machine is down or not responding. (-96,7)", 96),
            ("Invalid license file syntax. (-2,413)", 2),
            ("FLEXnet Licensing error:-25,234", 0),
            ("FlexNet Licensing error:-97,121", 97),
        ],
    )
    def test_each_is_told_with_what_to_do_where_that_is_known(self, text: str, code: int) -> None:
        reading = read(f"{DATE}\n\n{text}\n")
        [told] = reading.problems
        assert reading.verdict is Verdict.FAILED
        assert told.message == (f"{text} - {ADVICE[code]}." if code else text)
        assert (told.kind, told.line, told.text) == (ProblemKind.SERVER, 3, text)
        assert reading.reported_at == NOW

    def test_one_below_features_makes_the_reading_partial(self) -> None:
        reading = read(HEAD + MESH + "Cannot read data from license server system. (-16,287)\n")
        assert reading.verdict is Verdict.PARTIAL
        assert len(reading.features) == 1
        assert first(reading, ProblemKind.SERVER).message.endswith(f"{ADVICE[16]}.")

    def test_that_a_feature_is_not_there_is_nobodys_before_any_heading(self) -> None:
        reading = read(HEAD + "No such feature exists.\n" + MESH)
        [told] = reading.problems
        assert told.message == "This line belongs to no feature: its heading is missing or was not understood."
        assert lines_not_understood(reading) == [15]

    @pytest.mark.parametrize(
        ("exit_status", "says"),
        [(241, f"exit status 241 (-15): {ADVICE[15]}."), (159, f"exit status 159 (-97): {ADVICE[97]}.")],
    )
    def test_where_the_tool_says_nothing_its_exit_status_does(self, exit_status: int, says: str) -> None:
        for text in ("", "lmutil - Copyright (c) 1989-2024 Flexera.\n"):
            [told] = read(text, exit_status=exit_status).problems
            assert told.message == f"The tool ended with {says}"

    @pytest.mark.parametrize("exit_status", [0, 1, 127, 255])
    def test_an_exit_status_that_means_nothing_is_not_explained(self, exit_status: int) -> None:
        told = read("", exit_status=exit_status).problems[0].message
        expected = f"The tool ended with exit status 255 (-1): {ADVICE[1]}." if exit_status == 255 else "Run it by hand"
        assert expected in told


def test_the_zone_of_a_report_is_that_of_its_license_server() -> None:
    reading = read(HEAD + MESH, zone=ZoneInfo("Asia/Tokyo"))
    assert reading.reported_at == datetime(2026, 3, 18, 2, 0, tzinfo=UTC)
