"""Names and handles are data from strangers: none becomes an option, a path or a second command."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from licstats.managers.base import UnsafeArgument
from licstats.managers.reading import FeatureReading, SessionReading
from licstats.models import LicenseServer
from sessions_app.closing.ask import CloseSession
from sessions_app.closing.identity import Identity, Seen
from sessions_app.closing.remove import close_command
from sessions_app.closing.work import close_on
from sessions_app.models import CloseState, OpenSession
from sessions_app.polling import command
from sessions_app.polling.poll import PollServer
from tests.closing.farm import START, Farm, ended

HOSTILE = [
    "-h",
    "--",
    "-c",
    "-",
    "-password",
    "{password}",
    "{user}",
    ";reboot",
    "$(reboot)",
    "`reboot`",
    "a b",
    "it's",
    'say "x"',
    "line\nbreak",
    "x" * 4096,
    "\N{SEE-NO-EVIL MONKEY}",
    "\N{RIGHT-TO-LEFT OVERRIDE}x",
    "/etc/passwd",
    "@/etc/passwd",
    "%s%n",
    "\x1b[2J",
    "nul\0",
    "\N{REPLACEMENT CHARACTER}",
    "",
    " ",
]
PARTS = ("feature", "user", "host", "display", "server_host", "port", "handle")
PLAIN = {
    "feature": "mesh",
    "user": "ada",
    "host": "ws1",
    "display": ":0",
    "server_host": "lic",
    "port": "27000",
    "handle": "101",
}


def seen(**parts: str) -> Seen:
    values = PLAIN | parts
    session = SessionReading(
        user=values["user"],
        host=values["host"],
        display=values["display"],
        server_host=values["server_host"],
        port=values["port"],
        handle=values["handle"],
        checked_out_at=START,
    )
    feature = FeatureReading("vendord", values["feature"], used=1, sessions=(session,))
    return Seen(Identity.of_reading(feature, session), feature, session)


@pytest.fixture(params=["flexnet", "lmx"])
def any_server(request: Any, farm: Farm, settings: Any) -> LicenseServer:
    """Whose tool writes down how it is called, and nothing else."""
    settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {"lmxendutil": str(farm.tool)}
    settings.LICSTATS_LMX_REMOVE = "-removeuser -clientuser {user} -clienthost {host} -feature {feature}"
    address = "27000@lic" if request.param == "flexnet" else "6200@lic"
    return LicenseServer(name="PL", manager=request.param, address=address)


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:12]))
def test_a_hostile_value_reaches_the_tool_as_it_is_or_the_close_is_refused(
    any_server: LicenseServer, farm: Farm, value: str
) -> None:
    passed = {
        tuple(argv): plain
        for part in PARTS
        for handle in ("101", "")
        if (argv := command_for(any_server, {"handle": handle} | {part: value}))
        and (plain := close_command(any_server, seen(handle="101" if argv_has_handle(argv) else "")))
    }
    for argv, plain in passed.items():
        compare(argv, plain, value)
    if passed:
        argv = list(next(iter(passed)))
        command.run(argv, 10, 65536)
        assert [call["argv"] for call in farm.calls] == [argv[1:]]


def command_for(server: LicenseServer, parts: dict[str, str]) -> list[str]:
    """The argument list, or nothing where the close is refused."""
    try:
        return close_command(server, seen(**parts))
    except UnsafeArgument:
        return []


def argv_has_handle(argv: list[str]) -> bool:
    return "-h" in argv[2:5]


def compare(argv: tuple[str, ...], plain: list[str], value: str) -> None:
    """Only the value itself differs from a plain command, and it is no option."""
    assert len(argv) == len(plain)
    differs = [(ours, theirs) for ours, theirs in zip(argv, plain, strict=True) if ours != theirs]
    assert all(ours == value or value in ours.split("@") for ours, _ in differs)
    assert not any(ours.startswith("-") for ours, _ in differs)


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional={part: st.text(max_size=12) for part in PARTS}))
@pytest.mark.parametrize("manager", ["flexnet", "lmx"])
def test_no_text_at_all_becomes_an_option(manager: str, parts: dict[str, str]) -> None:
    parts = PLAIN | parts
    server = LicenseServer(name="PL", manager=manager, address="27000@lic")
    with override_settings(LICSTATS_LMX_REMOVE="-removeuser -clientuser {user} -clienthost {host}"):
        try:
            argv = close_command(server, seen(**parts))
        except UnsafeArgument:
            return  # refused
        compare_options(server, argv, parts["handle"])


def compare_options(server: LicenseServer, argv: list[str], handle: str) -> None:
    plain = close_command(server, seen(handle="101" if handle else ""))
    options = [word for word in plain if word.startswith("-")]
    assert [word for word in argv if word.startswith("-")] == options
    assert not any("\0" in word or "\n" in word for word in argv)


@pytest.mark.django_db
@pytest.mark.parametrize("user", [";reboot", "$(id)", "-h", "--", "it's", "\N{SEE-NO-EVIL MONKEY}", '"quoted"'])
def test_a_hostile_user_is_closed_by_its_handle_or_not_at_all(
    farm: Farm, server: LicenseServer, login: User, user: str
) -> None:
    farm.check_out(user)
    PollServer(server).execute()
    session = OpenSession.objects.select_related("feature", "server").get()
    request = CloseSession(session, login).execute()
    close_on(server.pk)
    if ended(request).state == CloseState.CLOSED:
        assert farm.removals == [["lmremove", "-c", "27000@lic", "-h", "mesh", "lic", "27000", "101"]]
        assert farm.users == []
    else:
        assert farm.removals == []
        assert request.message


@pytest.mark.django_db
def test_a_name_that_is_too_long_to_be_compared_is_not_closed(farm: Farm, server: LicenseServer, login: User) -> None:
    farm.check_out("u" * 4096)
    PollServer(server).execute()
    session = OpenSession.objects.select_related("feature", "server").get()
    request = CloseSession(session, login).execute()
    close_on(server.pk)
    assert ended(request).state == CloseState.REFUSED
    assert "too long to be sure" in request.message
    assert farm.removals == []


@pytest.mark.django_db
class TestSecrets:
    @pytest.fixture(autouse=True)
    def password(self, settings: Any) -> None:
        settings.LICSTATS_LMX_PASSWORD = "swordfish-17"

    def test_the_password_reaches_the_tool_by_its_environment_only(
        self, farm: Farm, server: LicenseServer, login: User
    ) -> None:
        farm.check_out("ada")
        PollServer(server).execute()
        CloseSession(OpenSession.objects.select_related("feature", "server").get(), login).execute()
        close_on(server.pk)
        call = next(call for call in farm.calls if call["argv"][0] == "lmremove")
        assert "swordfish-17" not in " ".join(call["argv"])

    def test_an_answer_that_repeats_it_is_kept_without_it(
        self, farm: Farm, server: LicenseServer, login: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        farm.check_out("ada")
        farm.set(answer=["bad password swordfish-17 given (-63,294)", 193])
        PollServer(server).execute()
        request = CloseSession(OpenSession.objects.select_related("feature", "server").get(), login).execute()
        close_on(server.pk)
        ended(request)
        assert "bad password ******** given" in request.answer
        told = [request.message, *request.command, caplog.text, *(str(vars(event)) for event in request.events.all())]
        assert not any("swordfish" in text for text in told)
