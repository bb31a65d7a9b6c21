"""Reports without rows say why, of what and of which time, and offer the next step."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from licstats.models import Feature
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

SESSIONS = "/features/realtime/sessions/"
USERS = "/users/realtime/sessions/"
HISTORY_SESSIONS = "/features/history/sessions/"
HISTORY_USAGE = "/features/history/usage/"
SOLVER = "scope=server:PL&feature=solver&version=2025.2&type=floating"


@pytest.fixture
def solver() -> Feature:
    """A feature that nobody uses, on a license server of whose other feature a session is open."""
    since = timezone.now() - timedelta(hours=2)
    server = LicenseServerFactory(name="PL", read_at=timezone.now())
    OpenSessionFactory(feature=FeatureFactory(server=server, since=since), user="ann", first_seen_at=since)
    return FeatureFactory(server=server, name="solver", version="2025.2", since=since)


def empty(viewer: Client, address: str) -> tuple[str, str]:
    """The reason in the grid, and the address of the next step."""
    text = viewer.get(address, follow=True).content.decode()
    said = text[text.index('<div class="empty">') :].partition("</div>")[0]
    reason = re.search(r'<p class="lead">(.*?)</p>', said, re.DOTALL)
    step = re.search(r'<a href="([^"]*)"', said)
    return unescape(reason[1]).strip() if reason else "", unescape(step[1]) if step else ""


def of_part(viewer: Client, part: str, address: str) -> str:
    sent = {"HX-Request": "true", "X-Part": part, "HX-Target": "pane-1-data"}
    return unescape(viewer.get(address, headers=sent).content.decode())


def test_a_feature_that_nobody_uses_is_named_where_others_are_in_use(viewer, solver) -> None:
    assert empty(viewer, f"{SESSIONS}?{SOLVER}")[0] == "No session of solver 2025.2 floating of PL is open."
    text = viewer.get(f"{SESSIONS}?{SOLVER}").content.decode()
    assert "Realtime Sessions · PL, solver 2025.2 floating ·" in text.partition("</title>")[0]
    assert "Realtime Sessions: PL, solver 2025.2 floating</caption>" in text


def test_where_no_session_is_open_at_all_nothing_is_named(viewer) -> None:
    LicenseServerFactory()
    assert empty(viewer, SESSIONS)[0] == "No session is open."


@pytest.mark.parametrize(
    ("address", "of"), [(f"{SESSIONS}?", ""), (f"{SESSIONS}?scope=server:PL&", "PL at "), (f"{USERS}?", "")]
)
def test_of_a_time_before_every_reading_nothing_is_known(viewer, solver, address, of) -> None:
    before = f"{address}at=2024-01-01T10:00Z&user=ann"
    reason = f"Nothing is known of {of}2024-01-01 10:00: no reading from then or before is kept."
    said, step = empty(viewer, before)
    assert said == reason
    assert viewer.get(step).context["page"].total == 1
    assert reason in of_part(viewer, "graph", before)
    assert reason in of_part(viewer, "grid", before)


def test_a_known_time_at_which_nothing_was_open_says_so_in_the_past(viewer, solver) -> None:
    then = f"{SESSIONS}?{SOLVER}&at={timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
    said, step = empty(viewer, then)
    assert said == "No session of solver 2025.2 floating of PL was open then."
    assert "at=" not in step
    assert "Nobody held a license here then." in of_part(viewer, "graph", then)


def test_a_graph_whose_filters_fit_nothing_does_not_say_that_nobody_holds_a_license(viewer, solver) -> None:
    assert "No session fits the filters." in of_part(viewer, "graph", f"{SESSIONS}?user=nobody")
    assert "Nobody holds a license here." in of_part(viewer, "graph", f"{SESSIONS}?{SOLVER}")


@pytest.mark.parametrize(
    ("period", "when"),
    [
        ("period=yesterday", "yesterday"),
        ("from=2025-03-01&to=2025-03-02T17:30", "from 2025-03-01 00:00 to 2025-03-02 17:30"),
    ],
)
def test_a_period_without_rows_is_named_and_a_longer_one_is_offered(viewer, solver, period, when) -> None:
    said, step = empty(viewer, f"{HISTORY_SESSIONS}?{SOLVER}&{period}")
    assert said == f"No session of solver 2025.2 floating of PL is known to have been open {when}."
    said, step = empty(viewer, f"{HISTORY_USAGE}?{SOLVER}&{period}")
    assert said == f"No figure of solver 2025.2 floating of PL was read {when}."
    assert "period=year" in step
    assert viewer.get(step).context["page"].total == 1
    assert empty(viewer, f"{HISTORY_SESSIONS}?{SOLVER}&period=year")[1].endswith("&period=last-year")


@pytest.mark.parametrize("address", [HISTORY_SESSIONS, HISTORY_USAGE])
def test_a_history_without_any_feature_says_whether_a_license_server_was_read(viewer, address) -> None:
    LicenseServerFactory(name="PL")
    LicenseServerFactory(name="US", read_at=None)
    assert empty(viewer, f"{address}?scope=server:PL") == ("No reading of PL named a feature yet.", "/servers/")
    said, step = empty(viewer, f"{address}?scope=server:US")
    assert (said, step) == ("Nothing is known of US yet: it was never read.", "/servers/")


def test_a_pane_of_the_dashboard_says_why_it_has_no_rows(viewer, solver) -> None:
    assert "No session of solver 2025.2 floating of PL is open." in of_part(viewer, "grid", f"{SESSIONS}?{SOLVER}")
    assert "No session fits: User Name contains “nobody”." in of_part(viewer, "grid", f"{SESSIONS}?user=nobody")
    said = of_part(viewer, "grid", f"{HISTORY_SESSIONS}?{SOLVER}&period=yesterday")
    assert "No session of solver 2025.2 floating of PL is known to have been open yesterday." in said


def test_a_license_server_that_lists_no_feature_says_so(viewer) -> None:
    LicenseServerFactory(name="PL")
    assert empty(viewer, "/features/realtime/usage/?scope=server:PL")[0] == "No feature of PL is listed now."


def test_a_feature_that_is_not_listed_any_more_says_so(viewer, solver) -> None:
    Feature.objects.filter(pk=solver.pk).update(last_listed_at=timezone.now() - timedelta(hours=1), since=None)
    said, _step = empty(viewer, f"/features/realtime/usage/?{SOLVER}")
    assert said == "The feature solver 2025.2 floating of PL is not listed now."
