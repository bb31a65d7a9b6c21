"""LM-X: the X only where the tool has the configured switch; the password; and what goes with a session."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups_app.models import HiddenFeature
from licstats.managers.base import Target, UnsafeArgument
from licstats.managers.reading import SessionReading
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer
from sessions_app.closing import sweep, tool
from sessions_app.closing.ask import CloseSession, close_all
from sessions_app.closing.offer import OfferState, offers
from sessions_app.closing.preview import preview
from sessions_app.closing.work import close_on
from sessions_app.grid.sessions import SESSIONS
from sessions_app.models import CloseState, ClosingTool, OpenSession
from sessions_app.polling import poll
from tests.closing.making import AT, reading_with
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
LMX = MANAGERS["lmx"]
REMOVE = "-removeuser -clientuser {user} -clienthost {host} -host {server_host} -port {port}"
USAGE = "Usage: lmxendutil\n  -removeuser  take back\n  -clientuser U -clienthost C -host H -port P -password W\n"
TARGET = Target("6200@lmx", "vendord", "mesh", "ada", "ws1", "", "", "", "")


@pytest.fixture
def utility(tmp_path: Path, settings: Any) -> Path:
    """A tool that prints a usage text and writes down how it was called."""
    program = tmp_path / "lmxendutil"
    program.write_text(
        f"#!{sys.executable} -IS\nimport json, os, sys\n"
        f"open({str(tmp_path / 'calls')!r}, 'a').write(json.dumps([sys.argv[1:], dict(os.environ)]) + '\\n')\n"
        f"print({USAGE!r})\n"
    )
    program.chmod(0o755)
    settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {"lmxendutil": str(program)}
    settings.LICSTATS_LMX_REMOVE = REMOVE
    return program


@pytest.fixture
def lmx_server(db: None) -> LicenseServer:
    server: LicenseServer = LicenseServerFactory(name="LX", manager="lmx", address="6200@lmx")
    return server


def held(server: LicenseServer, **fields: Any) -> OpenSession:
    fields = {"user": "ada", "host": "ws1", "display": "", "handle": ""} | fields
    session: OpenSession = OpenSessionFactory(feature=FeatureFactory(server=server), **fields)
    return session


def state_of_offer(login: User, session: OpenSession) -> tuple[OfferState, str]:
    offer = offers(login, OpenSession.objects.values(*SESSIONS.row_fields).filter(pk=session.pk))[session.pk]
    return offer.state, offer.reason


def test_the_x_comes_with_the_tools_own_usage_text(utility: Path, lmx_server: LicenseServer, login: User) -> None:
    session = held(lmx_server)
    state, reason = state_of_offer(login, session)
    assert state is OfferState.INACTIVE
    assert "not known yet whether lmxendutil at site 'main'" in reason
    assert tool.check("main", LMX).works
    assert state_of_offer(login, session) == (OfferState.OFFERED, "")


def test_how_many_license_servers_a_site_has_costs_no_query(utility: Path, login: User) -> None:
    """For a page of rows, its preview, and what the click has to know of their tool."""
    tool.check("main", LMX)
    login.has_perm("sessions_app.close_session")

    def queries(number: int) -> tuple[int, int, int]:
        sessions = [held(LicenseServerFactory(manager="lmx", address=f"6200@lx{n}")) for n in range(number)]
        shown = list(OpenSession.objects.values(*SESSIONS.row_fields).filter(pk__in=[one.pk for one in sessions]))
        with CaptureQueriesContext(connection) as page:
            assert {offer.state for offer in offers(login, shown).values()} == {OfferState.OFFERED}
        with CaptureQueriesContext(connection) as dialog:
            assert len(preview([one.pk for one in sessions], login).closable) == number
        with CaptureQueriesContext(connection) as click:
            close_all([CloseSession(one, login, send=False) for one in sessions])
        return len(page), len(dialog), sum("closingtool" in query["sql"] for query in click.captured_queries)

    assert queries(1) == queries(8)


@pytest.mark.parametrize(
    ("configured", "words"),
    [
        ("", "does not name the removal arguments"),
        ("-dropuser -clientuser {user} -clienthost {host}", "does not name all of -dropuser"),
        ("-remove -clientuser {user} -clienthost {host}", "does not name all of -remove"),
        ("-removeuser -clientuser {user}", "has no {host}"),
    ],
)
def test_a_switch_that_is_not_there_or_takes_too_much_gives_no_x(
    utility: Path, lmx_server: LicenseServer, login: User, settings: Any, configured: str, words: str
) -> None:
    settings.LICSTATS_LMX_REMOVE = configured
    assert not tool.check("main", LMX).works
    state, reason = state_of_offer(login, held(lmx_server))
    assert state is OfferState.INACTIVE
    assert words in reason


def test_another_configuration_is_looked_at_anew(
    utility: Path, lmx_server: LicenseServer, login: User, settings: Any
) -> None:
    tool.check("main", LMX)
    settings.LICSTATS_LMX_REMOVE = REMOVE + " -password {password}"
    assert state_of_offer(login, held(lmx_server))[0] is OfferState.INACTIVE


def test_a_tool_that_is_missing_is_told(lmx_server: LicenseServer, settings: Any) -> None:
    settings.LICSTATS_LMX_REMOVE = REMOVE
    settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {"lmxendutil": "/nowhere/lmxendutil"}
    found = tool.check("main", LMX)
    assert (found.works, "not found: /nowhere/lmxendutil" in found.message) == (False, True)


def test_sites_whose_tool_was_not_looked_at_are_asked_once(
    utility: Path, lmx_server: LicenseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    LicenseServerFactory(manager="lmx", address="6200@b", site="krakow")
    LicenseServerFactory(manager="lmx", address="6200@c", site="off", enabled=False)
    sent: list[tuple[str, list[str], str]] = []
    app = type("App", (), {"send_task": lambda self, name, args, queue, **_: sent.append((name, args, queue))})
    monkeypatch.setattr(sweep, "app", app())
    sweep.sweep()
    name = "sessions_app.tasks.check_closing_tool"
    assert sorted(sent, key=str) == [
        (name, ["krakow", "lmx"], "closing.krakow"),
        (name, ["main", "lmx"], "closing.main"),
    ]
    for site in ("main", "krakow"):
        tool.check(site, LMX)
    sent.clear()
    sweep.sweep()
    assert sent == []
    assert ClosingTool.objects.count() == 2


def test_every_license_of_that_user_on_that_host_is_in_the_preview(
    utility: Path, lmx_server: LicenseServer, login: User
) -> None:
    tool.check("main", LMX)
    chosen, other = held(lmx_server), held(lmx_server)
    held(lmx_server, host="ws2")
    held(lmx_server, user="ben")
    held(LicenseServerFactory(manager="lmx", address="6200@other"))
    shown = preview([chosen.pk], login)
    assert [item.session for item in shown.closable] == [chosen]
    assert shown.also == [other]


@pytest.mark.parametrize("borrowed", [None, AT], ids=["more", "borrowed"])
def test_a_refusal_names_no_feature_but_that_of_the_close(
    utility: Path, lmx_server: LicenseServer, login: User, monkeypatch: pytest.MonkeyPatch, borrowed: datetime | None
) -> None:
    tool.check("main", LMX)
    mesh = FeatureFactory(server=lmx_server, name="mesh", vendor="vendord")
    session = OpenSessionFactory(feature=mesh, user="ada", host="ws1", display="", handle="", checked_out_at=AT)
    HiddenFeature.objects.create(user=login, server=lmx_server, name="secret-solver")
    request = CloseSession(session, login).execute()
    one = SessionReading("ada", "ws1", server_host=session.server_host, port=session.port, checked_out_at=AT)
    reading = reading_with(one)
    other = replace(reading.features[0], name="secret-solver", sessions=(one._replace(borrow_expires_at=borrowed),))
    reading = replace(reading, features=(*reading.features, other))
    monkeypatch.setattr(poll, "query", lambda server: (reading, None))

    close_on(lmx_server.pk)

    request.refresh_from_db()
    assert request.state == CloseState.REFUSED
    assert "1 session of another feature" in request.message
    assert ("borrowed now" in request.message) is bool(borrowed)
    assert "secret-solver" not in request.message


class TestPassword:
    @pytest.fixture(autouse=True)
    def password(self, settings: Any) -> None:
        settings.LICSTATS_LMX_PASSWORD = "swordfish-17"

    def argv(self) -> list[str]:
        return LMX.close_command("lmxendutil", TARGET, tool.options(LMX))

    def test_it_goes_by_the_environment(self, utility: Path) -> None:
        argv = self.argv()
        assert tool.environment(argv) == {"LMX_ADMIN_PASSWORD": "swordfish-17"}
        assert tool.with_secrets(argv) == argv

    def test_it_goes_on_the_command_line_only_where_that_is_configured(self, utility: Path, settings: Any) -> None:
        settings.LICSTATS_LMX_REMOVE = REMOVE + " -password {password}"
        argv = self.argv()
        assert "swordfish-17" not in json.dumps(argv)
        assert tool.environment(argv) == {}
        assert tool.with_secrets(argv)[-1] == "swordfish-17"

    def test_a_place_for_it_without_one_is_refused(self, utility: Path, settings: Any) -> None:
        settings.LICSTATS_LMX_REMOVE = REMOVE + " -password {password}"
        settings.LICSTATS_LMX_PASSWORD = ""
        with pytest.raises(UnsafeArgument, match="LICSTATS_LMX_PASSWORD is not set"):
            tool.with_secrets(self.argv())
