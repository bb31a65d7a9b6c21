from __future__ import annotations

from licstats.managers.base import Memo
from licstats.managers.reading import ProblemKind, Verdict
from tests.managers.lmstat_text import HEAD, block, checkout, heading, read

MESH = heading("mesh", 9, 2) + block("mesh") + checkout("anna ws01 :0", 1) + checkout("bert ws02 :0", 2) + "\n"
VIEW = heading("view", 9, 1) + block("view") + checkout("anna ws01 :0", 3, tail=", PID: 5 ") + "\n"
LATER = HEAD.replace("11:00", "11:01")


def test_what_did_not_change_is_the_same_object() -> None:
    memo = Memo()
    first = read(HEAD + MESH + VIEW, memo=memo)
    second = read(LATER + MESH + VIEW, memo=memo)
    assert second.reported_at != first.reported_at
    assert all(one is two for one, two in zip(first.features, second.features, strict=True))


def test_equal_lines_of_a_changed_feature_are_the_same_sessions() -> None:
    memo = Memo()
    first = read(HEAD + MESH + VIEW, memo=memo)
    second = read(LATER + MESH.replace("anna", "carl") + VIEW, memo=memo)
    assert second.features[1] is first.features[1]
    (anna, bert), (carl, same) = first.features[0].sessions, second.features[0].sessions
    assert same is bert
    assert (anna.user, carl.user) == ("anna", "carl")


def test_sessions_of_unusual_features_are_the_same_objects_too() -> None:
    memo = Memo()
    odd = MESH.replace("    anna", "  anna").replace("ws02 :0", "ws02 :0 product")
    first = read(HEAD + odd, memo=memo)
    second = read(LATER + odd.replace("anna", "carl"), memo=memo)
    assert second.features[0].sessions[1] is first.features[0].sessions[1]
    third = read(LATER + odd.replace("anna", "carl"), memo=memo)
    assert third.features[0] is second.features[0]


def test_problems_of_a_feature_that_moved_name_its_new_lines() -> None:
    memo = Memo()
    broken = MESH.replace("    bert", "    ???\n    bert")
    first = read(HEAD + broken, memo=memo)
    second = read(HEAD + VIEW + broken, memo=memo)
    moved = VIEW.count("\n")
    assert [p.line + moved for p in first.problems if p.line] == [p.line for p in second.problems]
    assert second == read(HEAD + VIEW + broken)


def test_a_new_day_lets_pools_expire() -> None:
    memo = Memo()
    text = HEAD + heading("mesh", 9, 1) + block("mesh", "1.0", "18-mar-2026") + checkout("anna ws01 :0") + "\n"
    text += block("mesh", "2.0", "19-mar-2026")
    before = read(text, memo=memo).features[0]
    after = read(text.replace("Wed 3/18/2026 11:00", "Thu 3/19/2026 00:01"), memo=memo).features[0]
    assert (str(before.expires), str(after.expires)) == ("2026-03-18", "2026-03-19")


def test_a_failed_reading_between_two_others_loses_nothing() -> None:
    memo = Memo()
    first = read(HEAD + MESH, memo=memo)
    read("lmgrd is not running\n", memo=memo)
    assert read(LATER + MESH, memo=memo).features[0] is first.features[0]


def test_an_output_that_ends_where_a_feature_ends_is_told_by_the_one_before() -> None:
    memo = Memo()
    read(HEAD + VIEW + MESH, memo=memo)
    cut = read(LATER + VIEW, memo=memo)
    assert cut.verdict is Verdict.PARTIAL
    assert (cut.problems[-1].kind, cut.problems[-1].feature) == (ProblemKind.CUT, "mesh")
    removed = read(LATER + VIEW, memo=memo)
    assert removed.verdict is Verdict.COMPLETE


def test_a_feature_that_was_removed_from_the_middle_is_no_cut() -> None:
    memo = Memo()
    read(HEAD + VIEW + MESH, memo=memo)
    assert read(LATER + MESH, memo=memo).verdict is Verdict.COMPLETE
