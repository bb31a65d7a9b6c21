"""Each shape of a line of `lmxendutil -licstat`, and what is said where one is not as it should be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.reading import (
    FeatureReading,
    FeatureType,
    Problem,
    ProblemKind,
    Reading,
    SessionReading,
    Verdict,
)
from licstats.managers.registry import MANAGERS
from tests.managers.test_lmx import BANNER, NOW, checkout, feature, read, server

HEAD = BANNER + server()
written = st.from_regex(r"\A[0-9]{4}-[01][0-9]-[0-3][0-9] [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?\Z") | st.datetimes(
    datetime(1970, 1, 1), datetime(2210, 1, 1)
).map("{:%Y-%m-%d %H:%M:%S}".format)
END = feature("last", 0, 1)  # so that nothing before it is the end


def only(text: str) -> FeatureReading:
    """The first feature of an answer that is complete."""
    reading = read(HEAD + text + END)
    assert (reading.verdict, reading.problems) == (Verdict.COMPLETE, ())
    return reading.features[0]


def session(line: str, times: str = "Login time: 2026-03-18 09:26   Checkout time: 2026-03-18 09:29") -> SessionReading:
    [one] = only(feature("mesh", 1, 9, f"\n{line}\n{times}\n")).sessions
    return one


def problem(text: str) -> Problem:
    """The first problem of a partial reading."""
    reading = read(HEAD + text + END)
    assert reading.verdict is Verdict.PARTIAL
    return reading.problems[0]


class TestWhoUsesALicense:
    @pytest.mark.parametrize(
        ("who", "user", "host", "ip"),
        [
            ("anna@ws01 [10.0.0.7]", "anna", "ws01", "10.0.0.7"),
            ("anna@ws01", "anna", "ws01", ""),
            ("anna@ws01 []", "anna", "ws01", ""),
            ("anna@ws01[::1]:", "anna", "ws01", "::1"),
            ("anna@example.com@ws01 [10.0.0.7]", "anna@example.com", "ws01", "10.0.0.7"),
            ("Anna van Berg@ws 01 [10.0.0.7] ", "Anna van Berg", "ws 01", "10.0.0.7"),
            ("an[n]a@ws01 [10.0.0.7]", "an[n]a", "ws01", "10.0.0.7"),
            ("@ws01 [10.0.0.7]", "", "ws01", "10.0.0.7"),
            ("anna@ [10.0.0.7]", "anna", "", "10.0.0.7"),
            ("DOM\\żaneta@ws'\"01 [10.0.0.7]", "DOM\\żaneta", "ws'\"01", "10.0.0.7"),
            ("\u202eanna\u202c@ws01 [10.0.0.7]", "\u202eanna\u202c", "ws01", "10.0.0.7"),
            (f"{'a' * 500}@{'w' * 500} [10.0.0.7]", "a" * 500, "w" * 500, "10.0.0.7"),
        ],
    )
    def test_user_host_and_address_are_told_apart(self, who: str, user: str, host: str, ip: str) -> None:
        one = session(f"1 license(s) used by {who}")
        assert (one.user, one.host, one.ip, one.raw) == (user, host, ip, f"{user}@{host}")

    @pytest.mark.parametrize("line", ["1 license used by a@b", "  1 licenses used by a@b", "1 LICENSE(S) USED BY a@b"])
    def test_licenses_are_written_in_more_than_one_way(self, line: str) -> None:
        assert session(line).used == 1

    def test_the_same_user_on_the_same_host_may_hold_several(self) -> None:
        mesh = only(feature("mesh", 5, 9, checkout(count=2) + checkout(count=3)))
        assert [one.used for one in mesh.sessions] == [2, 3]

    def test_a_checkout_without_its_times_is_told_and_is_none(self) -> None:
        lost = "\n1 license(s) used by eve@ws09 [10.0.0.9]\n"
        reading = read(HEAD + feature("mesh", 2, 9, lost + checkout()) + feature("solver", 1, 9, lost) + END)
        assert [[one.user for one in each.sessions] for each in reading.features] == [["anna"], [], []]
        told = [each for each in reading.problems if each.kind is ProblemKind.LINE]
        assert {each.message for each in told} == {"The times of this checkout are missing."}
        assert [each.text for each in told] == [lost.strip()] * 2
        assert [each.feature for each in told] == ["mesh", "solver"]

    def test_times_without_a_checkout_are_told(self) -> None:
        times = "    Login time: 2026-03-18 09:26   Checkout time: 2026-03-18 09:29"
        told = problem(feature("mesh", 1, 9, checkout() + times + "\n"))
        assert (told.message, told.text) == ("These times belong to no checkout.", times.strip())


class TestTimes:
    @pytest.mark.parametrize(
        ("times", "expected"),
        [
            ("Checkout time: 2026-03-18 09:29", datetime(2026, 3, 18, 8, 29, tzinfo=UTC)),
            ("Login time: 2026-03-18 9:26\tCheckout time: 2026-03-18 9:29:58",
             datetime(2026, 3, 18, 8, 29, 58, tzinfo=UTC)),
            ("Checkout time: 2026-03-18 00:00:00 ", datetime(2026, 3, 17, 23, 0, tzinfo=UTC)),
            ("Checkout time: 2026-07-18 23:59:59", datetime(2026, 7, 18, 21, 59, 59, tzinfo=UTC)),
        ],
    )  # fmt: skip
    def test_those_of_a_checkout_are_in_the_zone_of_the_license_server(self, times: str, expected: datetime) -> None:
        one = session("1 license(s) used by anna@ws01", times)
        assert (one.checked_out_at, one.borrow_expires_at) == (expected, None)

    @pytest.mark.parametrize("words", ["Borrow expire time", "Borrow expires", "BORROWED UNTIL"])
    def test_a_borrowed_license_has_its_end_in_their_place(self, words: str) -> None:
        lines = f"\n3 license(s) used by anna@ws01\n    {words}: 2026-03-25 18:00\n"
        mesh = only(feature("mesh", 4, 9, lines + checkout("bert@ws02")))
        anna, bert = mesh.sessions
        assert (anna.checked_out_at, anna.borrow_expires_at) == (None, datetime(2026, 3, 25, 17, 0, tzinfo=UTC))
        assert bert.borrow_expires_at is None
        assert (mesh.used, mesh.borrowed) == (4, 3)

    def test_a_borrowed_license_may_say_when_it_was_taken(self) -> None:
        one = session("1 license(s) used by a@b", "Login time: 2026-03-18 09:26 Borrow expire time: 2026-03-25 18:00")
        assert one.checked_out_at == datetime(2026, 3, 18, 8, 26, tzinfo=UTC)
        assert one.borrow_expires_at == datetime(2026, 3, 25, 17, 0, tzinfo=UTC)

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
    @pytest.mark.parametrize(
        "time",
        [
            *("0000-01-01 00:00", "0001-01-01 00:00", "9999-12-31 23:59", "2026-02-30 09:00", "2026-13-01 09:00"),
            *("2026-03-18 24:00", "2026-03-18 09:60", "2026-03-18 09:00:60", "1979-12-31 23:59", "2200-01-01 00:00"),
        ],
    )
    @pytest.mark.parametrize("word", ["Checkout", "Borrow expire"])
    def test_what_is_no_time_is_told_with_its_line(self, word: str, time: str, zone: str) -> None:
        line = f"    {word} time: {time}"
        text = HEAD + feature("mesh", 1, 9, f"\n1 license(s) used by anna@ws01\n{line}\n") + END
        reading = MANAGERS["lmx"].read({STATUS: Output(text)}, NOW, ZoneInfo(zone))
        told = reading.problems[0]
        assert (told.message, told.text) == ("These are no times.", line.strip())
        assert told.line == text[: text.index(line)].count("\n") + 1
        assert reading.features[0].sessions == ()

    @settings(max_examples=60, deadline=None)
    @given(written, st.sampled_from(["Asia/Tokyo", "America/Adak"]))
    def test_of_any_digits_a_time_is_read_as_it_is_written_or_told(self, time: str, zone: str) -> None:
        text = HEAD + feature("mesh", 1, 9, checkout(at=time)) + END
        reading = MANAGERS["lmx"].read({STATUS: Output(text)}, NOW, ZoneInfo(zone))
        found = reading.features[0].sessions
        if not found:
            assert reading.problems[0].message in {"These are no times.", "This line was not understood."}
            return
        day, _, clock = time.partition(" ")
        clocks = datetime.fromisoformat(f"{day} {clock.rjust(5 if clock.count(':') == 1 else 8, '0')}")
        assert found[0].checked_out_at
        back = found[0].checked_out_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert abs(back - clocks) in {timedelta(0), timedelta(hours=1)}  # an hour where the clocks were put forward


class TestFeatures:
    @pytest.mark.parametrize(
        ("line", "name", "version", "vendor"),
        [
            ("Feature: mesh Version: 21.0 Vendor: TOOLS", "mesh", "21.0", "TOOLS"),
            ("  FEATURE:  two words   VERSION: 1-b  VENDOR: Two Words ", "two words", "1-b", "Two Words"),
            ("Feature: a Version: b Version: 2 Vendor: V", "a Version: b", "2", "V"),
            ("Feature: <i>'\"&; Version: 2 Vendor: V", "<i>'\"&;", "2", "V"),
            (f"Feature: {'f' * 500} Version: 2 Vendor: V", "f" * 500, "2", "V"),
            ("Feature: a Version: 2 Vendor: ", "a", "2", ""),
        ],
    )
    def test_a_heading_names_feature_version_and_vendor(self, line: str, name: str, version: str, vendor: str) -> None:
        one = only(feature("X", 0, 5).replace("Feature: X Version: 21.0 Vendor: TOOLS", line))
        assert (one.name, one.version, one.vendor) == (name, version, vendor)

    @pytest.mark.parametrize(
        ("key", "kind"),
        [
            ("EXCLUSIVE", FeatureType.FLOATING),
            ("TOKEN", FeatureType.TOKEN),
            ("Exclusive, token dependent", FeatureType.TOKEN),
            ("", FeatureType.FLOATING),
        ],
    )
    def test_tokens_are_a_type_of_their_own(self, key: str, kind: FeatureType) -> None:
        assert only(feature("mesh", 0, 5).replace("Key type: EXCLUSIVE", f"Key type: {key}")).type is kind

    @pytest.mark.parametrize(("total", "shown"), [(2_147_483_647, None), (2_147_483_646, 2_147_483_646), (0, 0)])
    def test_only_the_highest_total_is_none(self, total: int, shown: int | None) -> None:
        assert only(feature("mesh", 0, total)).total == shown

    @pytest.mark.parametrize(
        ("expires", "day", "permanent"),
        [("2026-12-31", date(2026, 12, 31), False), ("NONE", None, True), ("9999-12-31", date(9999, 12, 31), False)],
    )
    def test_it_expires_on_a_day_or_never(self, expires: str, day: date | None, permanent: bool) -> None:
        one = only(feature("mesh", 0, 5, expires=expires))
        assert (one.expires, one.permanent) == (day, permanent)

    def test_a_day_that_is_none_is_told_and_leaves_the_reading_complete(self) -> None:
        reading = read(HEAD + feature("mesh", 0, 5, expires="2026-02-30") + END)
        [told] = reading.problems
        assert (told.kind, told.message, told.feature) == (ProblemKind.DATE, "'2026-02-30' is not a date.", "mesh")
        assert reading.verdict is Verdict.COMPLETE
        assert (reading.features[0].expires, reading.features[0].permanent) == (None, False)

    def test_without_the_line_of_its_figures_its_use_is_unknown(self) -> None:
        text = feature("mesh", 0, 5).replace("0 of 5 license(s) used\n", "")
        told = problem(text)
        assert told.message == "The line that tells how many licenses of mesh are used is missing."
        assert (told.text, told.vendor) == ("Feature: mesh Version: 21.0 Vendor: TOOLS", "TOOLS")
        one = read(HEAD + text + END).features[0]
        assert (one.used, one.total, one.adds_up) == (None, None, False)

    def test_a_second_pool_whose_use_is_unknown_makes_that_of_the_feature_unknown(self) -> None:
        second = feature("mesh", 0, 4).replace("0 of 4 license(s) used\n", "")
        one = read(HEAD + feature("mesh", 1, 5, checkout()) + second + END).features[0]
        assert (one.used, len(one.sessions)) == (None, 1)

    @pytest.mark.parametrize(
        "line",
        [
            "5 of 9 license(s) used:",
            "Start date: 2025-02-17 Expire date: NONE",
            "Key type: EXCLUSIVE",
            "1 license(s) used by anna@ws01",
            "Checkout time: 2026-03-18 09:29",
        ],
    )
    def test_what_stands_before_any_heading_is_nobodys(self, line: str) -> None:
        told = problem(f"{line}\n")
        message = "This line belongs to no feature: its heading was not understood."
        assert (told.kind, told.line, told.text, told.message) == (ProblemKind.LINE, 8, line, message)

    def test_licenses_of_several_servers_that_differ_are_told_and_the_first_one_counts(self) -> None:
        reading = read(BANNER + server("a") + feature("mesh", 1, 9, checkout()) + server("b") + feature("mesh", 0, 9))
        [told] = reading.problems
        assert told.message == "mesh is listed by several servers, with 0 used here; the first one counts."
        assert (told.kind, reading.features[0].used) == (ProblemKind.TOTALS, 1)

    def test_more_seen_than_used_is_told_and_adds_up(self) -> None:
        reading = read(HEAD + feature("mesh", 1, 9, checkout() + checkout("bert@ws02")) + END)
        assert [told.message for told in reading.problems] == ["1 in use, but 2 seen in 2 checkouts"]
        assert reading.features[0].adds_up


class TestTheEnd:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (BANNER + "LM-X License Server on 6200@lic1:\n", "the state of the license server: it was cut off"),
            (HEAD, "The output ends before the features of lic1: it was cut off."),
            (HEAD + "-" * 40 + "\nFeature: mesh Version: 1 Vendor: V\n", "mesh: None used, but only 0 seen"),
            (HEAD + feature("mesh", 3, 9, checkout()), "ends in mesh: 3 used, but only 1 seen before the end."),
            (HEAD + feature("mesh", 3, 9, checkout())[:-1], "which was not read"),
        ],
    )  # fmt: skip
    def test_an_answer_that_is_cut_says_before_what(self, text: str, says: str) -> None:
        reading = read(text)
        assert reading.verdict is not Verdict.COMPLETE
        assert any(says in told.message for told in reading.problems), reading.problems

    def test_without_the_last_line_end_it_is_whole_only_where_the_figures_say_so(self) -> None:
        exact = (HEAD + feature("mesh", 1, 9, checkout()))[:-1]
        assert read(exact).verdict is Verdict.COMPLETE
        more = (HEAD + feature("mesh", 0, 9, checkout()))[:-1]
        assert [told.kind for told in read(more).problems if told.kind is ProblemKind.CUT] == [ProblemKind.CUT]

    def test_features_that_are_not_there_any_more_are_counted(self) -> None:
        names, memo = ["mesh", "solver", "view", "cad"], Memo()
        read(HEAD + "".join(feature(name, 0, 1) for name in names), memo)
        told = read(HEAD + feature("mesh", 0, 1), memo).problems[0]
        assert told.message.startswith("The output ends before solver and 2 more features that the reading before had")
        assert (told.feature, told.vendor) == ("solver", "TOOLS")

    def test_a_tool_that_was_killed_is_no_whole_answer(self) -> None:
        whole = HEAD + feature("mesh", 0, 1)
        for status in (None, -9):
            [told] = read(whole, exit_status=status).problems
            assert (told.kind, told.message) == (ProblemKind.CUT, "The tool was killed before it ended.")

    def test_an_exit_status_that_nothing_explains_is_told(self) -> None:
        reading = read(HEAD + feature("mesh", 0, 1), exit_status=3)
        assert reading.problems[0].message == "The tool ended with exit status 3, though its answer tells no error."
        assert reading.verdict is Verdict.PARTIAL


class TestFailures:
    @pytest.mark.parametrize(
        ("text", "exit_status", "says"),
        [
            ("", 0, "The tool printed nothing that tells the state of a license server. Run it by hand"),
            ("", 5, "Run it by hand to see why. (exit status 5)"),
            ("what is this\n", 0, "This is not an answer of lmxendutil -licstat. Is LICSTATS_LMXENDUTIL the path"),
            ("XF Error: Unable to connect to license server!\n", 1, "XF Error: Unable to connect to license server: "),
            ("LM-X license server(s):\nThere are no license server(s) available.\n", 0, "check the address, "),
        ],
    )  # fmt: skip
    def test_each_says_what_happened_and_what_to_do(self, text: str, exit_status: int, says: str) -> None:
        reading = read(text, exit_status=exit_status)
        assert reading.verdict is Verdict.FAILED
        assert says in reading.problems[0].message

    def test_a_failure_names_the_machine_that_did_not_answer(self) -> None:
        down = "+" * 40 + "\nLM-X License Server on 6200@b:\n\nXF Error: Unable to connect to license server!\n"
        told = read(HEAD + feature("mesh", 0, 9) + down).problems[0]
        assert told.message.startswith("b: XF Error: Unable to connect to license server: check the address")
        assert told.text == "XF Error: Unable to connect to license server!"

    def test_that_the_query_failed_is_its_only_problem(self) -> None:
        reading = MANAGERS["lmx"].read({STATUS: Output("x", None, "time-out after 15 s")}, NOW, ZoneInfo("UTC"))
        assert [(told.kind, told.message) for told in reading.problems] == [(ProblemKind.TOOL, "time-out after 15 s")]
        never = MANAGERS["lmx"].read({}, NOW, ZoneInfo("UTC"))
        assert never.problems[0].message == "the status was not asked"


class TestWithAMemo:
    def again(self, memo: Memo, text: str, at: datetime = NOW, zone: str = "Europe/Warsaw") -> Reading:
        reading = MANAGERS["lmx"].read({STATUS: Output(text)}, at, ZoneInfo(zone), memo)
        assert reading == MANAGERS["lmx"].read({STATUS: Output(text)}, at, ZoneInfo(zone))
        return reading

    def test_a_new_day_lets_pools_expire(self) -> None:
        text = HEAD + feature("mesh", 0, 9, expires="2026-03-18") + feature("mesh", 0, 4, expires="2026-12-31") + END
        memo = Memo()
        assert self.again(memo, text).features[0].total == 13
        assert self.again(memo, text, NOW + timedelta(days=1)).features[0].total == 4

    def test_another_zone_is_another_time(self) -> None:
        text, memo = HEAD + feature("mesh", 1, 9, checkout()) + END, Memo()
        here, there = (self.again(memo, text, zone=zone).features[0] for zone in ("Europe/Warsaw", "Asia/Tokyo"))
        assert here.sessions[0].checked_out_at != there.sessions[0].checked_out_at

    def test_problems_of_a_feature_that_moved_name_its_new_lines(self) -> None:
        odd, memo = feature("mesh", 1, 9, checkout() + "what is this\n"), Memo()
        first, second = self.again(memo, HEAD + odd + END), self.again(memo, HEAD + feature("cad", 0, 1) + odd + END)
        assert first.problems[0].line
        assert second.problems[0].line == first.problems[0].line + feature("cad", 0, 1).count("\n")

    def test_a_feature_that_lost_a_pool_has_it_no_more(self) -> None:
        pools, memo = [feature("mesh", 0, 9), feature("mesh", 0, 4, expires="NONE")], Memo()
        assert self.again(memo, HEAD + "".join(pools) + END).features[0].total == 13
        assert self.again(memo, HEAD + pools[0] + END).features[0].total == 9


def test_line_ends_and_letter_case_change_nothing() -> None:
    text = HEAD + feature("MESH", 1, 9, checkout("ANNA@WS01")) + END
    plain = read(text)
    assert read(text.replace("\n", "\r\n")).features == plain.features
    assert read(text.replace("\n", "\r\r\n", 20)).features == plain.features
    upper = read(text.upper())
    assert (upper.verdict, upper.features[0].sessions[0].checked_out_at) == (
        Verdict.COMPLETE,
        plain.features[0].sessions[0].checked_out_at,
    )
