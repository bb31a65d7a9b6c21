"""Problems that do not make a reading partial are not why it is, and keep no session open."""

from __future__ import annotations

from licstats.managers.reading import FeatureReading, Problem, ProblemKind, Reading, Status, Verdict
from sessions_app.polling.report import reason
from sessions_app.polling.trust import Missing, Trust
from tests.factories import NOON

UNTOLD = Problem(ProblemKind.FEATURE, "The license server does not tell who uses mesh: no", 4, "", "acme", "mesh")
DOWN = Problem(ProblemKind.DAEMON, "The vendor daemon other is down.", 9, "", "other")


def partial(*problems: Problem) -> Reading:
    return Reading(Status.UP, Verdict.PARTIAL, NOON, problems=problems)


def test_a_partial_reading_says_what_made_it_partial() -> None:
    assert reason(partial(UNTOLD, DOWN)) == "line 9: The vendor daemon other is down."


def test_a_feature_that_is_not_told_of_does_not_keep_the_sessions_of_others_open() -> None:
    trust = Trust(partial(UNTOLD, DOWN))
    solver = FeatureReading("acme", "solver", used=1, adds_up=True)
    mesh = FeatureReading("acme", "mesh", used=None, adds_up=False)

    assert trust.of(solver, "acme", "solver") is Missing.COUNTED
    assert trust.of(mesh, "acme", "mesh") is Missing.HIDDEN
    assert trust.of(None, "other", "view") is Missing.HIDDEN
