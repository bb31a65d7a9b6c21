"""What a FlexNet reading is worth in the end, and what is said about it; all that lmstat -i adds to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.flexnet import FlexNet
from licstats.managers.flexnet.catalogue import Catalogue, is_catalogue
from licstats.managers.flexnet.errors import ADVICE
from licstats.managers.problems import Problems, line_problem
from licstats.managers.reading import FeatureType, Problem, ProblemKind, Reading, Verdict
from licstats.managers.tails import missing_tail
from tests.managers.lmstat_text import HEAD, NOW, ZONE, block, checkout, heading, read
from tests.managers.test_flexnet_catalogue import VENDOR_LAST, listed, with_catalogue

IDLE = heading("mesh", 9, 0)


def told(reading: Reading, kind: ProblemKind) -> list[str]:
    return [problem.message for problem in reading.problems if problem.kind is kind]


class TestExitStatuses:
    @pytest.mark.parametrize(
        ("exit_status", "says"),
        [
            (1, "The tool ended with exit status 1, though its answer tells no error."),
            (127, "The tool ended with exit status 127, though its answer tells no error."),
            (159, f"The tool ended with exit status 159: {ADVICE[97]}, though its answer tells no error."),
        ],
    )
    def test_one_that_the_answer_does_not_explain_is_told(self, exit_status: int, says: str) -> None:
        reading = read(HEAD + IDLE, exit_status=exit_status)
        assert (told(reading, ProblemKind.TOOL), reading.verdict) == ([says], Verdict.PARTIAL)

    @pytest.mark.parametrize("line", ["other: DOWN\n", "what is this\n", "Cannot read data from it (-16,287)\n"])
    def test_one_that_the_answer_explains_is_not_told_again(self, line: str) -> None:
        assert told(read(HEAD + IDLE + line, exit_status=240), ProblemKind.TOOL) == []

    def test_that_figures_differ_explains_none(self) -> None:
        reading = read(HEAD + heading("mesh", 9, 2) + block("mesh") + checkout("a b c") + "\n" + IDLE, exit_status=240)
        assert len(told(reading, ProblemKind.TOOL)) == 1

    @pytest.mark.parametrize("exit_status", [None, -9])
    def test_a_tool_that_was_killed_gave_no_whole_answer(self, exit_status: int | None) -> None:
        reading = read(HEAD + IDLE, exit_status=exit_status)
        assert told(reading, ProblemKind.CUT) == ["The tool was killed before it ended."]
        assert reading.verdict is Verdict.PARTIAL


class TestTheEnd:
    USED = heading("mesh", 9, 2) + block("mesh") + checkout("a b c", 1) + checkout("d e f", 2)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (heading("mesh", 9, 3) + block("mesh") + checkout("a b c"), "in mesh: 3 in use, but only 1 seen before"),
            (heading("mesh", 9, 1) + block("mesh") + checkout("a b c", 1) + checkout("d e f", 2),
             "ends in a checkout of mesh, without the empty line that follows the last one"),
            ("Users of mesh:  (Uncounted, node-locked)\n\n" + block("mesh") + checkout("a b c"),
             "ends in a checkout of mesh, without the empty line"),
        ],
    )  # fmt: skip
    def test_a_report_that_may_be_cut_says_where(self, text: str, says: str) -> None:
        reading = read(HEAD + text)
        [message] = told(reading, ProblemKind.CUT)
        assert says in message
        [cut] = [problem for problem in reading.problems if problem.kind is ProblemKind.CUT]
        assert (cut.line, cut.text) == ((HEAD + text).count("\n"), text.rstrip().rpartition("\n")[2].strip())

    @pytest.mark.parametrize("end", ["", "\n", "\n\n", " \n"])
    def test_figures_that_fit_prove_it_whole(self, end: str) -> None:
        assert read(HEAD + self.USED + end).verdict is Verdict.COMPLETE

    def test_a_reservation_counts_among_what_was_seen(self) -> None:
        reserved = "\t1 RESERVATION for GROUP cad (lic1/27000)\n"
        assert read(HEAD + heading("mesh", 9, 2) + block("mesh") + checkout("a b c") + reserved).problems == ()

    def test_a_last_line_without_its_end_is_read_only_where_the_figures_need_it(self) -> None:
        whole = read((HEAD + self.USED)[:-1])
        assert (whole.verdict, len(whole.features[0].sessions)) == (Verdict.COMPLETE, 2)
        more = read((HEAD + self.USED + checkout("g h i", 3))[:-1])
        assert len(more.features[0].sessions) == 2
        assert told(more, ProblemKind.CUT) == ["The output ends in the middle of this line, which was not read."]

    @pytest.mark.parametrize(
        ("now", "says"),
        [
            ("abc", "The output ends before d, a feature that the reading before had: it may have been cut off."),
            ("ab", "The output ends before c and 1 more feature that the reading before had: it may"),
            ("a", "The output ends before b and 2 more features that the reading before had: it may"),
            ("", ""),
            ("abcd", ""),
            ("abcde", ""),
            ("acd", ""),
            ("bcd", ""),
        ],
    )
    def test_an_answer_that_is_the_beginning_of_the_one_before_may_be_cut(self, now: str, says: str) -> None:
        found = missing_tail([("v", name) for name in "abcd"], [("v", name) for name in now])
        assert (found.message if found else "").startswith(says)
        assert bool(found) is bool(says)
        if found:
            assert (found.kind, found.vendor, found.feature) == (ProblemKind.CUT, "v", "abcd"[len(now)])


class TestManyProblems:
    @pytest.mark.parametrize(
        ("more", "says"),
        [
            (0, ""),
            (1, "1 more line was not understood, the last of them line 10001."),
            (7, "7 more lines were not understood, the last of them line 10007."),
        ],
    )
    def test_of_lines_the_first_ten_thousand_are_kept_and_the_rest_counted(self, more: int, says: str) -> None:
        problems = Problems()
        for line in range(1, 10_001 + more):
            problems.add(line_problem(line, "odd", "not understood"))
        problems.add(Problem(ProblemKind.DAEMON, "down"))
        found = problems.all()
        assert [problem.line for problem in found[:10_000]] == list(range(1, 10_001))
        assert found[10_000].message == "down"
        assert [problem.message for problem in found[10_001:]] == ([says] if says else [])

    def test_of_a_line_its_first_thousand_characters_are_kept(self) -> None:
        assert line_problem(1, "x" * 1_001, "long").text == "x" * 1_000


class TestReports:
    def text(self, name: str) -> str:
        return HEAD + heading("mesh", 9, 1) + block("mesh") + checkout(f"{name} b c") + "\n"

    def test_several_of_one_license_server_are_told_with_how_many_features_repeat(self) -> None:
        other = heading("view", 1, 0)
        one = read(self.text("a") + self.text("b"))
        assert told(one, ProblemKind.LINE)[0].endswith("of 1 feature the last one counts.")
        two = read(self.text("a") + other + self.text("b") + other)
        assert told(two, ProblemKind.LINE)[0].endswith("of 2 features the last one counts.")
        assert [session.user for session in two.features[0].sessions] == ["b"]

    def test_one_that_only_the_first_has_still_counts(self) -> None:
        reading = read(self.text("a") + heading("view", 1, 0) + self.text("b"))
        assert [one.name for one in reading.features] == ["mesh", "view"]


class TestTheCatalogue:
    @pytest.mark.parametrize(
        ("names", "says"),
        [
            (["b"], "lmstat -i lists 1 feature that the report does not: b."),
            (["c", "b"], "lmstat -i lists 2 features that the report does not: b, c."),
            (list("bcdefg"), "lmstat -i lists 6 features that the report does not: b, c, d, e, f, ...."),
        ],
    )
    def test_what_it_lists_more_is_named(self, names: list[str], says: str) -> None:
        rows = [f"{name} 1.0 1 permanent toold" for name in ["mesh", *names]]
        reading = with_catalogue(IDLE, *rows)
        assert told(reading, ProblemKind.CATALOGUE) == [says]
        assert reading.verdict is Verdict.COMPLETE

    def test_of_its_lines_that_are_not_understood_the_first_five_are_told(self) -> None:
        reading = with_catalogue(IDLE, "mesh 1.0 9 permanent toold", *(f"odd{number}" for number in range(7)))
        lines = told(reading, ProblemKind.CATALOGUE)
        assert lines[0] == "lmstat -i, line 8: This line of lmstat -i was not understood."
        assert len(lines) == 5
        assert reading.verdict is Verdict.COMPLETE

    def test_one_license_that_does_not_add_up_is_one_license(self) -> None:
        reading = with_catalogue(heading("mesh", 1, 0), "mesh 1.0 3 permanent toold", "mesh 2.0 5 permanent toold")
        assert told(reading, ProblemKind.CATALOGUE) == ["mesh has 1 license, but lmstat -i lists 3 + 5 = 8."]

    def test_uncounted_rows_add_up_to_nothing(self) -> None:
        rows = ("mesh 1.0 uncounted permanent toold", "mesh 2.0 5 permanent toold")
        reading = with_catalogue(heading("mesh", 7, 0), *rows)
        assert told(reading, ProblemKind.CATALOGUE) == ["mesh has 7 licenses, but lmstat -i lists uncounted + 5."]
        assert [one.total for one in reading.features] == [None, 5]

    def test_an_uncounted_feature_has_no_total_in_any_version(self) -> None:
        text = "Users of mesh:  (Uncounted, node-locked)\n\n" + block("mesh", "2.0") + checkout("a b c") + "\n"
        reading = with_catalogue(text, "mesh 1.0 uncounted permanent toold", "mesh 2.0 uncounted permanent toold")
        assert [(one.version, one.total, one.used) for one in reading.features] == [("1.0", None, 0), ("2.0", None, 1)]
        assert [one.type for one in reading.features] == [FeatureType.NODE_LOCKED, FeatureType.FLOATING]
        assert all(one.adds_up for one in reading.features)

    def test_the_use_of_several_versions_is_unknown_where_the_server_does_not_tell_it(self) -> None:
        text = "Users of mesh:  (Error: 8 licenses, unsupported by licensed server)\n"
        reading = with_catalogue(text, "mesh 1.0 3 permanent toold", "mesh 2.0 5 permanent toold")
        assert [(one.total, one.used, one.adds_up) for one in reading.features] == [(3, None, False), (5, None, False)]

    def test_what_is_reserved_is_not_used_in_the_only_version(self) -> None:
        text = (
            heading("mesh", 9, 3) + block("mesh", "1.0") + "\t2 RESERVATIONs for USER a (lic1/1)\n" + checkout("a b c")
        )
        [mesh] = with_catalogue(text, "mesh 1.0 9 permanent toold").features
        assert (mesh.used, mesh.reserved, mesh.permanent) == (1, 2, True)

    def test_two_types_whose_rows_expire_alike_share_them_in_their_order(self) -> None:
        reading = with_catalogue(
            heading("mesh", 8, 2)
            + block("mesh", "1.0", kind="floating license") + checkout("a b c", 1)
            + block("mesh", "1.0", kind="nodelocked license, locked to \"ID=1\"") + checkout("d e f", 2),
            "mesh 1.0 3 31-dec-2026 toold", "mesh 1.0 5 31-dec-2026 toold",
        )  # fmt: skip
        assert [(one.type, one.total) for one in reading.features] == [
            (FeatureType.FLOATING, 3),
            (FeatureType.NODE_LOCKED, 5),
        ]

    def test_a_type_that_no_row_is_left_for_is_told(self) -> None:
        reading = with_catalogue(
            heading("mesh", 8, 2)
            + block("mesh", "1.0") + checkout("a b c", 1)
            + block("mesh", "1.0", kind="uncounted nodelocked license") + checkout("d e f", 2),
            "mesh 1.0 8 31-dec-2026 toold", "mesh 2.0 0 31-dec-2026 toold",
        )  # fmt: skip
        messages = told(reading, ProblemKind.CATALOGUE)
        assert messages == ["lmstat -i does not tell how many licenses of version 1.0 are node-locked."]
        assert {(one.version, one.type, one.total) for one in reading.features} == {
            ("1.0", FeatureType.FLOATING, 8),
            ("1.0", FeatureType.NODE_LOCKED, 0),
            ("2.0", FeatureType.UNKNOWN, 0),
        }

    def test_a_block_that_names_no_version_is_of_the_highest_one(self) -> None:
        text = heading("mesh", 8, 1) + checkout("a b c") + "\n"
        reading = with_catalogue(text, "mesh 9.0 3 permanent toold", "mesh 10.0 5 permanent toold")
        assert [(one.version, one.used) for one in reading.features] == [("9.0", 0), ("10.0", 1)]

    @pytest.mark.parametrize("version", ["31.000", "31.0", "31", "031"])
    def test_versions_that_are_the_same_number_are_one(self, version: str) -> None:
        text = heading("mesh", 8, 1) + block("mesh", version) + checkout("a b c") + "\n"
        reading = with_catalogue(text, "mesh 31.0 3 permanent toold", "mesh 31.1 5 permanent toold")
        assert [(one.version, one.used) for one in reading.features] == [("31.0", 1), ("31.1", 0)]
        assert reading.problems == ()

    def test_one_that_changes_is_asked_for_in_the_memo_too(self) -> None:
        memo, text = Memo(), HEAD + IDLE
        one = read(text, catalogue=listed("mesh 1.0 9 permanent toold"), memo=memo)
        two = read(text, catalogue=listed("mesh 2.0 9 permanent toold"), memo=memo)
        assert [reading.features[0].version for reading in (one, two)] == ["1.0", "2.0"]

    @pytest.mark.parametrize(
        ("row", "feature", "version", "count", "day"),
        [
            ("mesh v2.0 5 31-dec-2026 toold", "mesh", "2.0", 5, date(2026, 12, 31)),
            ("two words 1 Uncounted PERMANENT toold", "two words", "1", None, None),
            ("  a.b+c/d\t2024.06\t007\t1-jan-0\ttoold\t", "a.b+c/d", "2024.06", 7, None),
            ("mesh 2 5 toold lifetime\r", "mesh", "2", 5, None),
        ],
    )
    def test_rows(self, row: str, feature: str, version: str, count: int | None, day: date | None) -> None:
        [found] = Catalogue(VENDOR_LAST + row + "\n").rows
        assert (found.vendor, found.feature, found.version, found.count) == ("toold", feature, version, count)
        assert (found.expiry.day, found.expiry.permanent, found.line) == (day, day is None, 7)

    def test_an_answer_of_it_is_known_by_the_heading_of_its_columns(self) -> None:
        assert is_catalogue(VENDOR_LAST)
        assert not is_catalogue(HEAD + IDLE)
        assert not is_catalogue("x\n" * 5_001 + VENDOR_LAST)

    @pytest.mark.parametrize(("age", "asked"), [(299, []), (300, ["catalogue"])])
    def test_it_is_asked_again_after_five_minutes(self, age: int, asked: list[str]) -> None:
        catalogue = Output(listed("mesh 1.0 9 permanent toold"), at=NOW - timedelta(seconds=age))
        outputs = {STATUS: Output(HEAD + IDLE + heading("new", 1, 0), at=NOW), "catalogue": catalogue}
        assert list(FlexNet().wants_again(FlexNet().read(outputs, NOW, ZONE), outputs)) == asked
