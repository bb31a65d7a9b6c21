"""A close outlives its license server, and an attempt may have none: who sees them then."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from groups_app.models import ForbiddenServer, HiddenFeature, HiddenServer, LicenseServerGroup
from groups_app.roles import AddLogin
from licstats.models import LicenseServer
from sessions_app.closing import record
from sessions_app.grid import reach
from sessions_app.models import CloseEvent, CloseRequest, CloseState
from tests.closing.making import close_request
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
ADMIN = "/admin/sessions_app/"


def signed_in(login: User) -> Client:
    """With all that a request knows of its login."""
    client = Client()
    client.force_login(login, backend="groups_app.logins.LoginBackend")
    return client


def administrator(name: str) -> User:
    AddLogin(name, "administrator").execute()
    login = User.objects.get(username=name)
    login.user_permissions.add(*Permission.objects.filter(codename__in=["view_closerequest", "view_closeevent"]))
    return login


def limited(login: User, *servers: LicenseServer) -> None:
    """A role of `login` may not see `servers`."""
    role = Group.objects.create(name="limited")
    login.groups.add(role)
    ForbiddenServer.objects.bulk_create(ForbiddenServer(role=role, server=server) for server in servers)


@pytest.fixture
def other() -> LicenseServer:
    """A license server that stays, with what else is kept from logins."""
    server: LicenseServer = LicenseServerFactory(name="DK")
    FeatureFactory(server=server, name="kept")
    return server


@pytest.fixture
def gone(other: LicenseServer) -> CloseRequest:
    """A close on a license server that is to go."""
    session = OpenSessionFactory(feature__server__name="zsecret", user="zsecret-user")
    request = close_request(session, CloseState.CLOSED)
    record.note_all([CloseEvent(request=request, step="closed", by="worker", message="zsecret-user is gone")])
    return request


def seen(login: User, request: CloseRequest) -> list[bool]:
    """Whether the page, its JSON and the outcome show a close."""
    client = signed_in(login)
    page = client.get("/closed-sessions/").content
    told = json.loads(b"".join(client.get("/closed-sessions.json").streaming_content))
    outcome = client.get("/close/progress/", {"request": request.pk})
    assert outcome.status_code in (200, 404)
    return [b"zsecret" in page, "zsecret" in str(told), outcome.status_code == 200]


def administered(login: User) -> list[bool]:
    """Whether the administration shows a close and its steps."""
    client = signed_in(login)
    return [b"zsecret" in client.get(f"{ADMIN}{model}/").content for model in ("closerequest", "closeevent")]


class TestAfterItsLicenseServer:
    def test_a_login_that_nothing_is_kept_from_sees_the_close_and_its_outcome(self, gone: CloseRequest) -> None:
        root = administrator("root")

        LicenseServer.objects.filter(name="zsecret").delete()

        assert seen(root, gone) == [True, True, True]
        assert administered(root) == [True, True]

    def test_a_login_with_a_role_that_forbids_sees_nothing_of_it(
        self, gone: CloseRequest, other: LicenseServer
    ) -> None:
        root = administrator("root")
        limited(root, LicenseServer.objects.get(name="zsecret"), other)

        LicenseServer.objects.filter(name="zsecret").delete()

        assert seen(root, gone) == [False, False, False]
        assert administered(root) == [False, False]

    def test_a_login_to_which_that_license_server_alone_was_forbidden_sees_nothing_of_it(
        self, gone: CloseRequest
    ) -> None:
        AddLogin("ada", "viewer").execute()
        ada = User.objects.get(username="ada")
        ada.is_staff = True
        ada.save()
        ada.user_permissions.add(*Permission.objects.filter(codename__in=["view_closerequest", "view_closeevent"]))
        limited(ada, LicenseServer.objects.get(name="zsecret"))
        assert seen(ada, gone) == [False, False, False]

        LicenseServer.objects.filter(name="zsecret").delete()

        assert seen(ada, gone) == [False, False, False]
        assert administered(ada) == [False, False]

    def test_a_login_that_hid_license_servers_sees_nothing_of_it(
        self, gone: CloseRequest, other: LicenseServer
    ) -> None:
        root = administrator("root")
        for server in LicenseServer.objects.all():
            HiddenServer.objects.create(user=root, server=server)

        LicenseServer.objects.filter(name="zsecret").delete()

        assert seen(root, gone) == [False, False, False]
        assert administered(root) == [True, True], "what is only hidden is still administered"

    @pytest.mark.parametrize("few", [500, 0])
    def test_whoever_asked_sees_it_whatever_else_is_kept_from_it(
        self, gone: CloseRequest, other: LicenseServer, few: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reach, "FEW", few)
        asker, root = administrator("asker"), administrator("root")
        limited(asker, other)
        HiddenFeature.objects.create(user=root, server=other, name="kept")
        CloseRequest.objects.update(login=asker)

        LicenseServer.objects.filter(name="zsecret").delete()

        assert seen(asker, gone) == [True, True, True]
        assert administered(asker) == [True, True]
        assert seen(root, gone) == [False, False, False]


def test_an_attempt_that_was_turned_away_names_its_license_server_to_whom_no_role_limits(
    other: LicenseServer,
) -> None:
    record.turned_away("ada", "No permission.", server="zsecret", session=7)
    free, bound = administrator("free"), administrator("bound")
    limited(bound, other)
    address = f"{ADMIN}closeevent/{CloseEvent.objects.get().pk}/change/"

    assert b"No permission." in signed_in(free).get(f"{ADMIN}closeevent/").content
    assert b"zsecret" in signed_in(free).get(address).content
    assert b"No permission." not in signed_in(bound).get(f"{ADMIN}closeevent/").content
    assert b"zsecret" not in signed_in(bound).get(address, follow=True).content


def test_a_close_that_the_report_of_a_group_lists_has_its_outcome(gone: CloseRequest) -> None:
    login = administrator("root")
    server = LicenseServer.objects.get(name="zsecret")
    HiddenServer.objects.create(user=login, server=server)
    assert seen(login, gone) == [False, False, False]

    LicenseServerGroup.objects.create(name="XF").servers.add(server)

    assert b"zsecret" in signed_in(login).get("/closed-sessions/", {"scope": "group:XF"}).content
    assert signed_in(login).get("/close/progress/", {"request": gone.pk}).status_code == 200
