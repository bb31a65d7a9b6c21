"""What an open page follows by itself: readings that find nothing new, the clock, and what its login hides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups_app.models import HiddenFeature, HiddenServer, HostGroup, LicenseServerGroup, UserGroup
from licstats.models import Feature, LicenseServer
from sessions_app.models import OpenSession
from sessions_app.polling.ingest import ingest
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS, USERS, Viewer
from tests.polling.readings import complete, feature, session

USAGE = "/features/realtime/usage"
HISTORY_USAGE = "/features/history/usage"
GRAPH = {"X-Part": "graph"}


class Open:
    """A page that is open in a browser and asks again and again whether it is still right."""

    def __init__(self, viewer: Viewer, path: str = SESSIONS, headers: dict[str, str] | None = None, **question: Any):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        self.viewer, self.path, self.headers, self.question = viewer, path, headers or {}, question
        self.version = ""
        self.shown = self.asked()

    def asked(self) -> Any:
        """The page as it is drawn again, or None where it stays as it is."""
        sent = self.headers | ({"X-Version": self.version} if self.version else {})
        response = self.viewer.fragment(self.path, headers=sent, **self.question)
        if response.status_code == 204:
            return None
        self.version = response.context["version"]
        return response.context


@pytest.fixture
def server(db: None) -> LicenseServer:
    """Read once; whatever is read of it later is the same."""
    server = LicenseServerFactory.create(name="PL", read_at=None, asked_at=None, status="", verdict="")
    read(server, 0)
    return server


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """It stands at noon until a test moves it."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def read(server: LicenseServer, minute: int) -> None:
    ingest(server, complete(minute, feature("solver", session("ada"))))


def solver() -> dict[str, str]:
    found = Feature.objects.get()
    return {"scope": "server:PL", "feature": found.name, "version": found.version, "type": found.type}


def test_what_stands_is_in_the_history_from_its_first_reading_on(viewer: Viewer, server: LicenseServer) -> None:
    year = {"period": "custom", "from": "2026-01-01", "to": "2026-12-31"}
    page = Open(viewer, HISTORY_USAGE, **solver(), **year)
    assert page.shown["page"].rows[0]["ended_at"] == NOON

    read(server, 1)

    shown = page.asked()["page"]
    assert shown.rows[0]["ended_at"] == NOON + timedelta(minutes=1)
    assert shown.total == len(shown.rows) == len(viewer.rows(HISTORY_USAGE, **solver(), **year)) == 1
    read(server, 2)
    assert page.asked()["page"].rows[0]["ended_at"] == NOON + timedelta(minutes=2)


def test_a_filter_by_the_last_update_counts_what_it_shows(viewer: Viewer, server: LicenseServer) -> None:
    before = {"last_update_before": (NOON + timedelta(seconds=30)).isoformat()}
    page = Open(viewer, HISTORY_USAGE, **before)
    assert page.shown["page"].total == 1

    read(server, 1)

    shown = page.asked()["page"]
    assert shown.total == len(shown.rows) == 0


@pytest.mark.parametrize("path", [USAGE, HISTORY_USAGE])
def test_a_curve_goes_on_while_readings_find_nothing_new(viewer: Viewer, server: LicenseServer, path: str) -> None:
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
        read(server, 1)
        graph = Open(viewer, path, headers=GRAPH, **solver())
        assert end_of_line(graph.shown) == "2026-03-16T12:01:00"

        read(server, 2)

        assert end_of_line(graph.asked()) == "2026-03-16T12:02:00"
        assert graph.asked() is None


@pytest.mark.parametrize("path", [USAGE, HISTORY_USAGE])
def test_the_curve_of_a_group_is_drawn_again_each_minute_and_not_with_each_reading(
    viewer: Viewer, server: LicenseServer, clock: time_machine.Coordinates, path: str
) -> None:
    LicenseServerGroup.objects.create(name="design").servers.add(server)
    clock.move_to(NOON + timedelta(minutes=2, seconds=10))
    read(server, 1)
    graph = Open(viewer, path, headers=GRAPH, **solver() | {"scope": "group:design"})

    read(server, 2)
    assert graph.asked() is None

    clock.move_to(NOON + timedelta(minutes=3))
    assert end_of_line(graph.asked()) == "2026-03-16T12:02:00"


@pytest.mark.parametrize("question", [{}, {"scope": "server:PL"}])
def test_the_last_update_of_a_feature_moves_on_while_readings_find_nothing_new(
    viewer: Viewer, server: LicenseServer, question: dict[str, str]
) -> None:
    page = Open(viewer, USAGE, **question)

    read(server, 1)

    assert [row["last_update"] for row in page.asked()["page"].rows] == [NOON + timedelta(minutes=1)]
    assert page.asked() is None


def test_general_information_is_as_new_as_the_last_reading(viewer: Viewer, server: LicenseServer) -> None:
    page = Open(viewer, SESSIONS, **solver())

    read(server, 1)

    assert page.asked()["information"].facts.last_update == NOON + timedelta(minutes=1)


def end_of_line(shown: Any) -> str:
    (used,) = [trace for trace in json.loads(shown["figure"])["data"] if trace["name"] == "Used"]
    return str(max(at for at, value in zip(used["x"], used["y"], strict=True) if value is not None))


@pytest.mark.parametrize("question", [{}, {"scope": "server:PL"}, {"group_by": "user"}])
@pytest.mark.parametrize("headers", [{}, GRAPH])
def test_open_sessions_stay_as_they_are_while_readings_find_nothing_new(
    viewer: Viewer, server: LicenseServer, headers: dict[str, str], question: dict[str, str]
) -> None:
    page = Open(viewer, SESSIONS, headers, **question)

    read(server, 1)

    assert page.asked() is None


def test_the_curve_of_a_period_that_is_over_is_drawn_once(
    viewer: Viewer, server: LicenseServer, clock: time_machine.Coordinates
) -> None:
    graph = Open(viewer, HISTORY_USAGE, GRAPH, **solver(), period="last-week")

    read(server, 1)
    clock.shift(60)

    assert graph.asked() is None


def test_where_no_reading_comes_any_more_the_line_of_now_moves_on(
    viewer: Viewer, server: LicenseServer, clock: time_machine.Coordinates
) -> None:
    graph = Open(viewer, USAGE, GRAPH, **solver())

    clock.shift(60)

    assert json.loads(graph.asked()["figure"])["layout"]["shapes"][0]["x0"] == "2026-03-16T12:01:00"


@pytest.fixture
def group(db: None) -> LicenseServerGroup:
    """Two license servers with ten licenses each; the last reading of one is nearly a day old at noon."""
    group = LicenseServerGroup.objects.create(name="XF")
    for minutes in (0, 23 * 60 + 59):
        member = LicenseServerFactory.create(read_at=NOON - timedelta(minutes=minutes))
        FeatureFactory.create(server=member, name="solver", total=10)
        group.servers.add(member)
    return group


def test_a_sum_loses_a_member_when_its_last_reading_is_a_day_old(
    viewer: Viewer, group: LicenseServerGroup, clock: time_machine.Coordinates
) -> None:
    page = Open(viewer, USAGE, scope="group:XF")
    assert page.shown["page"].rows[0]["total"] == 20
    clock.shift(30)
    assert page.asked() is None
    clock.shift(30)
    assert page.asked()["page"].rows[0]["total"] == 20  # by the minute, as its readings grow old

    clock.shift(1)

    assert page.asked()["page"].rows[0]["total"] == 10


def test_what_is_said_above_a_group_follows_its_members(
    viewer: Viewer, group: LicenseServerGroup, clock: time_machine.Coordinates
) -> None:
    young, old = LicenseServer.objects.order_by("-read_at")
    page = Open(viewer, USAGE, scope="group:XF")
    assert page.shown["notices"] == []

    clock.shift(61)
    assert page.asked()["notices"] == [f"{old} is left out: its last reading was 1 d ago."]
    LicenseServer.objects.filter(pk=young.pk).update(enabled=False, revision=young.revision + 1)
    assert f"{young} is not queried any more: its last reading was 1 min ago." in page.asked()["notices"]
    LicenseServer.objects.update(enabled=True, read_at=NOON + timedelta(seconds=61), revision=young.revision + 2)
    answer = viewer.fragment(USAGE, {"X-Version": page.version}, scope="group:XF").content.decode()
    assert '<div id="group-notices" hx-ext="live" hx-swap-oob="live"></div>' in answer


def test_a_sum_loses_what_was_unlisted_for_a_day_within_the_hour(
    viewer: Viewer, group: LicenseServerGroup, clock: time_machine.Coordinates
) -> None:
    LicenseServer.objects.update(read_at=NOON)
    Feature.objects.filter(pk=Feature.objects.latest("pk").pk).update(last_listed_at=NOON - timedelta(hours=23.5))
    page = Open(viewer, USAGE, scope="group:XF")
    assert page.shown["page"].rows[0]["total"] == 20

    clock.shift(3600)

    assert page.asked()["page"].rows[0]["total"] == 10


@pytest.mark.parametrize("scope", ["all", "server:PL", "group:XF"])
def test_licenses_expire_on_an_open_page_with_the_first_reading_after_their_last_day(
    viewer: Viewer, server: LicenseServer, clock: time_machine.Coordinates, scope: str
) -> None:
    def read_at(minute: int) -> None:
        clock.move_to(NOON + timedelta(minutes=minute))
        ingest(server, complete(minute, feature("solver", session("ada"), expires=NOON.date())))

    LicenseServerGroup.objects.create(name="XF").servers.add(server)
    read_at(719)
    page = Open(viewer, USAGE, scope=scope)
    assert page.shown["page"].rows[0]["expired_used"] == 0

    read_at(720)

    assert page.asked()["page"].rows[0]["expired_used"] == 1


@pytest.mark.parametrize("bound", ["time_used_min", "time_used"])
@pytest.mark.parametrize("question", [{}, {"group_by": "user"}])
def test_a_session_appears_when_it_reaches_the_duration_that_is_asked_for(
    viewer: Viewer, clock: time_machine.Coordinates, bound: str, question: dict[str, str]
) -> None:
    OpenSessionFactory.create(checked_out_at=NOON - timedelta(hours=5, minutes=59))
    page = Open(viewer, **{bound: "6h"}, **question)
    other = Open(viewer, used_min="1", time_used_min="", **question)
    assert page.shown["page"].total == 0

    clock.shift(60)

    assert page.asked()["page"].total == 1
    assert other.asked() is None


def test_today_is_another_day_after_midnight(viewer: Viewer, clock: time_machine.Coordinates) -> None:
    viewer.client.cookies["licstats_zone"] = "Asia/Tokyo"
    clock.move_to(datetime(2026, 3, 16, 14, 59, tzinfo=UTC))
    page = Open(viewer, "/features/history/sessions", period="today")
    assert f"{page.shown['state'].scope.period.start:%d}" == "16"

    clock.shift(60)

    assert f"{page.asked()['state'].scope.period.start:%d}" == "17"


@pytest.mark.parametrize("scope", ["all", "server:PL"])
def test_what_is_hidden_in_another_tab_leaves_the_open_page_and_comes_back(viewer: Viewer, scope: str) -> None:
    one, other = (OpenSessionFactory.create(feature=FeatureFactory.create()) for _ in range(2))
    LicenseServer.objects.filter(pk=one.server_id).update(name="PL")
    second = OpenSessionFactory.create(feature=FeatureFactory.create(server=one.server))
    hidden = HiddenFeature.objects.create(user=viewer.login, server=other.server, name=other.feature.name)
    page = Open(viewer, scope=scope)
    assert page.shown["page"].total == 2
    assert page.asked() is None

    hidden.delete()
    hidden = HiddenFeature.objects.create(user=viewer.login, server=one.server, name=second.feature.name)
    assert [row["user"] for row in page.asked()["page"].rows] == [
        each.user for each in ((one, other) if scope == "all" else (one,))
    ]
    hidden.delete()
    assert page.asked()["page"].total == (3 if scope == "all" else 2)
    HiddenServer.objects.create(user=viewer.login, server=one.server)
    shown = page.asked()["page"]
    assert (shown and shown.total) == (1 if scope == "all" else None)


@pytest.mark.parametrize(
    ("path", "question"),
    [
        (SESSIONS, {"user_group": "design"}),
        (SESSIONS, {"user_group": "design", "group_by": "feature"}),
        (SESSIONS, {"host_group": "farm", "scope": "server:PL"}),
        ("/features/history/sessions", {"host_group": "farm"}),
        (USERS, {"scope": "group:design"}),
        (USERS, {"scope": "group:design", "host_group": "farm"}),
        (SESSIONS, {"user_group": ["design", "everybody"]}),
    ],
)
@pytest.mark.parametrize("part", [{}, {"X-Part": "grid"}])
def test_an_edited_group_reaches_the_open_pages_that_are_restricted_to_it(
    viewer: Viewer, server: LicenseServer, path: str, question: dict[str, str | list[str]], part: dict[str, str]
) -> None:
    OpenSession.objects.update(host="cad1")
    UserGroup.objects.create(name="everybody", members="*")
    LicenseServer.objects.update(read_at=timezone.now())  # of one that is not read, no session goes on
    groups = [UserGroup.objects.create(name="design", members="ada"), HostGroup.objects.create(name="farm")]
    HostGroup.objects.update(members="cad*")
    page = Open(viewer, path, headers=part, **question)
    assert page.shown["page"].total == 1
    assert page.asked() is None

    for group in groups:
        group.members = "nobody\nx*"
        group.save()

    assert page.asked()["page"].total == 0
    assert page.asked() is None
    for group in groups:
        group.delete()
    gone = viewer.fragment(path, headers=part, **question)
    if part and "scope" in question and path == USERS:
        assert gone.headers["HX-Refresh"] == "true"  # the dashboard says that its pane is not available
    else:
        assert gone.context["state"].errors


@pytest.mark.parametrize("kind", [UserGroup, HostGroup])
def test_the_graph_goes_with_the_grid_when_the_group_of_its_filter_is_deleted(
    viewer: Viewer, server: LicenseServer, kind: type[UserGroup | HostGroup]
) -> None:
    group = kind.objects.create(name="design", members="*")
    name = {UserGroup: "user_group", HostGroup: "host_group"}[kind]
    graph = Open(viewer, headers=GRAPH | {"HX-Target": "sessions-graph-data"}, **{name: "design"})
    assert graph.shown["chart_rows"]

    group.delete()

    said = f"There is no graph. There is no {kind._meta.verbose_name} 'design'."
    assert graph.asked()["chart_note"] == said


def test_a_page_that_is_restricted_to_no_group_does_not_ask_for_one(viewer: Viewer, server: LicenseServer) -> None:
    UserGroup.objects.create(name="design", members="ada")
    for path, question in ((SESSIONS, {}), (USERS, {"scope": "user:ada"}), (USAGE, {"user_group": "design"})):
        page = Open(viewer, path, **question)

        with CaptureQueriesContext(connection) as queries:
            assert page.asked() is None

        assert not [query["sql"] for query in queries if "usergroup" in query["sql"]]


def test_what_comes_back_is_shown_by_a_page_that_could_not_show_it(viewer: Viewer, server: LicenseServer) -> None:
    hidden = HiddenServer.objects.create(user=viewer.login, server=server)
    viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
    refused = viewer.client.get(f"{SESSIONS}/?scope=server:PL").content.decode()
    pane = refused.partition('id="sessions"')[2].partition(">")[0]
    assert "There is no license server" in refused
    assert "data-live" in pane  # it goes on asking

    hidden.delete()
    headers = {"HX-Request": "true", "X-Version": pane.partition('data-version="')[2].partition('"')[0]}
    again = viewer.client.get(f"{SESSIONS}/?scope=server:PL", headers=headers)

    assert [row["user"] for row in again.context["page"].rows] == ["ada"]
