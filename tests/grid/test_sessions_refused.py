"""What is refused, and what is said of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group

from groups_app.models import ForbiddenServer, LicenseServerGroup
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import SESSIONS, USERS, Viewer


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("used_min", "many"),
        ("used_max", "99999999999999999999"),
        ("used", "many"),
        ("used_min", "="),
        ("time_used_min", "="),
        ("time_used_min", "6"),
        ("checked_out_after", "yesterday"),
        ("checked_out_after", "2026-13-45"),
        ("checked_out_after", "1899-12-31"),
        ("checked_out_before", "9999-12-31T23:59-12:00"),
        ("at", "0002-01-02"),
        ("expiration_before", "soon"),
        ("feature_type", "flying"),
        ("borrowed", "yes"),
        ("user", "a\0b"),
        ("user_group", "nobody"),
        ("user_group", "a\0b"),
        ("host_group", "nothing"),
        ("sort", "nothing"),
        ("sort", "action"),
        ("columns", "nothing"),
        ("group_by", "moon"),
        ("page", "0"),
        ("page", "\u0663"),
        ("page", "99999999999"),
        ("per_page", "21"),
        ("scope", "server:hidden"),
        ("scope", "\0"),
        ("at", "2999-01-01"),
        ("user", ["ann", "bob"]),
        ("used_min", ["1", "2"]),
        ("place_is", "x"),
    ],
)
def test_an_invalid_value_shows_an_error_and_no_rows_and_an_export_is_refused(
    viewer: Viewer, name: str, value: str | list[str]
) -> None:
    OpenSessionFactory.create()

    response = viewer.page(**{name: value})
    export = viewer.file("csv", **{name: value})

    assert response.status_code == 200
    assert name in response.context["state"].errors
    assert plain.read_page(response.content.decode()) == []
    assert "Nothing is shown" in response.content.decode()
    assert export.status_code == 400
    assert export.content.decode().startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"used_min": "=5", "used_max": "3"}, "used_max"),
        ({"used": "5", "used_min": "2"}, "used_min"),
        ({"used": "5", "used_max": "9"}, "used_max"),
        ({"used": "5", "used_min": "=2"}, "used"),
        ({"time_used": "6h", "time_used_max": "7h"}, "time_used_max"),
    ],
)
def test_a_value_for_both_bounds_stands_alone(viewer: Viewer, asked: dict[str, str], wrong: str) -> None:
    OpenSessionFactory.create(used=5)

    response = viewer.page(**asked)

    assert "is asked for already" in response.context["state"].errors[wrong][0]
    assert response.context["state"].errors[wrong][0] in unescape(response.content.decode())
    assert viewer.file("json", **asked).status_code == 400


@pytest.mark.parametrize("question", [{"used": "5"}, {"used_min": "=5"}, {"used_min": "5", "used_max": "5"}])
def test_a_filter_for_both_bounds_is_taken_away_by_its_chip(viewer: Viewer, question: dict[str, str]) -> None:
    OpenSessionFactory.create(used=5)
    ((text, link),) = viewer.page(**question, user="u").context["links"].chips[1:]

    assert text == "Used is 5"
    assert link == "?user=u"


@pytest.mark.parametrize("path", ["/features/realtime/usage", "/features/history/usage", "/features/history/sessions"])
def test_what_shows_no_past_moment_is_not_asked_for_one(viewer: Viewer, path: str) -> None:
    FeatureFactory.create(used=7)

    page = viewer.page(path, at="2020-01-01").content.decode()
    graph = viewer.client.get(f"{path}/?at=2020-01-01", headers={"X-Part": "graph"}).content.decode()
    refused = viewer.file("json", path, at="2020-01-01")

    assert "data-live data-version" in page  # its rows are those of now, and go on with it
    assert " data-live" in graph
    assert "updated" in page
    assert refused.status_code == 400
    assert refused.content == b"at: There is no such parameter.\n"


@pytest.mark.parametrize("extension", ["csv", "json", "xlsx", "pdf"])
def test_an_unknown_parameter_is_refused_in_an_export_and_named(viewer: Viewer, extension: str) -> None:
    response = viewer.file(extension, usr="ann")

    assert response.status_code == 400
    assert response.content == b"usr: There is no such parameter.\n"


def test_the_error_stands_at_its_field(viewer: Viewer) -> None:
    text = viewer.page(time_used_min="6").content.decode()

    field = text[text.index('name="time_used_min"') :][:500]
    assert 'aria-invalid="true"' in field
    assert "&#x27;6&#x27; is not a duration. Write 6h, 90 min or 1d 4h." in field
    assert 'value="6"' in field


def way_out(response: Any) -> str:
    """Where the refusal leads to."""
    found = re.search(r'Nothing is shown.*?<a href="([^"]*)">', response.content.decode(), re.S)
    assert found, "there is no way out"
    return unescape(found[1])


@pytest.mark.parametrize(
    "wrong",
    [
        "scope=server:nope",
        "scope=server:nope&feature=solver&version=1.0&type=floating",
        "scope=server:PL&feature=nope&version=1.0&type=floating",
        "feature=solver",
        "version=1.0",
        "scope=server:PL&version=1.0",
        "scope=server:PL&type=floating&version=",
        "sort=foo",
        "columns=foo",
        "group_by=moon",
        "page=x",
        "per_page=21",
        "at=2999-01-01",
        "used_min=many",
        "used=many",
        "used_min==many",
        "used_min==",
        "borrowed=yes",
        "scope=all&scope=all&page=1&page=2",
        "host=a%00b",
    ],
)
def test_the_way_out_of_a_refusal_drops_what_is_wrong_and_keeps_the_rest(viewer: Viewer, wrong: str) -> None:
    feature = FeatureFactory.create(server=LicenseServerFactory.create(name="PL"))
    OpenSessionFactory.create(feature=feature, user="ann")
    OpenSessionFactory.create(feature=feature, user="bob")

    refused = viewer.client.get(f"{SESSIONS}/?user=an&{wrong}")
    mended = viewer.client.get(way_out(refused))

    assert [row["user"] for row in mended.context["page"].rows] == ["ann"]
    assert ("server:PL" in wrong) == ("scope=server%3APL" in way_out(refused))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("sort=foo", "Sort order: Rows cannot be sorted by"),
        ("columns=foo", "Columns: There is no column"),
        ("group_by=moon", "Aggregation: Rows cannot be aggregated by"),
        ("borrowed=yes", "Borrowed only: It is 1, or left out."),
        ("host_quantity_min=x", "Host Quantity: Enter a whole number."),
        ("user_group=nobody", "User Name: There is no user group"),
        ("at=2999-01-01", "Time: 2999-01-01 has not come yet."),
    ],
)
def test_what_has_no_field_is_named_as_the_page_names_it(viewer: Viewer, wrong: str, said: str) -> None:
    assert said in viewer.client.get(f"{SESSIONS}/?{wrong}").content.decode()


@pytest.mark.parametrize(
    ("path", "wrong", "field", "said"),
    [
        (SESSIONS, "scope=server:nope", "servers", "There is no license server &#x27;nope&#x27;."),
        (SESSIONS, "feature=solver", "features", "Choose a license server or a group before a feature."),
        (SESSIONS, "scope=all&scope=all", "servers", "It is given 2 times."),
        (USERS, "scope=group:nope", "users", "There is no user group &#x27;nope&#x27;."),
    ],
)
def test_what_is_wrong_with_a_pick_list_stands_at_it(
    viewer: Viewer, path: str, wrong: str, field: str, said: str
) -> None:
    text = viewer.client.get(f"{path}/?{wrong}").content.decode()

    assert f'id="pick-{field}-error" role="alert">{said}</p>' in text
    assert text.count(said) == 1


@pytest.mark.parametrize("scope", ["server:PL", "group:XF"])
@pytest.mark.parametrize("question", [{"version": "2.0"}, {"type": "floating"}, {"version": "2.0", "type": "token"}])
@pytest.mark.parametrize("path", [SESSIONS, "/features/realtime/usage", "/features/history/usage"])
def test_a_version_or_a_type_without_a_feature_is_refused_and_no_file_claims_it(
    viewer: Viewer, path: str, question: dict[str, str], scope: str
) -> None:
    server = LicenseServerFactory.create(name="PL")
    LicenseServerGroup.objects.create(name="XF").servers.add(server)
    for version in ("1.0", "2.0"):
        OpenSessionFactory.create(feature=FeatureFactory.create(server=server, name="solver", version=version))

    page = viewer.page(path, scope=scope, **question)
    file = viewer.file("csv", path, scope=scope, **question)

    said = "Choose a feature as well: a version or a type alone says nothing."
    assert said in page.content.decode()
    assert page.context["page"] is None
    assert (file.status_code, file.content.decode()) == (400, f"feature: {said}\n")
    assert viewer.client.get(page.context["information"].features_address).status_code == 200


@pytest.mark.parametrize(
    ("path", "scope", "said"),
    [
        (SESSIONS, "server:gone", "License Server: There is no license server &#x27;gone&#x27;."),
        (USERS, "group:gone", "User / User Group: There is no user group &#x27;gone&#x27;."),
    ],
)
def test_a_live_grid_whose_choice_is_gone_says_so_itself(viewer: Viewer, path: str, scope: str, said: str) -> None:
    assert said in viewer.fragment(path, scope=scope).content.decode()
    assert f">{said.partition(':')[0]}<" in viewer.page(path).content.decode()  # as its field is called


def test_a_page_number_that_is_none_can_be_mended_in_its_box(viewer: Viewer) -> None:
    text = viewer.page(page="x", user="ann").content.decode()

    box = text[text.index('<form class="page-box"') :].partition("</form>")[0]
    assert 'name="user" value="ann"' in box
    assert 'name="page" value="x"' in box
    assert "&#x27;x&#x27; is not a whole number from 1." in box
    assert text.count("is not a whole number from 1.") == 1


def test_the_address_of_a_page_number_that_is_none_shows_its_error_again(viewer: Viewer) -> None:
    answer = viewer.fragment(page="abc", user="ann")

    assert answer["HX-Push-Url"] == "/features/realtime/sessions/?user=ann&page=abc"
    assert "is not a whole number from 1." in viewer.client.get(answer["HX-Push-Url"]).content.decode()


def test_a_page_size_that_is_none_can_be_mended_beside_it(viewer: Viewer) -> None:
    text = viewer.page(per_page="21").content.decode()

    sizes = text[text.index('<span class="sizes"') :].partition("</footer>")[0]
    assert "A page has 20, 50, 100, 200 rows." in sizes
    assert 'href="/features/realtime/sessions/?per_page=50"' in sizes


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("used_min", "99999999999999999999", "That number is too large."),
        ("used_max", "-99999999999999999999", "That number is too small."),
        ("page", "99999999999", "That number is too large."),
        ("used_min", "=", "Write a value after the =, as in =5."),
        ("time_used_min", " = ", "Write a value after the =, as in =6h."),
    ],
)
def test_a_refusal_says_what_to_write_instead(viewer: Viewer, name: str, value: str, said: str) -> None:
    assert viewer.page(**{name: value}).context["state"].errors == {name: [said]}


def graph(viewer: Viewer, question: str, path: str = SESSIONS, **headers: str) -> Any:
    target = f"{'sessions' if path == SESSIONS else 'usage'}-graph-data"
    sent = {"HX-Request": "true", "HX-Target": target, "X-Part": "graph"} | headers
    return viewer.client.get(f"{path}/?{question}", headers=sent)


def test_a_page_with_a_refused_value_says_why_there_is_no_graph_and_offers_no_picture_of_it(viewer: Viewer) -> None:
    OpenSessionFactory.create()
    text = viewer.page(time_used_min="6").content.decode()
    pane = text[text.index('id="sessions-graph-pane"') :].partition("</section>")[0]

    assert "There is no graph, because a choice could not be understood." in pane
    assert re.search(r'data-chart-save="sessions-graph" hidden>', pane)


def test_a_graph_stays_while_a_value_is_refused_and_is_drawn_whatever_the_order_of_the_rows(viewer: Viewer) -> None:
    OpenSessionFactory.create(user="ann")

    assert graph(viewer, "time_used_min=6", **{"X-Version": ""}).status_code == 204
    assert "There is no graph" in graph(viewer, "time_used_min=6").content.decode()
    assert "ann" in graph(viewer, "sort=foo&page=x").context["figure"]


def test_a_graph_of_a_group_that_is_taken_away_is_cleared_and_says_why(viewer: Viewer) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    session = OpenSessionFactory.create(user="ann", feature__server__name="US")
    group.servers.add(session.server)
    assert "ann" in graph(viewer, "scope=group:XF").content.decode()
    role = Group.objects.create(name="Kraków")
    ForbiddenServer.objects.create(role=role, server=session.server)
    viewer.login.groups.add(role)
    viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")

    for path in (SESSIONS, "/features/realtime/usage"):
        answer = graph(viewer, "scope=group:XF", path, **{"X-Version": "1-1"})
        text = answer.content.decode()

        assert answer.status_code == 200
        assert "There is no graph. There is no license server group &#x27;XF&#x27;." in text
        assert answer.context["figure"] == '{"data": [], "layout": {}}'
        assert "ann" not in text


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            "sort=ip",
            "sort: Rows that are aggregated by feature cannot be sorted by Host IP: a list of addresses has no",
        ),
        ("sort=time_used", "sort: Rows that are aggregated by feature have no Time Used."),
        ("used==2", "used: Enter a whole number."),
    ],
)
def test_an_export_says_the_true_reason_and_says_it_once(viewer: Viewer, asked: str, reason: str) -> None:
    answer = viewer.client.get(f"{SESSIONS}.json?group_by=feature&{asked}")

    (line,) = answer.content.decode().splitlines()
    assert (answer.status_code, line[: len(reason)]) == (400, reason)
