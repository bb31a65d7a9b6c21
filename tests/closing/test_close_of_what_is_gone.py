"""A close that is confirmed after its session left licstats: what is told and recorded is what licstats knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from groups_app.models import HiddenServer
from licstats.models import Feature, LicenseServer
from sessions_app.models import CloseEvent, CloseRequest, OpenSession
from tests.closing.making import end
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
ENDED = "It had ended before you confirmed"
NOT_KNOWN = "licstats no longer has this session: its license server was taken out of licstats"


@pytest.fixture
def session() -> OpenSession:
    feature = FeatureFactory(name="mesh", server=LicenseServerFactory(name="PL"))
    made: OpenSession = OpenSessionFactory(feature=feature, user="ann", host="ws1")
    return made


@pytest.fixture
def confirmed(login: User, client: Client, session: OpenSession) -> Callable[[], str]:
    """What the page says to a close of `session`, for which none was asked."""
    client.force_login(login)
    pk = session.pk

    def confirm() -> str:
        page: str = client.post("/close/", {"session": pk}, follow=True).content.decode()
        assert not CloseRequest.objects.exists()
        return page

    return confirm


def recorded() -> CloseEvent:
    return CloseEvent.objects.get(step="turned_away")


def test_a_session_that_is_on_record_as_ended_is_told_and_recorded_by_its_name(
    session: OpenSession, confirmed: Callable[[], str]
) -> None:
    closed = end(session)

    assert f"ann on ws1: {ENDED}" in confirmed()

    assert ENDED in recorded().message
    assert recorded().details == {
        "session": closed.id,
        "server": "PL",
        "feature": "mesh",
        "user": "ann",
        "host": "ws1",
        "closed_at": closed.closed_at.isoformat(),
    }


@pytest.mark.parametrize("taken_out", [LicenseServer, Feature])
def test_of_a_license_server_that_was_deleted_meanwhile_nothing_is_said_to_have_ended(
    session: OpenSession, confirmed: Callable[[], str], taken_out: type[LicenseServer | Feature]
) -> None:
    pk = session.pk
    taken_out.objects.all().delete()

    page = confirmed()

    assert NOT_KNOWN in page
    assert "Nothing was asked for" in page
    assert ENDED not in page
    assert recorded().message.startswith(NOT_KNOWN)
    assert recorded().details == {"session": pk}


def test_of_a_session_that_ended_on_a_hidden_license_server_no_name_is_told(
    login: User, session: OpenSession, confirmed: Callable[[], str]
) -> None:
    HiddenServer.objects.create(user=login, server=session.server)
    end(session)

    page = confirmed()

    assert "that your login does not see" in page
    assert ENDED not in page
    assert "ws1" not in page
    assert recorded().details["server"] == "PL"


def test_a_preview_does_not_say_either_that_it_has_ended(client: Client, login: User, session: OpenSession) -> None:
    client.force_login(login)
    pk = session.pk
    LicenseServer.objects.all().delete()

    page = client.get("/close/preview/", {"session": pk}).content.decode()

    assert "1 has ended meanwhile, or licstats no longer has its license server" in page
