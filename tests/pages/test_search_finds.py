"""What a line of the search says and leads to, and how much of each kind is shown."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from groups_app.models import LicenseServerGroup
from sessions_app.views.search import LONG, SHORT
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
LINE = re.compile(r'<th scope="row"><a href="([^"]*)">([^<]*)</a></th><td class="muted">([^<]*)</td>')
FORMULA, BIDI = '=cmd|"x"', "\N{RIGHT-TO-LEFT OVERRIDE}txe.gpj"


def lines(client: Client, text: str) -> list[tuple[str, str, str]]:
    """(address, name, note) of each line of the page."""
    page = client.get("/search/", {"q": text}).content.decode()
    return [(unescape(address), unescape(name), unescape(note)) for address, name, note in LINE.findall(page)]


def make(kind: str, number: int) -> None:
    name = f"krakow-{number:02}"
    if kind == "License servers":
        LicenseServerFactory(name=name)
    elif kind == "License server groups":
        LicenseServerGroup.objects.create(name=name)
    elif kind == "Features":
        FeatureFactory(name=name)
    else:
        OpenSessionFactory(**{kind.lower().removesuffix("s"): name})


KINDS = ("License servers", "License server groups", "Features", "Users", "Hosts")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_with_one_more_than_is_shown_says_so(admin_page: Client, kind: str) -> None:
    for number in range(LONG):
        make(kind, number)
    page = admin_page.get("/search/?q=krakow-")
    assert [(each.title, len(each.found), each.more) for each in page.context["kinds"]] == [(kind, LONG, False)]
    assert "the first" not in page.content.decode()

    make(kind, LONG)
    page = admin_page.get("/search/?q=krakow-")
    assert [len(each.found) for each in page.context["kinds"]] == [LONG]
    assert f"the first {LONG}</span>" in page.content.decode()
    under_the_box = admin_page.get("/search/?q=krakow-", headers={"HX-Request": "true"}).content.decode()
    assert under_the_box.count('class="found-name"') == SHORT


def test_of_two_features_that_differ_in_their_type_alone_each_leads_to_its_own_sessions(admin_page: Client) -> None:
    server = LicenseServerFactory(name="PL")
    for kind, user in (("floating", "ada"), ("token", "ben")):
        feature = FeatureFactory(server=server, name="solver", version="2.0", type=kind)
        OpenSessionFactory(feature=feature, user=user)
    shown = [
        [row["user"] for row in admin_page.get(address).context["page"].rows]
        for address, name, _ in lines(admin_page, "solver")
        if name == "solver 2.0"
    ]
    assert sorted(shown) == [["ada"], ["ben"]]


def test_one_session_is_not_said_to_be_several_and_large_numbers_can_be_read(admin_page: Client) -> None:
    OpenSessionFactory(user="marek", used=1_234_567)
    ((_, _, note),) = lines(admin_page, "marek")
    assert note == "1 session, 1,234,567 in use"


@pytest.mark.parametrize(("text", "name"), [("%", "100%"), ("_", "eva_lu"), ("\\", "DOM\\eva")])
def test_what_is_a_wildcard_elsewhere_is_a_letter_here(admin_page: Client, text: str, name: str) -> None:
    OpenSessionFactory(user=name, host="ws1")
    OpenSessionFactory(user="other", host="ws2")
    assert [found for _, found, _ in lines(admin_page, text)] == [name]


@pytest.mark.parametrize("name", ["<b>kim</b>", "o'hara", 'say "x"', "a&b", FORMULA, BIDI, "離席", "n" * 500])
def test_a_strange_name_is_text_and_leads_to_its_sessions(admin_page: Client, name: str) -> None:
    OpenSessionFactory(user=name)
    OpenSessionFactory(user="other")
    ((address, found, _),) = lines(admin_page, name[:100])
    assert found == name
    assert [row["user"] for row in admin_page.get(address).context["page"].rows] == [name]


def test_a_text_that_is_longer_than_can_be_searched_is_cut_and_a_nul_is_left_out(admin_page: Client) -> None:
    OpenSessionFactory(user="n" * 300)
    assert [name for _, name, _ in lines(admin_page, "n" * 400)] == ["n" * 300]
    assert [name for _, name, _ in lines(admin_page, " n\0n ")] == ["n" * 300]


def test_what_has_no_version_leads_nowhere_that_asks_for_one(admin_page: Client) -> None:
    OpenSessionFactory(feature=FeatureFactory(name="solver", version="", type="floating"), user="ada")
    (address,) = [address for address, name, _ in lines(admin_page, "solver") if name == "solver"]
    assert "version" not in address
    assert [row["user"] for row in admin_page.get(address).context["page"].rows] == ["ada"]
