"""The X of a row: where it is, where it is grey and why, and where a close is under way."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from groups_app.models import HiddenFeature, HiddenServer, LicenseServerGroup
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from sessions_app.closing.offer import ABSENT, Offer, OfferState, action_cell, group_offers, offers
from sessions_app.grid.sessions import SESSIONS
from sessions_app.models import CloseState, OpenSession
from tests.closing.making import AT, close_request
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def rows() -> list[dict[str, object]]:
    return list(OpenSession.objects.values(*SESSIONS.row_fields))


def offer_to(login: User) -> Offer:
    (offer,) = offers(login, rows()).values()
    return offer


def test_an_x_leads_to_the_preview_of_its_session(login: User) -> None:
    session = OpenSessionFactory()
    offer = offer_to(login)
    assert offer == Offer(OfferState.OFFERED, "", f"/close/preview/?session={session.pk}")
    assert f'href="{offer.url}"' in action_cell(offer)


def test_without_the_permission_there_is_none_and_no_query(login: User, django_assert_num_queries) -> None:
    OpenSessionFactory()
    viewer = User.objects.get(pk=UserFactory().pk)
    viewer.has_perm("sessions_app.close_session")
    shown = rows()
    with django_assert_num_queries(0):
        assert set(offers(viewer, shown).values()) == {ABSENT}
        assert group_offers(viewer, ["scope=all"], shown, OpenSession.objects.all()) == [ABSENT]
    assert action_cell(ABSENT) == ""


def test_on_a_hidden_server_there_is_none(login: User) -> None:
    session = OpenSessionFactory()
    HiddenServer.objects.create(user=login, server=session.server)
    assert offer_to(login) == ABSENT


def test_where_the_license_manager_cannot_there_is_none(login: User, monkeypatch: pytest.MonkeyPatch) -> None:
    OpenSessionFactory()
    monkeypatch.setattr(type(MANAGERS["flexnet"]), "can_close", False)
    assert offer_to(login) == ABSENT


def test_a_borrowed_session_says_why_not(login: User) -> None:
    OpenSessionFactory(borrow_expires_at=AT)
    offer = offer_to(login)
    assert offer.state is OfferState.INACTIVE
    assert "borrowed until 2026-03-16" in action_cell(offer)
    assert "<a " not in action_cell(offer)


def test_a_server_that_is_switched_off_says_why_not(login: User) -> None:
    OpenSessionFactory()
    LicenseServer.objects.update(enabled=False)
    assert "switched off" in offer_to(login).reason


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CloseState.REQUESTED, "Closing…"),
        (CloseState.CHECKING, "Checking…"),
        (CloseState.REMOVING, "Removing…"),
        (CloseState.VERIFYING, "Verifying…"),
    ],
)
def test_a_close_under_way_says_how_far_it_is(login: User, state: CloseState, words: str) -> None:
    request = close_request(OpenSessionFactory(), state)
    offer = offer_to(login)
    assert (offer.state, offer.reason) == (OfferState.CLOSING, words)
    assert offer.url == f"/close/progress/?request={request.pk}"


@pytest.mark.parametrize("state", [CloseState.REFUSED, CloseState.TIMED_OUT, CloseState.DRY_RUN])
def test_after_a_close_that_did_not_work_it_can_be_asked_again(login: User, state: CloseState) -> None:
    close_request(OpenSessionFactory(), state)
    assert offer_to(login).state is OfferState.OFFERED


def test_lmx_has_none_until_its_switch_is_configured(login: User, settings: object) -> None:
    settings.LICSTATS_LMX_REMOVE = ""  # type: ignore[attr-defined]
    OpenSessionFactory(feature__server=LicenseServerFactory(manager="lmx", address="6200@lmx"))
    assert "LICSTATS_LMX_REMOVE" in offer_to(login).reason


@pytest.mark.parametrize("number", [1, 50])
def test_a_page_of_rows_costs_a_fixed_number_of_queries(login: User, number: int, django_assert_num_queries) -> None:
    for _ in range(number):
        OpenSessionFactory(feature=FeatureFactory())
    shown = rows()
    login.has_perm("sessions_app.close_session")
    with django_assert_num_queries(2):
        assert len(offers(login, shown)) == number
    login.restricted = False  # type: ignore[attr-defined]  # as pages get a login from which nothing is kept
    with django_assert_num_queries(1):
        assert len(offers(login, shown)) == number


def test_an_aggregated_row_leads_to_all_its_sessions(login: User) -> None:
    session = OpenSessionFactory(user="ada")
    server = {f"server__{name}": getattr(session.server, name) for name in ("name", "manager", "site", "enabled")}
    row = {"feature_id": session.feature_id, "server_id": session.server_id, **server}
    (offer,) = group_offers(login, ["scope=all&user_is=ada"], [row], OpenSession.objects.all())
    assert offer.url == "/close/preview/?scope=all&user_is=ada"


QUERIES = ("", "group_by=user", "group_by=host", "group_by=feature", "group_by=server", "group_by=user,host")


@pytest.mark.parametrize("query", QUERIES)
def test_a_server_that_is_switched_off_says_why_not_however_its_sessions_are_added_up(
    login: User, client: Client, query: str
) -> None:
    server = OpenSessionFactory().server
    LicenseServer.objects.update(enabled=False)
    client.force_login(login, backend="groups_app.logins.LoginBackend")

    body = client.get(f"/features/realtime/sessions/?{query}").context["body"]

    assert f'title="{server} is switched off in licstats, so that nothing is asked of it.' in body
    assert "/close/preview/" not in body


@pytest.mark.parametrize("query", QUERIES)
def test_in_a_group_there_is_an_x_exactly_where_its_preview_has_something_to_close(
    login: User, client: Client, query: str
) -> None:
    """US is hidden, and on PL one feature; DK has only that feature in use, and there it is seen."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name, features in (("PL", ("mesh", "solver")), ("US", ("mesh", "solver")), ("DK", ("mesh",))):
        server = LicenseServerFactory(name=name, read_at=timezone.now())
        group.servers.add(server)
        for feature in features:
            OpenSessionFactory(feature__server=server, feature__name=feature, user=f"{name}-{feature}")
    HiddenServer.objects.create(user=login, server=LicenseServer.objects.get(name="US"))
    HiddenFeature.objects.create(user=login, server=LicenseServer.objects.get(name="PL"), name="mesh")
    client.force_login(login, backend="groups_app.logins.LoginBackend")

    page = client.get(f"/features/realtime/sessions/?scope=group:XF&{query}")
    rows = re.findall(r"<tr data-key.*?</tr>", page.context["body"], re.DOTALL)
    shown: dict[str, list[str]] = {name: [] for name in ("PL", "US", "DK")}
    for row, cell in zip(page.context["page"].rows, rows, strict=True):
        shown[row["server__name"]] += re.findall(r'href="(/close/preview/[^"]*)"', cell)
    addresses = [html.unescape(address) for found in shown.values() for address in found]

    assert len(rows) == (3 if query == "group_by=server" else 5)
    assert {name: len(found) for name, found in shown.items()} == {"PL": 1, "US": 0, "DK": 1}
    for address in addresses:
        assert client.get(address).context["preview"].closable, address


def test_what_a_login_does_not_see_of_a_row_does_not_make_it_too_much_to_close(login: User, client: Client) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    for name, sessions in (("DK", 201), ("PL", 2)):
        feature = FeatureFactory(server=LicenseServerFactory(name=name, read_at=timezone.now()), name="mesh")
        group.servers.add(feature.server)
        OpenSessionFactory.create_batch(sessions, feature=feature, user="ada")
    HiddenServer.objects.create(user=login, server=LicenseServer.objects.get(name="DK"))
    client.force_login(login, backend="groups_app.logins.LoginBackend")

    page = client.get("/close/preview/?scope=group:XF&user_is=ada")

    assert [item.session.server.name for item in page.context["preview"].closable] == ["PL", "PL"]
    assert "201 have ended meanwhile, " in page.content.decode()
    assert "or your login does not see them." in page.content.decode()


def test_a_license_server_of_which_only_hidden_features_are_in_use_has_no_x(login: User, client: Client) -> None:
    session = OpenSessionFactory(feature__name="mesh", feature__server__read_at=timezone.now())
    FeatureFactory(server=session.server, name="solver")
    LicenseServerGroup.objects.create(name="XF").servers.add(session.server)
    HiddenFeature.objects.create(user=login, server=session.server, name="mesh")
    client.force_login(login, backend="groups_app.logins.LoginBackend")

    page = client.get("/features/realtime/sessions/?scope=group:XF&group_by=server")

    assert page.context["page"].total == 1
    assert "/close/preview/" not in page.context["body"]


def test_names_in_a_label_are_text(login: User) -> None:
    offer = Offer(OfferState.OFFERED, url="/close/preview/?session=1")
    assert "<b>" not in action_cell(offer, "session of <b>ada</b>")


@pytest.mark.parametrize("user", ['say "x"', "a&b", "<b>kim</b>", "o'hara", "100%", "\N{RIGHT-TO-LEFT OVERRIDE}x"])
def test_an_x_of_a_strange_name_closes_that_one_and_no_other(login: User, client: Client, user: str) -> None:
    feature = FeatureFactory()
    for name in (user, "other"):
        OpenSessionFactory(feature=feature, user=name)
    client.force_login(login, backend="groups_app.logins.LoginBackend")
    page = client.get("/features/realtime/sessions/", {"group_by": "user", "user_is": user})
    (address,) = re.findall(r'class="close-x" href="([^"]*)"', page.context["body"])
    shown = client.get(html.unescape(address)).context["preview"]
    assert [item.session.user for item in shown.closable] == [user]
