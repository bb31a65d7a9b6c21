"""Nothing that is hidden from a login, or forbidden to its role, shows in any answer of any URL.

Every request is made twice, with the clock standing still: in a world without the secret, and again once there is a
license server that the login must not see, with its features, sessions, past, closes and groups. Not one byte may
differ, so neither a name nor a figure leaks, nor a sum that it is part of. Then the secret is asked for by name and
by id, and must be answered as if it did not exist. A URL that has no requests here fails the sweep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.contrib.admin import site
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from sessions_app.models import CloseRequest, OpenSession
from tests.factories import NOON
from tests.groups.asking import Ask, difference, signed_in, taken_back
from tests.groups.secret import HOUR, forbid, hide, login, open_world

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
Keep = Callable[[User], None]


@dataclass(frozen=True, slots=True)
class Looker:
    """A login, and the ways to keep the secret from it, each with the URL names where it may see the secret."""

    role: str
    ways: dict[Keep, tuple[str, ...]]
    superuser: bool = False


OWN_LIST = ("visibility",)  # lists what is hidden, so that it can be shown again
# who administers license servers has those in the administration that it hid from its own reports
ADMINISTERED = (*OWN_LIST, "admin:")
LOOKERS = {
    "viewer": Looker("viewer", {hide: OWN_LIST, forbid: OWN_LIST}),
    "administrator": Looker("administrator", {hide: ADMINISTERED, forbid: OWN_LIST}),
    "superuser": Looker("administrator", {hide: ADMINISTERED}, superuser=True),
}
KINDS = [(name, keep) for name, looker in LOOKERS.items() for keep in looker.ways]


# ---- the requests -----------------------------------------------------------------------------------------------

SCOPES = (
    "",
    "scope=all",
    "scope=server:PL",
    "scope=group:open-group",
    "scope=server:PL&feature=open-feature&version=1.0&type=floating",
)
MERGED = "scope=group:open-group&feature=german-feature&version=1.0&type=floating"
GRID = ("host_group=all+hosts", "group_by=user", "group_by=feature", "sort=-used", "feature_name=feature&user=s")
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
    ] + [Ask(f"{reverse('pick', kwargs={'what': what})}?report=user-sessions&q=all") for what in ("users", "groups")]


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
    "servers": lambda: plain(
        "servers", "sort=-name", "sort=problems", "sort=reason", "q=s", "site=krakow", "state=failed", "page=2"
    ),
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
    "merged-feature": lambda: [
        *plain("merged-feature", MERGED, *SCOPES),
        Ask(f"{reverse('merged-feature')}?{MERGED}", headers={**HTMX, "HX-Target": "merged-feature"}),
    ],
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
    client = signed_in(user)
    known = set(url_names())
    asks = {each: make() for each, make in REQUESTS.items() if each in known or each.endswith(":")}
    before: dict[str, tuple[int, str]] = {}

    for keep, may_see in looker.ways.items():
        names = [each for each in asks if each not in may_see]
        for ask in (ask for each in names for ask in asks[each] if ask.key not in before):
            before[ask.key] = ask.send(client)
        with taken_back():
            keep(user)
            for each in names:
                for ask in asks[each]:
                    what = f"{keep.__name__}: {each}: {ask}"
                    after = ask.send(client)
                    assert re.search("zsecret|zhush", after[1]) is None, what
                    assert after[0] < 500, what
                    assert difference(before[ask.key], after) == "", what


@pytest.mark.parametrize("keep", [hide, forbid])
def test_what_is_kept_from_a_login_is_answered_as_if_it_did_not_exist(keep: Keep, still: None) -> None:
    open_world()
    user = login("viewer")
    client = signed_in(user)
    keep(user)
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
            there = Ask(f"{address}?{query}").send(client)
            other = query.replace("zsecret", "znobody").replace("zhush", "zempt")
            status, text = Ask(f"{address}?{other}").send(client)
            renamed = text.replace("znobody", "zsecret").replace("zempt", "zhush")
            assert difference((status, renamed), there) == "", f"{address}?{query}"


@pytest.mark.parametrize(("name", "keep"), KINDS)
def test_an_id_of_what_is_kept_from_a_login_is_unknown(name: str, keep: Keep, still: None) -> None:
    looker = LOOKERS[name]
    open_world()
    user = login(looker.role, looker.superuser)
    client = signed_in(user)
    unknown = {each: [ask.send(client) for ask in make()] for each, make in BY_ID.items()}

    keep(user)

    for each, make in BY_ID.items():
        answers = [ask.send(client) for ask in make()]
        assert [status for status, _ in answers] == [status for status, _ in unknown[each]], each
        assert all("zsecret" not in text for _, text in answers), each


@pytest.mark.parametrize("keep", [hide, forbid])
def test_sessions_that_are_kept_from_a_login_cannot_be_closed_by_it(keep: Keep, still: None) -> None:
    open_world()
    user = login("administrator")
    client = signed_in(user)
    keep(user)
    asked = CloseRequest.objects.count()
    secret = Feature.objects.get(name="zsecret-feature")
    session = OpenSession.objects.get(feature=secret).pk

    shown = Ask(f"{reverse('close-preview')}?session={session}").send(client)
    posted = Ask(reverse("close-sessions"), {"session": session, "reason": "not in use any more"}).send(client)

    assert "zsecret" not in shown[1] + posted[1]
    assert CloseRequest.objects.count() == asked


@pytest.mark.parametrize("name", ["viewer", "administrator"])
def test_the_administration_tells_nothing_by_id(name: str, still: None) -> None:
    open_world()
    user = login(LOOKERS[name].role)
    client = signed_in(user)
    forbid(user)
    ids = {model: list(model._default_manager.values_list("pk", flat=True)) for model in site._registry}
    assert all(ids[model] for model in (LicenseServer, LicenseServerGroup, Feature, CloseRequest))

    for model, keys in ids.items():
        for key, page in ((key, page) for key in keys for page in ("change", "delete", "history")):
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=[quote(key)])
            status, text = Ask(address).send(client)
            assert status < 500, address
            assert re.search("zsecret|zhush", text) is None, address
