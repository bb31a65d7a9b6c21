"""The dashboard: panes as they were pinned, for one login alone."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from groups_app.models import HiddenServer, LicenseServerGroup, UserGroup
from sessions_app.models import DashboardPane
from sessions_app.models.dashboard import Part
from sessions_app.views.dashboard import REPORTS
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UserFactory

pytestmark = pytest.mark.django_db

BACKEND = "groups_app.logins.LoginBackend"
PIN = {"report": "realtime-sessions", "part": "grid", "title": "Realtime Sessions"}


def pinned(viewer: Client, query: str = "", **changes: str) -> DashboardPane | None:
    viewer.post("/dashboard/pin/", PIN | {"query": query} | changes)
    return DashboardPane.objects.order_by("pk").last()


def part(viewer: Client, pane: DashboardPane) -> str:
    headers = {"HX-Request": "true", "X-Part": pane.part, "HX-Target": f"pane-{pane.pk}-data"}
    return viewer.get(f"/features/realtime/sessions/?{pane.query}", headers=headers).content.decode()


def test_an_empty_dashboard_says_how_to_fill_it(viewer):
    assert "Nothing is pinned yet" in viewer.get("/").content.decode()


def test_a_pinned_grid_keeps_its_scope_filters_and_aggregation(viewer):
    server = LicenseServerFactory(name="PL")
    feature = FeatureFactory(server=server)
    OpenSessionFactory(feature=feature, user="ann", used=2)
    OpenSessionFactory(feature=feature, user="bob", used=7)
    pane = pinned(viewer, "scope=server:PL&user=an&group_by=user")
    assert pane is not None
    assert "server%3APL" in viewer.get("/").content.decode()
    shown = part(viewer, pane)
    assert "ann" in shown
    assert "bob" not in shown
    assert f'id="pane-{pane.pk}-data"' in shown


def test_the_same_report_can_be_pinned_twice_and_each_pane_answers_for_itself(viewer):
    OpenSessionFactory(user="ann")
    OpenSessionFactory(user="bob")
    first, second = pinned(viewer, "user=ann"), pinned(viewer, "user=bob")
    assert "bob" not in part(viewer, first)
    assert "ann" not in part(viewer, second)


def test_a_pane_that_did_not_change_is_not_sent_again(viewer):
    OpenSessionFactory()
    pane = pinned(viewer)
    version = viewer.get(
        "/features/realtime/sessions/", headers={"HX-Request": "true", "X-Part": "grid", "HX-Target": "pane-1-data"}
    ).context["version"]
    headers = {"HX-Request": "true", "X-Part": pane.part, "X-Version": version}
    assert viewer.get("/features/realtime/sessions/", headers=headers).status_code == 204


def test_a_choice_that_cannot_be_understood_is_not_pinned(viewer):
    assert pinned(viewer, "used_min=many") is None
    assert "could not be understood" in viewer.get("/").content.decode()


def test_what_is_pinned_already_is_not_pinned_twice_and_the_message_leads_to_it(viewer):
    pane = pinned(viewer, "user=ann")
    first = viewer.get("/features/realtime/sessions/").content.decode()
    assert "is on your dashboard. <a" in first
    assert pinned(viewer, "user=ann&page=2") == pane
    second = viewer.get("/features/realtime/sessions/").content.decode()
    assert f"&#x27;{pane.title}&#x27; is on your dashboard already." in second.replace("'", "&#x27;")
    assert f"/#pane-{pane.pk}" in second
    assert DashboardPane.objects.count() == 1
    assert pinned(viewer, "user=ann", part="graph") != pane


def test_a_pinned_grid_has_no_column_of_buttons(viewer):
    OpenSessionFactory(user="ann")
    shown = part(viewer, pinned(viewer))
    assert "Checkout Time" in shown
    assert "Action" not in shown


def test_a_graph_can_only_be_pinned_where_there_is_one(viewer):
    answer = viewer.post("/dashboard/pin/", PIN | {"report": "history-sessions", "part": "graph", "query": ""})
    assert answer.status_code == 404


def test_panes_move_up_and_down_and_the_others_close_up(viewer):
    panes = [pinned(viewer, f"user={name}") for name in ("ann", "bob", "cas")]
    viewer.post(f"/dashboard/{panes[2].pk}/", {"action": "move", "place": "1"})
    assert list(DashboardPane.objects.values_list("query", flat=True)) == ["user=cas", "user=ann", "user=bob"]
    viewer.post(f"/dashboard/{panes[2].pk}/", {"action": "remove"})
    assert list(DashboardPane.objects.values_list("query", "place")) == [("user=ann", 1), ("user=bob", 2)]


def test_a_step_is_taken_from_where_the_pane_is_and_ends_at_either_end(viewer):
    panes = [pinned(viewer, f"user={name}") for name in ("ann", "bob", "cas")]
    viewer.post(f"/dashboard/{panes[0].pk}/", {"action": "move", "place": "3"})
    viewer.post(f"/dashboard/{panes[0].pk}/", {"action": "move", "step": "up"})
    assert list(DashboardPane.objects.values_list("query", flat=True)) == ["user=bob", "user=ann", "user=cas"]
    for _ in range(3):
        answer = viewer.post(f"/dashboard/{panes[0].pk}/", {"action": "move", "step": "down"})
    assert list(DashboardPane.objects.values_list("query", flat=True)) == ["user=bob", "user=cas", "user=ann"]
    assert answer["Location"] == f"/#pane-{panes[0].pk}-menu"


def test_a_pane_is_renamed_and_resized(viewer):
    pane = pinned(viewer)
    viewer.post(f"/dashboard/{pane.pk}/", {"action": "rename", "title": "Night shift <b>"})
    viewer.post(f"/dashboard/{pane.pk}/", {"action": "resize", "width": "half"})
    page = viewer.get("/").content.decode()
    assert "Night shift &lt;b&gt;" in page
    assert "width-half" in page


def test_a_name_with_a_nul_is_taken_without_it(viewer):
    pane = pinned(viewer, title="Night\0 shift")
    assert pane.title == "Night shift: All license servers"
    viewer.post(f"/dashboard/{pane.pk}/", {"action": "rename", "title": "Day\0 shift"})
    assert "Day shift" in viewer.get("/").content.decode()
    answer = viewer.post(f"/dashboard/{pane.pk}/", {"action": "rename", "title": "\0"}, follow=True)
    assert "has to have one" in answer.content.decode()


def places() -> list[tuple[str, int]]:
    return list(DashboardPane.objects.values_list("query", "place"))


def test_panes_that_two_tabs_remove_leave_no_gap_and_no_two_at_one_place(viewer):
    for name in ("ann", "bob", "cas", "dan"):
        pinned(viewer, f"user={name}")
    ann, bob, cas, _ = DashboardPane.objects.all()  # as both tabs read them
    ann.remove()
    bob.remove()
    assert places() == [("user=cas", 1), ("user=dan", 2)]
    cas.move_by(1)
    assert places() == [("user=dan", 1), ("user=cas", 2)]


def test_a_step_in_one_tab_counts_from_where_the_other_put_the_pane(viewer):
    for name in ("ann", "bob", "cas"):
        pinned(viewer, f"user={name}")
    ann, again = DashboardPane.objects.all()[0], DashboardPane.objects.all()[0]
    ann.move_to(3)
    again.move_by(-1)
    assert places() == [("user=bob", 1), ("user=ann", 2), ("user=cas", 3)]


def test_a_pane_that_the_other_tab_removed_moves_nothing(viewer):
    for name in ("ann", "bob", "cas"):
        pinned(viewer, f"user={name}")
    _, bob, again = *DashboardPane.objects.all()[:2], DashboardPane.objects.all()[1]
    bob.remove()
    for act in (lambda: again.move_to(1), lambda: again.move_by(1), again.remove):
        act()
        assert places() == [("user=ann", 1), ("user=cas", 2)]


def test_a_name_that_is_empty_is_refused_and_the_old_one_stays(viewer):
    pane = pinned(viewer)
    answer = viewer.post(f"/dashboard/{pane.pk}/", {"action": "rename", "title": "  "}, follow=True)
    assert "has to have one" in answer.content.decode()
    assert DashboardPane.objects.get().title == pane.title


def test_a_pane_whose_server_was_hidden_says_so_and_shows_nothing_of_it(viewer, login):
    server = LicenseServerFactory(name="SECRET")
    OpenSessionFactory(feature=FeatureFactory(server=server), user="hidden-holder")
    pane = pinned(viewer, "scope=server:SECRET")
    viewer.get("/")  # the message that it was pinned is read
    HiddenServer.objects.create(user=login, server=server)
    page = viewer.get("/").content.decode()
    assert "not there for you any more" in page
    assert "SECRET" not in page
    assert "hidden-holder" not in part(viewer, pane)


@pytest.mark.parametrize(("kind", "report"), [(LicenseServerGroup, "realtime-sessions"), (UserGroup, "user-sessions")])
def test_a_pane_whose_group_was_deleted_says_that_it_may_be_that(viewer, kind, report):
    group = kind.objects.create(name="XF")
    pinned(viewer, "scope=group:XF", report=report)
    group.delete()
    assert (
        "The license server, feature, license server group or user group of this pane"
        in viewer.get("/").content.decode()
    )


def test_panes_that_are_hidden_can_be_told_apart_and_name_nothing(viewer, login):
    server = LicenseServerFactory(name="SECRET")
    panes = [pinned(viewer, f"scope=server:SECRET{rest}") for rest in ("", "&user=ann")]
    viewer.get("/")  # the messages that they were pinned are read
    HiddenServer.objects.create(user=login, server=server)
    page = viewer.get("/").content.decode()
    assert "Not available 1: Realtime Sessions" in page
    assert "Not available 2: Realtime Sessions" in page
    gone = viewer.post(f"/dashboard/{panes[1].pk}/", {"action": "remove"}, follow=True).content.decode()
    assert "Not available: Realtime Sessions&#x27; is off your dashboard" in gone
    assert "SECRET" not in page + gone


def test_nobody_sees_or_changes_the_panes_of_another_login(viewer, client):
    other = Client()
    other.force_login(UserFactory(), backend=BACKEND)
    pane = pinned(viewer)
    assert pane.title not in other.get("/").content.decode()
    assert other.post(f"/dashboard/{pane.pk}/", {"action": "remove"}).status_code == 404
    assert DashboardPane.objects.count() == 1


@pytest.mark.parametrize("report", list(REPORTS))
def test_every_report_can_be_pinned_and_its_pane_answers(viewer, report):
    OpenSessionFactory(user="ann")
    parts = [Part.GRID, *([Part.GRAPH] if REPORTS[report].graph_title else [])]
    for each in parts:
        pane = pinned(viewer, report=report, part=each)
        headers = {"HX-Request": "true", "X-Part": each, "HX-Target": f"pane-{pane.pk}-data"}
        answer = viewer.get(f"{reverse(report)}?{pane.query}", headers=headers)
        assert f'id="pane-{pane.pk}-data"' in answer.content.decode()
    assert viewer.get("/").status_code == 200


def test_panes_of_two_versions_of_a_feature_have_titles_of_their_own(viewer):
    server = LicenseServerFactory(name="PL")
    for version in ("2025.2", "2026.1"):
        FeatureFactory(server=server, name="solver", version=version)
        pane = pinned(viewer, f"scope=server:PL&feature=solver&version={version}&type=floating")
        assert pane.title == f"Realtime Sessions: PL, solver {version} floating"


def headers(viewer: Client) -> list[str]:
    """What stands in the header of each pane, as words."""
    text = viewer.get("/").content.decode()
    found = re.findall(r'<header class="pane-header">(.*?)<div class="pane-actions">', text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in found]


@pytest.mark.parametrize("kind", list(Part))
def test_a_pane_of_the_past_is_not_to_be_taken_for_a_live_one(viewer, kind):
    OpenSessionFactory(feature__server__name="PL")
    pane = pinned(viewer, "scope=server:PL&at=2026-03-16T15:40Z", part=kind)
    assert pane.title == "Realtime Sessions: PL, as it was at 2026-03-16 15:40 UTC"
    viewer.post(f"/dashboard/{pane.pk}/", {"action": "rename", "title": "Peak"})
    assert headers(viewer) == ["Peak as it was at 2026-03-16 15:40"]
    if kind == Part.GRID:
        assert "<caption" in part(viewer, pane)
        assert "PL, as it was at 2026-03-16 15:40</caption>" in part(viewer, pane)


@pytest.mark.parametrize("kind", list(Part))
def test_a_pane_of_the_past_asks_until_it_is_answered_and_then_no_more(viewer, kind):
    OpenSessionFactory(user="ann")
    live, past = (pinned(viewer, query, part=kind) for query in ("", "at=2026-03-16T15:40Z"))
    for pane in (live, past):
        assert re.search(rf'id="pane-{pane.pk}-data"[^>]* data-live ', viewer.get("/").content.decode())
    assert " data-live " in part(viewer, live)
    assert " data-live " not in part(viewer, past)


def test_panes_of_two_periods_have_titles_of_their_own(viewer):
    chosen = {"report": "history-sessions", "title": "Sessions of the Period"}
    custom = "period=custom&from=2026-03-01T08:00&to=2026-03-05T17:30"
    titles = [pinned(viewer, query, **chosen).title for query in ("period=today", "period=last-month", custom)]
    assert titles == [
        "Sessions of the Period: All license servers, today",
        "Sessions of the Period: All license servers, last month",
        "Sessions of the Period: All license servers, from 2026-03-01 08:00 UTC to 2026-03-05 17:30 UTC",
    ]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("at=2026-03-16T12:00", "as it was at 2026-03-16 06:30 UTC"),
        ("checked_out_after=2026-03-16T12:00", "Checkout Time after 2026-03-16 06:30 UTC"),
        ("expiration_before=2026-03-16", "Feature Expiration Date before 2026-03-16"),
    ],
)
def test_the_title_of_a_pane_that_was_pinned_in_one_zone_is_true_in_every_other(viewer, query, told):
    viewer.cookies["licstats_zone"] = "Asia/Kolkata"
    assert pinned(viewer, query).title == f"Realtime Sessions: All license servers, {told}"


def test_a_graph_is_not_said_to_be_aggregated_as_its_grid_is(viewer):
    titles = [pinned(viewer, "user=ann&group_by=user", part=kind).title for kind in (Part.GRID, Part.GRAPH)]
    told = "Realtime Sessions: All license servers, User Name contains “ann”"
    assert titles == [f"{told}, by user", told]


def test_a_graph_of_those_whose_sums_are_large_enough_says_whose_sums_they_are(viewer):
    titles = [pinned(viewer, "group_by=user&used_min=50", part=kind).title for kind in (Part.GRID, Part.GRAPH)]
    assert titles == ["Realtime Sessions: All license servers, Used from 50, by user"] * 2


def test_features_to_choose_from_are_not_said_to_be_those_of_the_period(viewer):
    chosen = {"report": "history-usage", "title": "Features with a History"}
    assert pinned(viewer, "period=today", **chosen).title == "Features with a History: All license servers"


def test_past_figures_of_a_feature_are_pinned_with_their_own_filters(viewer):
    feature = FeatureFactory(server=LicenseServerFactory(name="PL"))
    chosen = f"scope=server:PL&feature={feature.name}&version={feature.version}&type={feature.type}&used_min=2"
    assert pinned(viewer, chosen, report="history-usage") is not None
