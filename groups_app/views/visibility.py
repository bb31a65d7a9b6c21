"""What a login sees: its own choice, or an administrator's for it. Works without JavaScript."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from groups_app.hiding import ChangeVisibility, SetVisibility
from groups_app.models import HiddenFeature, HiddenServer, VisibilityDefault
from groups_app.visibility import changeable_logins, permitted_servers
from licstats.models import Feature, LicenseServer

SHOWN = 200
CHANGE_LOGINS = "auth.change_user"
TABS = {"servers": "License servers", "features": "Features"}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of one of the two lists; `value` is what its check box sends."""

    value: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two lists: what is visible or hidden, filtered by text."""

    name: str
    text: str
    items: list[Item]
    total: int

    @property
    def not_shown(self) -> int:
        return self.total - len(self.items)


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins to choose from: the one that is shown, and the first whose name contains `text`."""

    text: str
    names: list[str]
    not_shown: int

    @property
    def many(self) -> bool:
        """Whether there is need to look for one."""
        return bool(self.text or self.not_shown)

    @property
    def no_other(self) -> bool:
        return bool(self.text) and len(self.names) == 1


class Servers:
    """License servers that the roles of both the login and whoever changes it allow."""

    what = "servers"

    def __init__(self, login: User, by: User) -> None:
        permitted = permitted_servers(login)
        self.all = permitted if login == by else permitted.filter(pk__in=permitted_servers(by))
        self.hidden_ids = HiddenServer.objects.filter(user=login).values("server")

    def rows(self, hidden: bool, text: str) -> QuerySet[LicenseServer]:
        rows = self.all.filter(pk__in=self.hidden_ids) if hidden else self.all.exclude(pk__in=self.hidden_ids)
        return rows.filter(Q(name__icontains=text) | Q(site__icontains=text) | Q(description__icontains=text))

    def side(self, name: str, text: str) -> Side:
        rows = self.rows(name == "hidden", text)
        items = [Item(str(server.pk), server.name, server.site) for server in rows.order_by("name")[:SHOWN]]
        return Side(name, text, items, rows.count())

    def ticked(self, hidden: bool, values: list[str]) -> QuerySet[LicenseServer]:
        return self.rows(hidden, "").filter(pk__in=[int(value) for value in values if _is_id(value)])


class Features:
    """Features by license server and name, on license servers that are not hidden as a whole."""

    what = "features"

    def __init__(self, login: User, by: User) -> None:
        servers = Servers(login, by)
        self.servers = servers.rows(False, "")
        self.hidden = HiddenFeature.objects.filter(user=login)

    def rows(self, hidden: bool, text: str) -> QuerySet[Any, tuple[int, str, str]]:
        same = self.hidden.filter(server=OuterRef("server"), name=OuterRef("name"))
        rows: QuerySet[Any] = self.hidden if hidden else Feature.objects.filter(~Exists(same))
        server, slash, name = text.partition("/")
        found = Q(name__icontains=text) | Q(server__name__icontains=text)
        if slash:
            found |= Q(name__icontains=name, server__name__icontains=server)
        ordered = rows.filter(found, server__in=self.servers).order_by("name", "server__name")
        return ordered.values_list("server", "server__name", "name").distinct()

    def side(self, name: str, text: str) -> Side:
        rows = self.rows(name == "hidden", text)
        items = [Item(f"{pk}/{feature}", feature, server) for pk, server, feature in rows[:SHOWN]]
        return Side(name, text, items, rows.count())

    def ticked(self, hidden: bool, values: list[str]) -> QuerySet[Any, tuple[int, str, str]]:
        names: dict[int, list[str]] = defaultdict(list)
        for server, _, name in (_clean(value).partition("/") for value in values):
            if _is_id(server):
                names[int(server)].append(name)
        wanted = Q(pk__in=[])
        for pk, among in names.items():
            wanted |= Q(server=pk, name__in=among)
        return self.rows(hidden, "").filter(wanted)


LISTS: dict[str, type[Servers | Features]] = {"servers": Servers, "features": Features}


@require_http_methods(["GET", "HEAD", "POST"])
def visibility(request: HttpRequest) -> HttpResponse:
    """Two lists, Visible and Hidden, of license servers or features of one login.

    Query string: `tab=servers | features`; `visible=` and `hidden=` filter the lists; and for administrators `login=`,
    and `find=`, a part of the names of the logins to choose from.
    """
    login = _login(request)
    tab = request.GET.get("tab", "servers")
    if tab not in TABS:
        raise Http404("There is no such tab.")
    lists = LISTS[tab](login, _user(request))
    if request.method == "POST":
        _change(request, login, lists)
        return HttpResponseRedirect(request.get_full_path())
    context = {
        "login": login,
        "own": login == request.user,
        "tab": tab,
        "tabs": [(name, label, _address(login, request, tab=name)) for name, label in TABS.items()],
        "sides": [lists.side(name, _text(request, name)) for name in ("visible", "hidden")],
        "hides_new": VisibilityDefault.objects.filter(user=login, hide_new_servers=True).exists(),
        "logins": _logins(request, login),
    }
    return render(request, "groups/visibility.html", context)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _login(request: HttpRequest) -> User:
    """Whose visibility it is: that of whoever asks, or of the one named, where that login may be changed."""
    user = _user(request)
    name = request.GET.get("login", user.username)
    if name == user.username:
        return user
    login = _changeable(user).filter(username=_clean(name)).first()
    if login is None:
        raise Http404("There is no such login.")
    return login


def _changeable(user: User) -> QuerySet[User]:
    return changeable_logins(user) if user.has_perm(CHANGE_LOGINS) else User.objects.none()


def _logins(request: HttpRequest, shown: User) -> Logins | None:
    """None where there is no choice: the login may not change others."""
    if not _user(request).has_perm(CHANGE_LOGINS):
        return None
    text = _text(request, "find")
    found = _changeable(_user(request)).filter(username__icontains=text).order_by("username")
    names = list(found.values_list("username", flat=True)[:SHOWN])
    if shown.username not in names:
        names.insert(0, shown.username)
    return Logins(text, names, found.exclude(username__in=names).count())


def _change(request: HttpRequest, login: User, lists: Servers | Features) -> None:
    """What the pressed button says: hide or show the chosen ones or all that match, or set the default."""
    action = request.POST.get("action", "")
    if action in ("hide-new", "show-new"):
        SetVisibility(login, hide_new_servers=action == "hide-new").execute()
        messages.success(request, f"New license servers will be {'hidden' if action == 'hide-new' else 'visible'}.")
        return
    verb, _, all_of = action.partition("-")
    if verb not in ("hide", "show"):
        messages.error(request, "Choose what to do with a button of the page.")
        return
    side, hidden = ("visible", False) if verb == "hide" else ("hidden", True)
    chosen: Any = (
        lists.rows(hidden, _text(request, side)) if all_of else lists.ticked(hidden, request.POST.getlist(side))
    )
    change = ChangeVisibility(login, _user(request), **{lists.what: chosen})
    count = change.hide() if verb == "hide" else change.show()
    done = "hidden" if verb == "hide" else "visible again"
    if count:
        messages.success(request, f"{count:,} {'is' if count == 1 else 'are'} {done}.")
    else:
        messages.warning(request, f"Nothing was changed. Tick what is to be {done}, then press the button.")


def _text(request: HttpRequest, field: str) -> str:
    return _clean(request.GET.get(field, "")).strip()[:200]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _clean(text: str) -> str:
    return text.replace("\0", "")


def _address(login: User, request: HttpRequest, **query: str) -> str:
    if login != request.user:
        query["login"] = login.username
    return f"{reverse('visibility')}?{urlencode(query)}"
