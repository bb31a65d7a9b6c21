"""What a reading may say of a session that it does not show: the rule of the design, told a second way."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.managers.reading import FeatureReading, Problem, ProblemKind, Reading, Status, Verdict
from sessions_app.polling.report import MOST_PROBLEMS, reason, store_report
from sessions_app.polling.trust import Missing, Trust
from tests.factories import NOON, LicenseServerFactory

VENDOR, NAME = "vendord", "solver"
BLINDING = (ProblemKind.CUT, ProblemKind.SERVER, ProblemKind.TOOL)
HARMLESS = (ProblemKind.TOTALS, ProblemKind.DATE, ProblemKind.CATALOGUE, ProblemKind.FEATURE)


def said(verdict: Verdict, *problems: Problem) -> Trust:
    return Trust(Reading(Status.UP, verdict, NOON, problems=problems))


def listed(used: int | None = 0, *, adds_up: bool = True) -> FeatureReading:
    return FeatureReading(VENDOR, NAME, used=used, adds_up=adds_up)


def of(trust: Trust, feature: FeatureReading | None) -> Missing:
    return trust.of(feature, VENDOR, NAME)


@pytest.mark.parametrize(
    ("feature", "meaning"),
    [
        (listed(), Missing.ENDED),
        (listed(adds_up=False), Missing.COUNTED),
        (listed(used=None), Missing.COUNTED),
        (listed(used=None, adds_up=False), Missing.COUNTED),
        (None, Missing.COUNTED),
    ],
)
def test_a_whole_reading_ends_what_it_accounts_for_and_counts_the_rest(
    feature: FeatureReading | None, meaning: Missing
) -> None:
    assert of(said(Verdict.COMPLETE), feature) is meaning


@pytest.mark.parametrize(
    ("problem", "feature", "meaning"),
    [
        (Problem(ProblemKind.DAEMON, "x", vendor="otherd"), listed(), Missing.COUNTED),
        (Problem(ProblemKind.DAEMON, "x", vendor="otherd"), listed(adds_up=False), Missing.HIDDEN),
        (Problem(ProblemKind.DAEMON, "x", vendor="otherd"), listed(used=None), Missing.HIDDEN),
        (Problem(ProblemKind.DAEMON, "x", vendor="otherd"), None, Missing.COUNTED),
        (Problem(ProblemKind.DAEMON, "x", vendor=VENDOR), listed(), Missing.HIDDEN),
        (Problem(ProblemKind.DAEMON, "x"), listed(), Missing.HIDDEN),
        (Problem(ProblemKind.LINE, "x", feature="mesh"), listed(), Missing.COUNTED),
        (Problem(ProblemKind.LINE, "x", feature="mesh"), None, Missing.HIDDEN),
        (Problem(ProblemKind.LINE, "x", feature=NAME), listed(), Missing.HIDDEN),
        (Problem(ProblemKind.LINE, "x"), listed(), Missing.HIDDEN),
        *((Problem(kind, "x", vendor="otherd", feature="mesh"), listed(), Missing.HIDDEN) for kind in BLINDING),
        *((Problem(kind, "x", vendor=VENDOR, feature=NAME), listed(), Missing.HIDDEN) for kind in HARMLESS),
    ],
)
def test_a_reading_in_part_ends_nothing_and_counts_what_no_problem_concerns(
    problem: Problem, feature: FeatureReading | None, meaning: Missing
) -> None:
    assert of(said(Verdict.PARTIAL, problem), feature) is meaning


def test_a_reading_that_is_in_part_for_no_reason_that_it_tells_says_nothing() -> None:
    assert of(said(Verdict.PARTIAL), listed()) is Missing.HIDDEN


problems = st.lists(
    st.builds(
        Problem,
        st.sampled_from(ProblemKind),
        st.just("x"),
        vendor=st.sampled_from(("", VENDOR, "otherd")),
        feature=st.sampled_from(("", NAME, "mesh")),
    ),
    max_size=4,
)
features = st.sampled_from((None, *(listed(used, adds_up=adds) for used, adds in product((0, 3, None), (True, False)))))


@given(problems, features)
def test_one_more_problem_never_makes_a_reading_say_more(found: list[Problem], feature: FeatureReading | None) -> None:
    more = [Missing.HIDDEN, Missing.COUNTED, Missing.ENDED]
    for verdict in (Verdict.PARTIAL, Verdict.COMPLETE):
        meanings = [of(said(verdict, *found[:number]), feature) for number in range(1, len(found) + 1)]
        harmful = [number for number, each in enumerate(found) if each.kind not in HARMLESS]
        says = [more.index(meaning) for meaning in meanings[harmful[0] :]] if harmful else []
        assert says == sorted(says, reverse=True)
        assert verdict is Verdict.COMPLETE or Missing.ENDED not in meanings


class TestReason:
    """Why a reading failed or is in part, in the sentence that the page of license servers shows."""

    CUT = Problem(ProblemKind.CUT, "The output ends within a line.", 7)
    TOTALS = Problem(ProblemKind.TOTALS, "10 in use, 9 seen.")

    def told(self, *found: Problem, verdict: Verdict = Verdict.PARTIAL) -> str:
        return reason(Reading(Status.UP, verdict, NOON, problems=found))

    def test_a_whole_one_needs_none_whatever_it_found(self) -> None:
        assert self.told(self.TOTALS, verdict=Verdict.COMPLETE) == ""

    def test_what_made_it_so_comes_first_with_its_line(self) -> None:
        assert self.told(self.TOTALS, self.CUT) == "line 7: The output ends within a line."

    @pytest.mark.parametrize(("others", "words"), [(1, " (and 1 more problem)"), (2, " (and 2 more problems)")])
    def test_the_others_are_counted(self, others: int, words: str) -> None:
        daemon = Problem(ProblemKind.DAEMON, "It is down.", vendor=VENDOR)
        assert self.told(daemon, *[self.CUT] * others) == f"It is down.{words}"

    def test_where_only_harmless_ones_are_told_they_have_to_do(self) -> None:
        assert self.told(self.TOTALS, verdict=Verdict.FAILED) == "10 in use, 9 seen."

    def test_where_nothing_is_told_that_is_said(self) -> None:
        assert self.told(verdict=Verdict.FAILED) == "The license server gave no usable answer."


@pytest.mark.django_db
def test_of_very_many_problems_all_are_counted_and_as_many_kept_as_anybody_reads() -> None:
    server = LicenseServerFactory()
    found = tuple(Problem(ProblemKind.LINE, f"Line {number}.", number) for number in range(1, MOST_PROBLEMS + 8))
    reading = Reading(Status.UP, Verdict.PARTIAL, NOON, problems=found)
    assert [store_report(server.pk, reading), store_report(server.pk, reading)] == [True, False]
    assert server.report.problem_count == MOST_PROBLEMS + 7
    assert len(server.report.problems) == MOST_PROBLEMS
