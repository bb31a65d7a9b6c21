"""`licstats close`: what the X does, from a shell."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from licstats.models import LicenseServer
from sessions_app.models import CloseEvent, CloseRequest, CloseState
from tests.closing.farm import Farm, polled
from tests.closing.making import close_request
from tests.factories import OpenSessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def close(session_id: int, *options: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    printed = StringIO()
    try:
        call_command("close", str(session_id), *options, stdout=printed)
    except SystemExit as end:
        return int(end.code or 0), printed.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, printed.getvalue()


def test_it_closes_and_says_so(farm: Farm, server: LicenseServer) -> None:
    farm.check_out("ada")
    status, printed = close(polled(server).pk, "--reason", "left for the day")
    assert status == 0
    assert "closed: ada on ws1, mesh" in printed
    assert farm.users == []
    request = CloseRequest.objects.get()
    assert (request.origin, request.reason, request.login) == ("command line", "left for the day", None)
    assert request.login_name.startswith("command line (")


def test_a_dry_run_shows_the_command_and_is_not_a_close(farm: Farm, server: LicenseServer) -> None:
    farm.check_out("ada")
    status, printed = close(polled(server).pk, "--dry-run")
    assert status == 1
    assert "lmremove -c 27000@lic -h mesh lic 27000 101" in printed
    assert farm.users == ["ada"]


def test_a_refusal_is_told_and_is_not_a_close(farm: Farm, server: LicenseServer) -> None:
    farm.check_out("ada")
    farm.set(answer=["You are not a license administrator. (-63,294)", 193])
    status, printed = close(polled(server).pk)
    assert status == 1
    assert "refused" in printed
    assert "You are not a license administrator." in printed


def test_a_session_that_is_not_there_is_told(db: None) -> None:
    assert close(4711) == (1, "There is no open session 4711; it may have ended.")


def test_the_same_checks_hold(settings: object) -> None:
    session = OpenSessionFactory()
    settings.LICSTATS_CLOSE_REASON_REQUIRED = True  # type: ignore[attr-defined]
    status, printed = close(session.pk)
    assert (status, "Say why" in printed) == (1, True)
    close_request(session)
    status, printed = close(session.pk, "--reason", "crashed")
    assert (status, "being closed already" in printed) == (1, True)
    assert CloseEvent.objects.filter(step="turned_away").count() == 2


def test_as_a_login_its_permissions_hold(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("ada")
    session = polled(server)
    UserFactory(username="mallory")
    assert close(session.pk, "--login", "mallory")[0] == 1
    assert close(session.pk, "--login", "nobody")[1] == "There is no login 'nobody'."
    assert farm.users == ["ada"]
    assert close(session.pk, "--login", "nadia")[0] == 0
    assert CloseRequest.objects.get().login == login
    assert CloseRequest.objects.get().state == CloseState.CLOSED
