"""What a dashboard does not take, what it says of that, and what stays as it was."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client

from groups_app.models import HiddenServer
from sessions_app.models import DashboardPane
from sessions_app.models.dashboard import MOST_PANES, Part
from tests.factories import FeatureFactory, LicenseServerFactory, UserFactory

pytestmark = pytest.mark.django_db
PIN = {"report": "realtime-sessions", "part": "grid", "title": "Realtime Sessions"}


def pin(viewer: Client, query: str = "", **changes: str) -> str:
    """The page on which it ended."""
    return viewer.post("/dashboard/pin/", PIN | {"query": query} | changes, follow=True).content.decode()


def change(viewer: Client, pane: DashboardPane, **fields: str) -> str:
    return viewer.post(f"/dashboard/{pane.pk}/", fields, follow=True).content.decode()


def queries() -> list[str]:
    return list(DashboardPane.objects.values_list("query", flat=True))


def test_a_full_dashboard_takes_no_more_and_says_what_to_do(viewer: Client) -> None:
    for number in range(MOST_PANES):
        assert "is on your dashboard" in pin(viewer, f"user=user{number:02}")
    assert f"A dashboard has {MOST_PANES} panes at most. Remove one first." in pin(viewer, "user=more")
    assert "user=more" not in queries()
    assert "is on your dashboard already" in pin(viewer, "user=user00"), "what is there needs no place"
    DashboardPane.objects.all()[0].remove()
    assert "is on your dashboard" in pin(viewer, "user=more")


def other_tab_pins(monkeypatch: pytest.MonkeyPatch, login: User, query: str) -> None:
    """After the page was asked for, and before the dashboard is held for it."""
    held = DashboardPane.held

    def late(login_id: int) -> QuerySet[DashboardPane]:
        monkeypatch.setattr(DashboardPane, "held", held)
        DashboardPane.pin(login.pk, title="x", report="realtime-sessions", part="grid", query=query)
        return held(login_id)

    monkeypatch.setattr(DashboardPane, "held", late)


def test_a_pane_that_another_tab_pins_in_the_same_moment_is_there_once(
    viewer: Client, login: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(viewer, "user=ada")
    (query,) = queries()
    DashboardPane.objects.all().delete()
    other_tab_pins(monkeypatch, login, query)
    assert "is on your dashboard already" in pin(viewer, "user=ada")
    assert queries() == [query]


def test_the_last_place_is_given_once(viewer: Client, login: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MOST_PANES - 1):
        pin(viewer, f"user=user{number:02}")
    other_tab_pins(monkeypatch, login, "user=other")
    assert "panes at most" in pin(viewer, "user=more")
    assert "user=more" not in queries()


def test_another_logins_full_dashboard_is_in_nobodys_way(viewer: Client) -> None:
    other = UserFactory()
    for number in range(MOST_PANES):
        DashboardPane.pin(other.pk, title="x", report="realtime-sessions", part="grid", query=f"user={number}")
    assert "is on your dashboard" in pin(viewer, "user=ada")


@pytest.mark.parametrize("query", ["used_min=many", "colour=red", "scope=server:nowhere", "user=a%00b", "page=0"])
def test_what_the_page_could_not_show_is_not_pinned(viewer: Client, query: str) -> None:
    assert "It was not pinned: a choice on the page could not be understood." in pin(viewer, query)
    assert queries() == []


@pytest.mark.parametrize(
    "wrong",
    [{"report": "nothing"}, {"report": ""}, {"part": "table"}, {"report": "user-sessions", "part": "graphs"}],
)
def test_what_is_no_pane_of_a_report_is_not_there(viewer: Client, wrong: dict[str, str]) -> None:
    assert viewer.post("/dashboard/pin/", PIN | wrong).status_code == 404
    assert queries() == []


@pytest.mark.parametrize("action", ["", "burn", "__class__"])
def test_what_cannot_be_done_to_a_pane_is_not_there(viewer: Client, action: str) -> None:
    pin(viewer)
    pane = DashboardPane.objects.get()
    assert viewer.post(f"/dashboard/{pane.pk}/", {"action": action}).status_code == 404


@pytest.mark.parametrize("place", ["", "x", "-1", "1.5", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 6, "9" * 5000, "1\0"])
def test_a_place_that_is_none_moves_nothing(viewer: Client, place: str) -> None:
    for name in ("ann", "bob", "cas"):
        pin(viewer, f"user={name}")
    change(viewer, DashboardPane.objects.all()[2], action="move", place=place)
    assert queries() == ["user=ann", "user=bob", "user=cas"]


@pytest.mark.parametrize(
    ("place", "order"),
    [("0", "bac"), ("1", "bac"), ("2", "abc"), ("3", "acb"), ("99999", "acb")],
)
def test_a_place_beyond_either_end_is_that_end(viewer: Client, place: str, order: str) -> None:
    for name in "abc":
        pin(viewer, f"user={name}")
    change(viewer, DashboardPane.objects.all()[1], action="move", place=place)
    assert queries() == [f"user={name}" for name in order]
    assert list(DashboardPane.objects.values_list("place", flat=True)) == [1, 2, 3]


@pytest.mark.parametrize("width", ["", "huge", "half\0", "x" * 5000])
def test_a_width_that_is_none_leaves_the_pane_as_it_is(viewer: Client, width: str) -> None:
    pin(viewer)
    pane = DashboardPane.objects.get()
    change(viewer, pane, action="resize", width="half")
    change(viewer, pane, action="resize", width=width)
    assert DashboardPane.objects.get().width == "half"


@pytest.mark.parametrize("title", ["n" * 500, "=1+1", "<b>x</b>", "\N{RIGHT-TO-LEFT OVERRIDE}x", "two\nlines", "離席"])
def test_any_title_is_kept_as_far_as_there_is_room(viewer: Client, title: str) -> None:
    pin(viewer, title=title)
    pane = DashboardPane.objects.get()
    assert pane.title.startswith(title[:100])
    change(viewer, pane, action="rename", title=title)
    assert DashboardPane.objects.get().title == title[:120]
    assert "<b>x</b>" not in viewer.get("/").content.decode()


def test_a_graph_that_cannot_be_shown_says_why_where_no_field_says_it(viewer: Client, login: User) -> None:
    pane, _ = DashboardPane.pin(login.pk, title="x", report="realtime-sessions", part="graph", query="used_min=many")
    address = f"/features/realtime/sessions/?{pane.query}"
    answers = [
        viewer.get(address, headers={"HX-Request": "true", "X-Part": "graph", "HX-Target": f"{target}-data"})
        for target in (f"pane-{pane.pk}", "sessions-graph")
    ]
    assert [answer.context["chart_note"] for answer in answers] == [
        "There is no graph. Enter a whole number.",
        "There is no graph, because a choice could not be understood.",
    ]


class TestHidden:
    """What a pane was called may name what is hidden now."""

    @pytest.fixture
    def pane(self, viewer: Client, login: User) -> DashboardPane:
        server = LicenseServerFactory(name="SECRET")
        pin(viewer, "scope=server:SECRET")
        HiddenServer.objects.create(user=login, server=server)
        pane = DashboardPane.objects.get()
        assert "SECRET" in pane.title
        return pane

    def test_no_message_about_it_names_it(self, viewer: Client, pane: DashboardPane) -> None:
        kept = change(viewer, pane, action="rename", title=" ")
        assert "keeps its name: a pane has to have one" in kept
        removed = change(viewer, pane, action="remove")
        assert "is off your dashboard" in removed
        assert "SECRET" not in kept + removed

    def test_it_can_be_moved_and_removed_all_the_same(self, viewer: Client, pane: DashboardPane) -> None:
        pin(viewer, "user=ada")
        change(viewer, pane, action="move", step="down")
        assert queries()[0] == "user=ada"
        change(viewer, pane, action="remove")
        assert queries() == ["user=ada"]


@pytest.mark.parametrize("named", ["server_is=US", "server_is=US&feature_is=cam", "feature_is=cam", "vendor_is=camd"])
def test_a_pane_is_not_available_while_its_filter_names_what_is_hidden(viewer: Client, login: User, named: str) -> None:
    feature = FeatureFactory(server__name="US", name="cam", vendor="camd")
    shared = FeatureFactory(server__name="PL", name="cad", vendor="cadd")
    pin(viewer, named)
    assert "Not available" not in viewer.get("/").content.decode()

    hidden = HiddenServer.objects.create(user=login, server=feature.server)
    page = viewer.get("/").content.decode()
    assert "Not available 1: Realtime Sessions" in page
    assert not any(f" is {name}" in page for name in ("US", "cam", "camd"))

    hidden.delete()
    HiddenServer.objects.create(user=login, server=shared.server)
    assert "Not available" not in viewer.get("/").content.decode()


def test_a_pane_that_names_a_license_server_without_features_is_available(viewer: Client) -> None:
    LicenseServerFactory(name="US")
    pin(viewer, "server_is=US")
    assert "License Server Name is US" in viewer.get("/").content.decode()


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("named", ["scope=server:US", "server_is=US", "feature_is=cam"])
def test_an_open_pane_of_what_is_hidden_meanwhile_loads_the_dashboard_again_which_says_so(
    viewer: Client, login: User, part: Part, named: str
) -> None:
    feature = FeatureFactory(server__name="US", name="cam")
    pin(viewer, named, part=part)
    address = f"/features/realtime/sessions/?{DashboardPane.objects.get().query}"
    headers = {"HX-Request": "true", "X-Part": part, "HX-Target": "pane-1-data"}
    shown = viewer.get(address, headers=headers)
    assert "HX-Refresh" not in shown.headers

    HiddenServer.objects.create(user=login, server=feature.server)
    answer = viewer.get(address, headers=headers | {"X-Version": shown.context["version"]})

    assert answer.headers["HX-Refresh"] == "true"
    assert answer.content == b""
    page = viewer.get("/").content.decode()
    assert "Not available 1: " in page
    assert "hx-get" not in page.partition('class="dashboard"')[2]  # so it does not load again and again


def test_a_dashboard_with_a_pane_that_is_not_available_loads_again_only_once_it_is(viewer: Client, login: User) -> None:
    server = FeatureFactory(server__name="SECRET").server
    pin(viewer, "scope=server:SECRET")
    assert "data-live-unless" not in viewer.get("/").content.decode()
    hidden = HiddenServer.objects.create(user=login, server=server)
    page = viewer.get("/")
    assert "SECRET" not in page.content.decode()
    asked = {"HX-Request": "true", "X-Version": page.context["version"]}
    assert viewer.get("/", headers=asked).status_code == 204

    hidden.delete()
    answer = viewer.get("/", headers=asked)

    assert (answer.headers["HX-Refresh"], answer.content) == ("true", b"")
    assert "data-live-unless" not in viewer.get("/").content.decode()
