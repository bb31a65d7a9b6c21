from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from groups_app.models import HiddenFeature, HiddenServer, LicenseServerGroup
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db


def found(client: Client, text: str, **headers: str) -> list[str]:
    page = client.get("/search/", {"q": text}, headers=headers or None).content.decode()
    rows = re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)
    return rows or re.findall(r'<span class="found-name">([^<]*)</span>', page)


def test_any_part_of_a_name_is_found_in_any_case(admin_page: Client) -> None:
    server = LicenseServerFactory(name="krakow-main")
    feature = FeatureFactory(server=server, name="Krakow_solver", version="2.0")
    OpenSessionFactory(feature=feature, user="marek", host="ws-krakow-7")
    OpenSessionFactory(feature=feature, user="KRAKOWIAK", host="ws1")
    LicenseServerGroup.objects.create(name="All of krakow")
    assert found(admin_page, "KRAK") == [
        "krakow-main",
        "All of krakow",
        "Krakow_solver 2.0",
        "KRAKOWIAK",
        "ws-krakow-7",
    ]


def test_a_user_is_found_once_with_all_that_it_holds(admin_page: Client) -> None:
    for used in (1, 4):
        OpenSessionFactory(user="marek", used=used)
    page = admin_page.get("/search/?q=marek").content.decode()
    assert page.count(">marek</a>") == 1
    assert "2 sessions, 5 in use" in page


@pytest.mark.parametrize("field", ["user", "host"])
def test_what_is_said_of_a_user_or_a_host_is_what_its_line_leads_to(admin_page: Client, field: str) -> None:
    for name, used in (("ann", 1), ("ann", 2), ("annabel", 4), ("ANN", 8)):
        OpenSessionFactory(**{field: name, "used": used})

    page = admin_page.get("/search/?q=ann").content.decode()
    lines = re.findall(r'<th scope="row"><a href="([^"]*)">([^<]*)</a>.*?(\d+) sessions?, (\d+) in use', page, re.S)

    assert sorted((name, int(count), int(used)) for _, name, count, used in lines) == [
        ("ANN", 1, 8),
        ("ann", 2, 3),
        ("annabel", 1, 4),
    ]
    for address, name, count, used in lines:
        rows = admin_page.get(address.replace("&amp;", "&")).context["page"].rows
        assert {row[field] for row in rows} == {name}
        assert (len(rows), sum(row["used"] for row in rows)) == (int(count), int(used))


def test_what_is_found_leads_to_its_sessions(admin_page: Client) -> None:
    server = LicenseServerFactory(name="PL & co")
    FeatureFactory(server=server, name="solver", version="2.0", type="token")
    page = admin_page.get("/search/?q=solver").content.decode()
    link = re.search(r'<th scope="row"><a href="([^"]*)"', page)
    assert link
    address = urlsplit(link[1].replace("&amp;", "&"))
    assert address.path == "/features/realtime/sessions/"
    assert parse_qs(address.query) == {
        "scope": ["server:PL & co"],
        "feature": ["solver"],
        "version": ["2.0"],
        "type": ["token"],
    }


def test_what_was_found_opens(admin_page: Client) -> None:
    session = OpenSessionFactory(user="marek", host="ws7", feature__name="solver")
    group = LicenseServerGroup.objects.create(name="solvers")
    group.servers.add(session.server)
    for text in ("solver", "marek", "ws7", session.server.name):
        page = admin_page.get("/search/", {"q": text}).content.decode()
        for link in re.findall(r'<th scope="row"><a href="([^"]*)"', page):
            answer = admin_page.get(link.replace("&amp;", "&"))
            assert answer.status_code == 200, link
            assert "field-error" not in answer.content.decode()


def test_what_a_login_may_not_see_is_not_found(viewer: User, viewer_page: Client) -> None:
    hidden = LicenseServerFactory(name="secret-server")
    OpenSessionFactory(feature=FeatureFactory(server=hidden, name="secret-one"), user="secret-user")
    HiddenServer.objects.create(user=viewer, server=hidden)
    shown = LicenseServerFactory(name="PL")
    OpenSessionFactory(feature=FeatureFactory(server=shown, name="secret-two"), host="secret-host")
    HiddenFeature.objects.create(user=viewer, server=shown, name="secret-two")
    assert found(viewer_page, "secret") == []


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "\\", "x" * 500, "'; DROP TABLE", "\x00"])
def test_odd_texts_find_nothing_and_break_nothing(admin_page: Client, text: str) -> None:
    OpenSessionFactory(user="marek", host="h", feature__name="f")
    assert admin_page.get("/search/", {"q": text}).status_code == 200
    assert found(admin_page, text) == []


def test_under_the_box_there_are_five_of_a_kind_and_a_way_to_all(admin_page: Client) -> None:
    LicenseServerFactory.create_batch(8)
    assert len(found(admin_page, "server", **{"HX-Request": "true"})) == 5
    short = admin_page.get("/search/?q=server", headers={"HX-Request": "true"}).content.decode()
    assert 'href="/search/?q=server"' in short
    assert "<html" not in short
    assert len(found(admin_page, "server")) == 8


def test_the_list_under_the_box_is_never_shown_as_the_page(admin_page: Client) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        assert "HX-Request" in admin_page.get("/search/?q=server", headers=headers)["Vary"]


def test_search_takes_as_many_queries_for_much_as_for_little(admin_page: Client) -> None:
    counts = []
    for count in (1, 20):
        for _ in range(count):
            OpenSessionFactory()
        with CaptureQueriesContext(connection) as queries:
            found(admin_page, "e")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
