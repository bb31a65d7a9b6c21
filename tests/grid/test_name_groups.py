"""Groups of users and of hosts as filters of sessions, open and past."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from groups_app.models import HostGroup, UserGroup
from tests.factories import FeatureFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS, USERS, Viewer, content

HISTORY = "/features/history/sessions"
ALL = [SESSIONS, USERS, HISTORY]


@pytest.fixture(autouse=True)
def sessions(db: None) -> None:
    HostGroup.objects.create(name="render farm", members="render-*\nCAD1", description="Basement")
    UserGroup.objects.create(name="design", members="ann")
    feature = FeatureFactory.create(name="solver", server__read_at=timezone.now())
    for user, host in (("ann", "render-01"), ("bob", "RENDER-02"), ("ann", "cad1"), ("eve", "cad10")):
        begun = timezone.now() - timedelta(hours=1)
        OpenSessionFactory.create(feature=feature, user=user, host=host, first_seen_at=begun)


@pytest.mark.parametrize("path", ALL)
def test_a_host_group_leaves_the_sessions_on_its_hosts(viewer: Viewer, path: str) -> None:
    page = viewer.page(path, host_group="render farm")

    assert page.context["page"].total == 3
    assert {row["host"] for row in viewer.rows(path, host_group="render farm")} == {"RENDER-02", "cad1", "render-01"}
    assert content(viewer.file("csv", path, host_group="render farm")).count(b"\n") == 4
    assert [chip.text for chip in page.context["state"].chips] == ["Host Name is in the group render farm"]


@pytest.mark.parametrize("path", ALL)
def test_both_kinds_of_group_go_together(viewer: Viewer, path: str) -> None:
    rows = viewer.rows(path, host_group="render farm", user_group="design")

    assert sorted((row["user"], row["host"]) for row in rows) == [("ann", "cad1"), ("ann", "render-01")]


def test_a_user_of_a_group_is_two_filters_each_with_an_x_of_its_own(viewer: Viewer) -> None:
    page = viewer.page(user_is="ann", user_group="design")

    user, group = page.context["links"].chips
    assert (user[0], group[0]) == ("User Name is ann", "User Name is in the group design")
    assert (user[1], group[1]) == ("?user_group=design", "?user_is=ann")


@pytest.mark.parametrize("path", ALL)
def test_of_several_groups_of_a_kind_each_has_to_have_the_user(viewer: Viewer, path: str) -> None:
    UserGroup.objects.create(name="analysis", members="ann\nbob")

    page = viewer.page(path, user_group=["design", "analysis"])

    assert {row["user"] for row in viewer.rows(path, user_group=["design", "analysis"])} == {"ann"}
    (chip,) = page.context["links"].chips
    assert chip == ("User Name is in the group design and is in the group analysis", "")
    refused = viewer.page(path, user_group=["design", "nobodys"]).context["state"]
    assert refused.errors == {"user_group": ["There is no user group 'nobodys'."]}


@pytest.mark.parametrize("path", ALL)
def test_an_unknown_group_shows_its_error_and_no_rows(viewer: Viewer, path: str) -> None:
    page = viewer.page(path, host_group="design")

    assert page.context["page"] is None
    assert "There is no host group &#x27;design&#x27;." in page.content.decode()
    assert viewer.file("csv", path, host_group="design").status_code == 400


def test_an_aggregated_row_leads_to_its_sessions_on_the_hosts_of_the_group(viewer: Viewer) -> None:
    (row,) = viewer.rows(host_group="render farm", group_by="feature")
    text = viewer.page(host_group="render farm", group_by="feature").content.decode()
    link = re.search(r'href="([^"]*)" title="Show the sessions of this row"', text)
    assert link

    assert (row["used"], row["host_quantity"]) == (3, 3)
    assert viewer.client.get(html.unescape(link[1])).context["page"].total == 3


@pytest.mark.parametrize("path", ALL)
def test_the_groups_to_choose_from_are_a_click_away_and_keep_the_rest(viewer: Viewer, path: str) -> None:
    page = viewer.page(path, user="a", sort="user", page=1)
    link = re.search(r'href="(/pick/groups/[^"]*)"', page.content.decode())
    assert link

    lists = viewer.client.get(html.unescape(link[1]))
    found = {option.label: option for section in lists.context["sections"] for option in section.options}

    assert "Choose a group of users or of hosts" in lists.content.decode()
    assert list(found) == ["No group", "design", "render farm"]
    assert found["render farm"].detail == "Basement"
    chosen = viewer.client.get(found["render farm"].address)
    assert chosen.context["state"].value("host_group") == "render farm"
    assert (chosen.context["state"].value("user"), chosen.context["state"].value("sort")) == ("a", "user")


def test_choosing_another_group_or_none_lets_the_first_go(viewer: Viewer) -> None:
    HostGroup.objects.create(name="desks", members="cad*")

    lists = viewer.client.get("/pick/groups/?report=realtime-sessions&host_group=render farm&user_group=design")
    found = {option.label: option for section in lists.context["sections"] for option in section.options}

    assert [label for label, option in found.items() if option.chosen] == ["design", "render farm"]
    assert found["desks"].address == f"{SESSIONS}/?host_group=desks&user_group=design"
    assert found["No group"].address == f"{SESSIONS}/"


def test_where_there_is_no_group_the_list_says_who_makes_them(viewer: Viewer) -> None:
    HostGroup.objects.all().delete()

    page = viewer.client.get("/pick/groups/?report=realtime-sessions").content.decode()

    assert "Host groups: none yet. An administrator makes them" in page
    assert "User groups: none yet" not in page


def test_groups_are_found_by_a_part_of_their_name(viewer: Viewer) -> None:
    lists = viewer.client.get("/pick/groups/?report=history-sessions&q=REN")

    assert [option.label for section in lists.context["sections"] for option in section.options] == ["render farm"]


def test_a_grid_without_users_and_hosts_offers_no_groups(viewer: Viewer) -> None:
    assert "/pick/groups/" not in viewer.page("/features/realtime/usage").content.decode()
    assert viewer.client.get("/pick/groups/?report=realtime-usage").status_code == 404
