"""A pane of the dashboard says how old its data are as its report does, and why there are none of now."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from sessions_app.models.dashboard import Part
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db

SESSIONS = "/features/realtime/sessions/"
USAGE = "/features/realtime/usage/"
USERS = "/users/realtime/sessions/"
HISTORY = "/features/history/usage/"
SOLVER = "scope=server:PL&feature=solver&version=1.0&type=floating"


@pytest.fixture
def solver() -> Feature:
    feature: Feature = FeatureFactory(server__name="PL", server__read_at=timezone.now(), name="solver")
    OpenSessionFactory(feature=feature)
    return feature


def change(**fields: object) -> None:
    LicenseServer.objects.filter(name="PL").update(**fields, revision=F("revision") + 1)


def asked(viewer: Client, part: Part, address: str, version: str | None = None) -> HttpResponse:
    """What a pane that shows `version` is answered."""
    headers = {"HX-Request": "true", "X-Part": part, "HX-Target": "pane-1-data"}
    answer: HttpResponse = viewer.get(address, headers=headers | ({"X-Version": version} if version else {}))
    return answer


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def header(answer: HttpResponse) -> str:
    """What it says in the header of the pane."""
    return words(answer.content.decode().partition('id="pane-1-age"')[2].partition(">")[2])


def body(answer: HttpResponse) -> str:
    return words(answer.content.decode().partition('id="pane-1-age"')[0])


def of_report(viewer: Client, address: str) -> str:
    """What stands beside the title of the report's rows."""
    page = viewer.get(address).content.decode().partition("data-grid ")[2]
    return words(page.partition('<span class="pane-age">')[2].partition('<div class="pane-actions">')[0])


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("report", [SESSIONS, USAGE])
@pytest.mark.parametrize(
    ("enabled", "failures", "age", "says", "why"),
    [
        (False, 0, timedelta(days=3), "updated 3 d ago stale", "No realtime data: PL is not queried any more;"),
        (True, 9, timedelta(hours=2), "updated 2 h ago stale", "No realtime data: PL has not answered since;"),
        (True, 1, timedelta(minutes=3), "updated 3 min ago late", "No new data: PL does not answer;"),
        (True, 0, timedelta(0), "updated just now", ""),
    ],
)
def test_a_pane_of_one_license_server_says_how_old_its_data_are_and_why(
    viewer: Client,
    solver: Feature,
    part: Part,
    report: str,
    enabled: bool,
    failures: int,
    age: timedelta,
    says: str,
    why: str,
) -> None:
    change(enabled=enabled, failures=failures, read_at=timezone.now() - age)

    answer = asked(viewer, part, f"{report}?{SOLVER}")

    assert header(answer) == of_report(viewer, f"{report}?{SOLVER}") == says
    assert why in body(answer)
    assert bool(re.search("No (realtime|new) data", body(answer))) == bool(why)


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("address", [SESSIONS, f"{SESSIONS}?scope=group:XF", USERS, f"{USAGE}?scope=group:XF"])
def test_a_pane_of_several_says_how_many_have_no_fresh_reading_and_leads_to_them(
    viewer: Client, solver: Feature, part: Part, address: str
) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(solver.server, LicenseServerFactory(name="US", read_at=timezone.now() - timedelta(hours=2)))

    answer = asked(viewer, part, address)

    said = "updated just now 1 of 2 license servers has no fresh reading"
    assert header(answer) == of_report(viewer, address) == said
    link = f"/groups/{group.pk}/" if "group" in address else "/servers/"
    assert f'href="{link}"' in answer.content.decode().partition('id="pane-1-age"')[2]


@pytest.mark.parametrize("part", list(Part))
def test_a_pane_that_is_open_learns_that_its_license_server_is_not_read_any_more(
    viewer: Client, solver: Feature, part: Part
) -> None:
    address = f"{SESSIONS}?scope=server:PL"
    version = asked(viewer, part, address).context["version"]
    assert asked(viewer, part, address, version).status_code == 204

    LicenseServer.objects.update(read_at=timezone.now() - timedelta(hours=2))  # as time passes: no reading comes

    assert header(asked(viewer, part, address, version)) == "updated 2 h ago stale"


@pytest.mark.parametrize("part", list(Part))
def test_figures_of_a_period_that_is_over_are_not_said_to_be_stale(viewer: Client, solver: Feature, part: Part) -> None:
    change(read_at=timezone.now() - timedelta(hours=2))
    over = "period=custom&from=2026-03-01&to=2026-03-05"
    for period, says in (("period=today", "updated 2 h ago stale"), (over, "updated 2 h ago")):
        answer = asked(viewer, part, f"{HISTORY}?{SOLVER}&{period}")
        assert header(answer) == says
        assert "No realtime data" not in body(answer)


@pytest.mark.parametrize("part", list(Part))
def test_a_pane_of_a_past_moment_keeps_that_in_its_header(viewer: Client, solver: Feature, part: Part) -> None:
    change(enabled=False)
    answer = asked(viewer, part, f"{SESSIONS}?{SOLVER}&at=2026-03-16T15:40Z").content.decode()
    assert 'id="pane-1-age"' not in answer
    assert "No realtime data" not in answer


def test_the_reports_own_graph_says_it_once_for_both(viewer: Client, solver: Feature) -> None:
    change(enabled=False)
    headers = {"HX-Request": "true", "X-Part": "graph", "HX-Target": "sessions-graph-data"}
    answer = viewer.get(f"{SESSIONS}?{SOLVER}", headers=headers).content.decode()
    assert "pane-age" not in answer
    assert "No realtime data" not in answer


@pytest.mark.parametrize(("scope", "more"), [("", 0), ("scope=server:PL", 1), ("scope=group:XF", 2)])
def test_how_old_a_panes_data_are_is_known_without_a_query_and_why_with_few(
    viewer: Client, login: User, solver: Feature, scope: str, more: int
) -> None:
    LicenseServerGroup.objects.create(name="XF").servers.add(solver.server)

    def queries(target: str) -> int:
        headers = {"HX-Request": "true", "X-Part": "graph", "HX-Target": f"{target}-data"}
        with CaptureQueriesContext(connection) as all_of_them:
            assert viewer.get(f"{SESSIONS}?{scope}", headers=headers).status_code == 200
        return len(all_of_them)

    assert queries("pane-1") == queries("sessions-graph") + more
