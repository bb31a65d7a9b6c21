"""Nothing that is hidden from a login, or forbidden to its role, shows in any answer of any URL.

Every request is made twice, with the clock standing still: in a world without the secret, and again once there is a
license server that the login must not see, with its features, sessions, past, closes and groups. Not one byte may
differ, so neither a name nor a figure leaks, nor a sum that it is part of. Then the secret is asked for by name and
by id, and must be answered as if it did not exist. A URL that has no requests here fails the sweep.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from groups_app.hiding import SetVisibility
from groups_app.models import ForbiddenServer, HostGroup, LicenseServerGroup, UserGroup
from groups_app.roles import AddLogin
from licstats.models import Feature, LicenseServer, Pool, ServerReport
from sessions_app.models import (
    ClosedSession,
    CloseEvent,
    CloseRequest,
    UsageDay,
    UsageHour,
    UsageInterval,
)
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
PASSWORD = "a long enough password"
HTMX = {"HX-Request": "true"}
ELSEWHERE = "192.0.2.7"  # metrics name all license servers to this very machine


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of the sweep."""

    address: str
    data: dict[str, Any] | None = None  # of a POST
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.address} {self.data} {self.headers}"

    def send(self, user: User) -> tuple[int, str]:
        """Status and text of the answer; whatever it changed is taken back."""
        with transaction.atomic():
            client = Client(raise_request_exception=False, REMOTE_ADDR=ELSEWHERE)
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            if self.data is None:
                response = client.get(self.address, headers=self.headers)
            else:
                response = client.post(self.address, self.data, headers=self.headers)
            answer = f"{response.headers.get('Location', '')}\n{text_of(response)}"
            transaction.set_rollback(True)
        return response.status_code, answer


def text_of(response: Any) -> str:
    """The answer as text, unpacked where it is an archive, without what differs from one answer to the next."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = b"\n".join(archive.read(name) for name in sorted(archive.namelist()))
    text = content.decode("utf-8", errors="backslashreplace")
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": "|X-CSRFToken&quot;: &quot;)\w+', r"\1", text)
    return re.sub(r"/ID \[.*?\]", "", text)


# ---- the two worlds ---------------------------------------------------------------------------------------------


def give_data(server: LicenseServer, word: str) -> Feature:
    """A feature with all that reports show: sessions open and closed, usage of the past, a pool, problems, a close."""
    feature = FeatureFactory(server=server, name=f"{word}-feature", vendor=f"{word}-vendor", total=7_340_123, used=41)
    Pool.objects.create(feature=feature, place=0, total=7_340_123, version="1.0")
    names = {"user": f"{word}-user", "host": f"{word}-host"}
    OpenSessionFactory(feature=feature, **names)
    identity = {"feature": feature, "server": server, "used": 4_210_987, "first_seen_at": NOON - 9 * HOUR, **names}
    ended = {"closed_at": NOON - HOUR, "last_seen_at": NOON - HOUR}
    ClosedSession.objects.create(id=feature.pk + 1_000_000, checked_out_at=NOON - 9 * HOUR, **identity, **ended)
    figures = {"borrowed": 0, "reserved": 0, "queued": 0, "total": 7_340_123, "used": 4_210_987}
    UsageInterval.objects.create(feature=feature, started_at=NOON - 9 * HOUR, ended_at=NOON - HOUR, **figures)
    sums = dict.fromkeys(("used_average", "used_min", "used_max"), 4210987)
    sums |= {f"{name}_{kind}": 0 for name in ("borrowed", "reserved", "queued") for kind in ("average", "max")}
    sums |= dict.fromkeys(("total_average", "total_min", "total_max"), 7340123)
    UsageHour.objects.create(feature=feature, started_at=NOON - 5 * HOUR, known_seconds=3600, **sums)
    UsageDay.objects.create(feature=feature, day=NOON.date() - timedelta(days=1), known_seconds=86_400, **sums)
    give_close(feature, word)
    return feature


def give_close(feature: Feature, word: str) -> CloseRequest:
    request = CloseRequest.objects.create(
        session_id=feature.pk + 2_000_000, server=feature.server, feature=feature, server_name=feature.server.name,
        vendor=feature.vendor, feature_name=feature.name, user=f"{word}-user", host=f"{word}-host", used=1,
        login_name="somebody", origin="page", requested_at=NOON - HOUR, moved_at=NOON - HOUR,
    )  # fmt: skip
    CloseEvent.objects.create(
        request=request, at=NOON - HOUR, step="requested", by="somebody", message=f"{word} was asked"
    )
    return request


def add_secret() -> LicenseServer:
    """A license server with everything."""
    server = LicenseServerFactory(
        name="zsecret-server", address="27000@zsecret", site="zsecret-site", description="zsecret", failures=3,
        reason="zsecret does not answer", response_time=7.340123, verdict="partial",
    )  # fmt: skip
    problem = {"kind": "line", "message": "zsecret", "line": 1, "text": "zsecret", "vendor": "", "feature": ""}
    ServerReport.objects.create(server=server, problems=[problem], problem_count=1)
    give_data(server, "zsecret")
    return server


def open_world() -> None:
    server = LicenseServerFactory(name="PL", site="krakow")
    feature = give_data(server, "open")
    OpenSessionFactory(feature=feature, user="ann", host="cad1")
    other = LicenseServerFactory(name="DE", site="berlin")
    give_data(other, "german")
    LicenseServerGroup.objects.create(name="open-group").servers.add(other)
    UserGroup.objects.create(name="all users", members="*")
    HostGroup.objects.create(name="all hosts", members="*")


# ---- the logins -------------------------------------------------------------------------------------------------


def login(role: str, superuser: bool = False) -> User:
    AddLogin("looker", role, PASSWORD).execute()
    user = User.objects.get(username="looker")
    user.groups.add(Group.objects.create(name="limited"))
    user.is_superuser = superuser
    user.save()
    return user


def forbid(user: User) -> None:
    """The server is forbidden to a role of the login, and with it a group that has it."""
    server = add_secret()
    ForbiddenServer.objects.create(role=Group.objects.get(name="limited"), server=server)
    LicenseServerGroup.objects.create(name="zsecret-group").servers.add(server, LicenseServer.objects.get(name="PL"))


def hide(user: User) -> None:
    """The login hid the server, and a feature on the license server that it sees."""
    hushed = give_data(LicenseServer.objects.get(name="PL"), "zhush")
    SetVisibility(user, servers=[add_secret()], features=[(hushed.server, hushed.name)]).execute()


@dataclass(frozen=True, slots=True)
class Looker:
    """A login, how the secret is kept from it, and URL names where it may see the secret all the same, with why."""

    role: str
    keep: Callable[[User], None]
    superuser: bool = False
    may_see: tuple[str, ...] = ()


OWN_LIST = ("visibility",)  # lists what is hidden, so that it can be shown again
LOOKERS = {
    "viewer who hides": Looker("viewer", hide, may_see=OWN_LIST),
    "viewer of a role that forbids": Looker("viewer", forbid, may_see=OWN_LIST),
    "administrator of a role that forbids": Looker("administrator", forbid, may_see=OWN_LIST),
    # who administers license servers has those in the administration that it hid from its own reports
    "administrator who hides": Looker("administrator", hide, may_see=(*OWN_LIST, "admin:")),
    "superuser who hides": Looker("administrator", hide, superuser=True, may_see=(*OWN_LIST, "admin:")),
}


# ---- the requests -----------------------------------------------------------------------------------------------

SCOPES = (
    "",
    "scope=all",
    "scope=server:PL",
    "scope=group:open-group",
    "scope=server:PL&feature=open-feature&version=1.0&type=floating",
)
GRID = ("group_by=user", "group_by=feature", "sort=-used", "feature_name=feature&user=s")
SECRETS = (
    "scope=server:zsecret-server",
    "scope=group:zsecret-group",
    "scope=server:PL&feature=zhush-feature&version=1.0&type=floating",
    "server=zsecret&feature_name=zhush&q=zsecret",
)


def grid(name: str, *more: str) -> list[Ask]:
    address = reverse(name)
    queries = [*SCOPES, *GRID, *more]
    fragments = [Ask(f"{address}?{query}", headers=HTMX) for query in ("", "scope=server:PL")]
    return [*(Ask(f"{address}?{query}") for query in queries), *fragments]


def export(name: str, *more: str) -> list[Ask]:
    def file(extension: str, query: str) -> Ask:
        return Ask(f"{reverse(name, kwargs={'extension': extension})}?{query}")

    drawn = ("xlsx", "pdf") if name == "realtime-sessions-export" else ()  # slow, and the same rows as in CSV
    all_of_it = [file(extension, "") for extension in ("csv", "json", *drawn)]
    return [*all_of_it, *(file("csv", query) for query in ("scope=server:PL", *more, "group_by=user"))]


def plain(name: str, *queries: str, kwargs: dict[str, Any] | None = None) -> list[Ask]:
    address = reverse(name, kwargs=kwargs)
    asks = [Ask(f"{address}?{query}") for query in ("", *queries)]
    return [*asks, *(Ask(ask.address, headers=HTMX) for ask in asks)]


def picks() -> list[Ask]:
    queries = [*(f"scope=server:PL&q={text}" for text in ("", "s", "feature")), "q=s", "scope=group:open-group"]
    return [
        Ask(f"{reverse('pick', kwargs={'what': what})}?report=realtime-usage&{query}")
        for what in ("servers", "features")
        for query in queries
    ]


def pinned() -> list[Ask]:
    data = {"report": "realtime-sessions", "part": "grid", "query": "scope=server:PL"}
    return [Ask(reverse("dashboard-pin"), data)]


PAST = (f"at={(NOON - 2 * HOUR).isoformat().replace('+', '%2B')}",)
REQUESTS: dict[str, Callable[[], list[Ask]]] = {
    "dashboard": lambda: plain("dashboard"),
    "dashboard-pin": pinned,
    "dashboard-pane": lambda: [Ask(reverse("dashboard-pane", args=[1]), {"action": "rename", "title": "x"})],
    "realtime-sessions": lambda: grid("realtime-sessions", *PAST),
    "realtime-sessions-export": lambda: export("realtime-sessions-export", *PAST),
    "realtime-usage": lambda: grid("realtime-usage"),
    "realtime-usage-export": lambda: export("realtime-usage-export"),
    "history-sessions": lambda: grid("history-sessions"),
    "history-sessions-export": lambda: export("history-sessions-export"),
    "history-usage": lambda: grid("history-usage"),
    "history-usage-export": lambda: export("history-usage-export"),
    "user-sessions": lambda: grid("user-sessions", *PAST),
    "user-sessions-export": lambda: export("user-sessions-export", *PAST),
    "closed-sessions": lambda: grid("closed-sessions"),
    "closed-sessions-export": lambda: export("closed-sessions-export"),
    "pick": picks,
    "grid-preferences": lambda: [
        Ask(reverse("grid-preferences", args=["sessions"]), {"forget": "1", "query": "scope=all"})
    ],
    "servers": lambda: plain("servers", "sort=-name", "q=s", "site=krakow", "state=failed", "page=2"),
    "servers-one": lambda: plain("servers-one", kwargs={"pk": LicenseServer.objects.get(name="PL").pk}),
    "servers-ask-now": lambda: [Ask(reverse("servers-ask-now", args=[LicenseServer.objects.get(name="PL").pk]))],
    "close-sessions": lambda: [Ask(reverse("close-sessions"), {"session": "0", "reason": "not in use"})],
    "close-preview": lambda: plain("close-preview", "scope=all", "scope=server:PL", "group_by=user", "user=user"),
    "close-progress": lambda: plain("close-progress", f"request={CloseRequest.objects.earliest('pk').pk}"),
    "search": lambda: plain("search", "q=s", "q=user", "q=feature", "q=host", "q=group"),
    "healthz": lambda: plain("healthz"),
    "metrics": lambda: plain("metrics"),
    "groups": lambda: plain("groups"),
    "group": lambda: plain("group", kwargs={"pk": LicenseServerGroup.objects.get(name="open-group").pk}),
    "merged-feature": lambda: plain(
        "merged-feature", "scope=group:open-group&feature=open-feature&version=1.0&type=floating", *SCOPES
    ),
    "visibility": lambda: plain("visibility", "tab=features", "visible=s", "hidden=s", "tab=features&visible=feature"),
    "login": lambda: plain("login"),
    "logout": list,  # ends the session of the sweep
    "password_change": lambda: plain("password_change"),
    "password_change_done": lambda: plain("password_change_done"),
    "admin:": lambda: [Ask(f"{reverse(name)}{query}") for name in admin_lists() for query in ("", "?q=s")],
}
# What is addressed by id, as (URL name, how to find the id in a world with the secret).
BY_ID: dict[str, Callable[[], list[Ask]]] = {
    "servers-one": lambda: plain("servers-one", kwargs={"pk": secret_id(LicenseServer, name="zsecret-server")}),
    "servers-ask-now": lambda: [
        Ask(reverse("servers-ask-now", args=[secret_id(LicenseServer, name="zsecret-server")]), {})
    ],
    "group": lambda: plain("group", kwargs={"pk": secret_id(LicenseServerGroup, name="zsecret-group")}),
}


def secret_id(model: Any, **known: str) -> int:
    found = model.objects.filter(**known).first()
    return found.pk if found else 987_654_321


def admin_lists() -> list[str]:
    names = [name for name in url_names() if name.startswith("admin:")]
    return [name for name in names if name.endswith(("_changelist", "_add")) or name == "admin:index"]


def url_names() -> list[str]:
    """The names of all URLs of the project, with their namespaces; an URL without a name by its route."""
    return list(dict.fromkeys(_names(get_resolver().url_patterns)))


def _names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _names(pattern.url_patterns, inner)
        else:
            yield f"{prefix}{pattern.name or pattern.pattern}"


def difference(one: tuple[int, str], other: tuple[int, str]) -> str:
    """The first lines that differ, short enough to read; empty where nothing does."""
    if one == other:
        return ""
    pairs = zip(f"{one[0]}\n{one[1]}".splitlines(), f"{other[0]}\n{other[1]}".splitlines(), strict=False)
    lines = next(((a, b) for a, b in pairs if a != b), ("shorter", "or longer"))
    return f"{lines[0].strip()[:400]}\n{lines[1].strip()[:400]}"


# ---- the sweep --------------------------------------------------------------------------------------------------


def test_every_url_is_swept() -> None:
    known = {*REQUESTS, "admin/login/"}  # the administration is swept by its models
    left = [name for name in url_names() if name not in known and not name.startswith("admin:")]

    assert left == [], "give these URLs their requests in REQUESTS"
    assert [name for name in REQUESTS if name not in url_names() and not name.endswith(":")] == []


@pytest.fixture
def still() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize("name", LOOKERS)
def test_what_is_kept_from_a_login_changes_no_answer(name: str, still: None) -> None:
    looker = LOOKERS[name]
    open_world()
    user = login(looker.role, looker.superuser)
    known = set(url_names())
    names = [each for each in REQUESTS if each not in looker.may_see and (each in known or each.endswith(":"))]
    asks = {each: REQUESTS[each]() for each in names}
    before = {ask.key: ask.send(user) for each in names for ask in asks[each]}

    looker.keep(user)

    for each in names:
        for ask in asks[each]:
            after = ask.send(user)
            assert re.search("zsecret|zhush", after[1]) is None, f"{each}: {ask}"
            assert after[0] < 500, f"{each}: {ask}"
            assert difference(before[ask.key], after) == "", f"{each}: {ask}"


@pytest.mark.parametrize("name", ["viewer who hides", "viewer of a role that forbids"])
def test_what_is_kept_from_a_login_is_answered_as_if_it_did_not_exist(name: str, still: None) -> None:
    looker = LOOKERS[name]
    open_world()
    user = login(looker.role, looker.superuser)
    looker.keep(user)
    reports = [
        "realtime-sessions", "realtime-usage", "history-sessions", "history-usage", "closed-sessions", "search",
        "merged-feature", "user-sessions", "close-preview", "servers",
    ]  # fmt: skip
    addresses = [reverse(each) for each in reports if each in url_names()]
    addresses += [
        reverse(f"{each}-export", kwargs={"extension": extension})
        for each in reports if f"{each}-export" in url_names() for extension in ("csv", "json", "xlsx")
    ]  # fmt: skip

    for address in addresses:
        for query in SECRETS:
            there = Ask(f"{address}?{query}").send(user)
            other = query.replace("zsecret", "znobody").replace("zhush", "zempt")
            status, text = Ask(f"{address}?{other}").send(user)
            renamed = text.replace("znobody", "zsecret").replace("zempt", "zhush")
            assert difference((status, renamed), there) == "", f"{address}?{query}"


@pytest.mark.parametrize("name", LOOKERS)
def test_an_id_of_what_is_kept_from_a_login_is_unknown(name: str, still: None) -> None:
    looker = LOOKERS[name]
    open_world()
    user = login(looker.role, looker.superuser)
    unknown = {each: [ask.send(user) for ask in make()] for each, make in BY_ID.items()}

    looker.keep(user)

    for each, make in BY_ID.items():
        answers = [ask.send(user) for ask in make()]
        assert [status for status, _ in answers] == [status for status, _ in unknown[each]], each
        assert all("zsecret" not in text for _, text in answers), each


@pytest.mark.parametrize("keep", [hide, forbid])
def test_sessions_that_are_kept_from_a_login_cannot_be_closed_by_it(keep: Callable[[User], None], still: None) -> None:
    open_world()
    user = login("administrator")
    keep(user)
    asked = CloseRequest.objects.count()
    secret = Feature.objects.get(name="zsecret-feature")
    from sessions_app.models import OpenSession

    session = OpenSession.objects.get(feature=secret).pk

    shown = Ask(f"{reverse('close-preview')}?session={session}").send(user)
    posted = Ask(reverse("close-sessions"), {"session": session, "reason": "not in use any more"}).send(user)

    assert "zsecret" not in shown[1] + posted[1]
    assert CloseRequest.objects.count() == asked
