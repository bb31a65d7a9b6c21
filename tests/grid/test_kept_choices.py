"""Columns and order of rows that are added up: kept for each way by itself, beside those of the plain rows."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from sessions_app.grid.rendering import header_groups
from sessions_app.models import GridPreference
from tests.factories import OpenSessionFactory
from tests.grid.conftest import SESSIONS, USERS, Viewer


def keep(viewer: Viewer, query: str, *columns: str) -> None:
    form = {"path": f"{SESSIONS}/", "query": query, "column": columns, "keep": "1"}
    viewer.client.post("/grids/sessions/preferences/", form)


def forget(viewer: Viewer, query: str) -> None:
    form = {"path": f"{SESSIONS}/", "query": query, "forget": "1"}
    viewer.client.post("/grids/sessions/preferences/", form)


def opened(viewer: Viewer, **params: str) -> str:
    """The address at which a page ends that was opened without saying how its rows look."""
    chain = viewer.page(**params).redirect_chain
    return chain[-1][0].partition("?")[2] if chain else urlencode(params)


def test_each_way_to_add_up_has_columns_and_an_order_of_its_own(viewer: Viewer) -> None:
    keep(viewer, "", "user", "ip")
    keep(viewer, "?group_by=user", "user", "used")
    viewer.fragment(group_by="host", sort="-used", headers={"X-Grid-Choice": "sort"})

    assert opened(viewer) == "columns=user%2Cip"
    assert opened(viewer, group_by="user") == "group_by=user&columns=user%2Cused"
    assert opened(viewer, group_by="host") == "group_by=host&sort=-used"
    assert opened(viewer, group_by="feature") == "group_by=feature"
    assert viewer.page(USERS, group_by="feature").redirect_chain == []


def test_rows_a_page_are_the_same_however_rows_are_added_up(viewer: Viewer) -> None:
    viewer.fragment(group_by="user", per_page=50, headers={"X-Grid-Choice": "per_page"})

    assert opened(viewer) == "per_page=50"
    assert opened(viewer, group_by="host") == "group_by=host&per_page=50"


@pytest.mark.parametrize(
    ("query", "left"),
    [("?group_by=user", ["sessions", "sessions by host"]), ("", ["sessions by host", "sessions by user"])],
)
def test_back_to_the_defaults_forgets_nothing_but_what_is_shown(viewer: Viewer, query: str, left: list[str]) -> None:
    for each in ("", "?group_by=user", "?group_by=host"):
        keep(viewer, each, "user", "used")

    forget(viewer, query)

    assert sorted(GridPreference.objects.values_list("grid", flat=True)) == left


@pytest.mark.parametrize("query", ["", "?group_by=user"])
def test_back_to_the_defaults_brings_those_of_the_rows_a_page_too(viewer: Viewer, query: str) -> None:
    viewer.fragment(per_page=50, headers={"X-Grid-Choice": "per_page"})
    keep(viewer, "", "user")

    forget(viewer, query)

    assert opened(viewer, group_by="user") == "group_by=user"
    assert opened(viewer) == ("columns=user" if query else "")


def test_rows_that_are_added_up_on_an_open_page_look_as_they_were_chosen(viewer: Viewer) -> None:
    keep(viewer, "?group_by=user", "user", "used")

    open_page = {"HX-Current-URL": f"http://testserver{SESSIONS}/?user=ann"}
    changed = viewer.fragment(user="ann", group_by="user", headers=open_page)
    shown = viewer.client.get(changed["Location"], headers={"HX-Request": "true"} | open_page)
    followed = viewer.fragment(group_by="user", headers=open_page | {"X-Version": "an older one"})

    assert shown["HX-Push-Url"] == f"{SESSIONS}/?user=ann&group_by=user&columns=user%2Cused"
    assert shown.context["state"].shows == {"user", "used", "action"}
    assert followed.status_code == 200  # a page that follows by itself stays as it is


def test_the_links_of_aggregate_carry_nothing_that_is_of_the_rows_before(viewer: Viewer) -> None:
    plain = viewer.page(user="ann", sort="-checkout_time,user", columns="user,time_used", per_page=50)
    by_user = viewer.page(user="ann", group_by="user", sort="-host_quantity", columns="user,host_quantity", per_page=50)

    ways = {label: link for label, link, _ in plain.context["links"].aggregations}
    ways_on = {label: link for label, link, _ in by_user.context["links"].aggregations}

    assert ways["User"] == "?user=ann&group_by=user&per_page=50"
    assert ways_on["Host"] == "?user=ann&group_by=host&per_page=50"
    assert by_user.context["links"].plain == "?user=ann&per_page=50"
    shown = "?user=ann&group_by=user&sort=-host_quantity&columns=user%2Chost_quantity&per_page=50"
    assert ways_on["User"] == shown  # it is what is shown


@pytest.mark.parametrize("scripts", [True, False])
def test_who_aggregates_chosen_columns_finds_those_that_were_chosen_for_these_rows(
    viewer: Viewer, scripts: bool
) -> None:
    keep(viewer, "", "user", "host", "time_used")
    keep(viewer, "?group_by=user", "user", "used")
    address = f"{SESSIONS}/?columns=user%2Chost%2Ctime_used"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{address}"} if scripts else {}
    links = viewer.client.get(address).context["links"]

    (link,) = (link for label, link, _ in links.aggregations if label == "User")
    added_up = viewer.client.get(f"{SESSIONS}/{link}", headers=headers, follow=True)
    if scripts:
        headers["HX-Current-URL"] = f"http://testserver{added_up['HX-Push-Url']}"
    back = viewer.client.get(f"{SESSIONS}/{added_up.context['links'].plain}", headers=headers, follow=True)

    assert added_up.context["state"].shows == {"user", "used", "action"}
    assert back.context["state"].shows == {"user", "host", "time_used", "action"}


def test_host_quantity_shows_itself_in_added_up_rows_whatever_was_shown_before(viewer: Viewer) -> None:
    links = viewer.page(columns="user,host").context["links"]

    (link,) = (link for label, link, _ in links.aggregations if label == "User")

    assert "host_quantity" in viewer.client.get(f"{SESSIONS}/{link}").context["state"].shows


def test_a_way_to_add_up_that_does_not_exist_keeps_nothing(viewer: Viewer) -> None:
    viewer.fragment(group_by="moon", sort="-used", headers={"X-Grid-Choice": "sort"})
    keep(viewer, "?group_by=moon", "user")

    assert not GridPreference.objects.exists()
    assert viewer.page(group_by="moon").redirect_chain == []


def test_columns_that_are_chosen_of_one_license_server_leave_those_that_tell_several_apart(viewer: Viewer) -> None:
    one = f"scope=server:{OpenSessionFactory().server.name}"
    keep(viewer, f"?{one}", "user", "ip")

    assert opened(viewer) == "columns=server%2Cvendor%2Cuser%2Cip"
    assert viewer.page().context["state"].shows == {"server", "vendor", "user", "ip", "action"}
    shown = viewer.page(**dict([one.split("=")])).context
    assert shown["state"].shows == {"user", "ip", "action"}
    assert "server" not in [name for name, *_ in shown["links"].columns]


def test_a_column_that_was_taken_off_stays_off_when_others_are_chosen_of_one_license_server(viewer: Viewer) -> None:
    one = f"scope=server:{OpenSessionFactory().server.name}"
    keep(viewer, "", "server", "user")
    keep(viewer, f"?{one}&columns=server,user", "user", "ip")

    assert opened(viewer) == "columns=server%2Cuser%2Cip"


def test_where_no_column_is_left_the_defaults_are_shown_of_one_license_server_too(viewer: Viewer) -> None:
    keep(viewer, f"?scope=server:{OpenSessionFactory().server.name}")

    assert opened(viewer) == ""


@pytest.mark.parametrize(("kept", "place"), [("server", ""), ("server,user", ""), ("-server,host,-user", "2")])
def test_an_order_by_license_server_leaves_that_of_one_to_see_and_is_not_lost_by_another_choice_there(
    viewer: Viewer, kept: str, place: str
) -> None:
    server = OpenSessionFactory(user="bob").server
    OpenSessionFactory(user="ann", feature__server=server)
    viewer.fragment(sort=kept, headers={"X-Grid-Choice": "sort"})

    page = viewer.page(scope=f"server:{server.name}")
    headers = {each.column.name: each for group in header_groups(page.context["state"]) for each in group.headers}
    viewer.client.get(f"{SESSIONS}/{headers['used'].link}", headers={"HX-Request": "true", "X-Grid-Choice": "sort"})

    assert (headers["user"].direction, headers["user"].place) == (
        "descending" if "-user" in kept else "ascending",
        place,
    )
    assert opened(viewer) == f"sort={kept.partition(',')[0]}%2Cused"
