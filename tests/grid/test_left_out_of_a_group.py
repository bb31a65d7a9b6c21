"""A member of a group that does not count as its feature is old, though its license server answers."""

from __future__ import annotations

from typing import Any

import pytest

from groups_app.models import LicenseServerGroup
from licstats.managers.reading import Problem, ProblemKind
from sessions_app.polling.ingest import ingest
from tests.factories import LicenseServerFactory
from tests.grid.conftest import Viewer
from tests.polling.readings import complete, feature, partial, session

pytestmark = pytest.mark.usefixtures("noon")
USAGE = "/features/realtime/usage"
WHOLE = {"scope": "group:XF"}
SOLVER = WHOLE | {"feature": "solver", "version": "1.0", "type": "floating"}
DOWN = Problem(ProblemKind.DAEMON, "vendord does not answer.", vendor="vendord")


def silent(hours: int) -> None:
    """Ann holds 3 of PL and Bob 4 of US, where the vendor daemon was last heard of so many `hours` ago."""
    pl, us = (LicenseServerFactory.create(name=name, read_at=None) for name in ("PL", "US"))
    LicenseServerGroup.objects.create(name="XF").servers.set([pl, us])
    ingest(pl, complete(0, feature("solver", session("ann", used=3))))
    mesher = feature("mesher", session("eva"), vendor="zeta")
    ingest(us, complete(-60 * hours, feature("solver", session("bob", used=4)), mesher))
    for minutes in (1 - 60 * hours, 0):
        ingest(us, partial(minutes, mesher, problem=DOWN))


def used(viewer: Viewer, question: dict[str, str]) -> dict[str, Any]:
    """What each user holds of the solver, as the grid, its file and its graph tell it."""
    chosen = question | {"feature_name": "solver"}
    bars = viewer.fragment(headers={"X-Part": "graph"}, **chosen).context["chart_rows"]
    told = {
        "page": {row["user"]: row["used"] for row in viewer.page(**chosen).context["page"].rows},
        "file": {row["user"]: row["used"] for row in viewer.rows(**chosen)},
        "graph": {user: int(licenses) for user, licenses, _borrowed in bars},
    }
    assert told["page"] == told["file"] == told["graph"]
    return told["page"]


@pytest.mark.parametrize("question", [SOLVER, WHOLE], ids=["one feature", "the whole group"])
@pytest.mark.parametrize(
    ("hours", "holders", "total"), [(23, {"ann": 3, "bob": 4}, 20), (49, {"ann": 3}, 10)], ids=["counts", "left out"]
)
def test_sessions_are_those_of_the_sums(
    viewer: Viewer, question: dict[str, str], hours: int, holders: dict[str, int], total: int
) -> None:
    silent(hours)

    facts = viewer.page(**SOLVER).context["information"].facts
    (row,) = viewer.rows(USAGE, **question, feature_name="solver")
    assert (facts.used, facts.total) == (row["used"], row["total"]) == (sum(holders.values()), total)
    assert used(viewer, question) == holders
    assert ("US left out: no longer reported since" in facts.explanation) is (hours > 24)


def test_a_vendor_daemon_that_does_not_answer_takes_no_session_of_others_out_of_the_group(viewer: Viewer) -> None:
    silent(49)

    assert {row["user"] for row in viewer.rows(**WHOLE)} == {"ann", "eva"}
    assert set(used(viewer, {"scope": "server:US"})) == {"bob"}  # still there, unconfirmed
