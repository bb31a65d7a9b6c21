"""The pick lists of the General Information bar: a few lines that contain what was typed, as links."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from groups_app.choices import SHOWN, Choices, feature_choices, group_choices, server_choices
from groups_app.models import NameGroup, UserGroup
from groups_app.scope import SCOPE_FIELDS, Scope, ScopeError
from sessions_app.grid.pages import DRILLED, is_fragment
from sessions_app.grid.people import GROUPS, UserScope, people
from sessions_app.grid.reach import covered
from sessions_app.models import OpenSession
from sessions_app.views.history import HistoryUsage
from sessions_app.views.scoped import feature_detail

OWN_FIELDS = ("q", "report")
CHOSEN = (*SCOPE_FIELDS, *DRILLED)  # another choice takes the place of what an aggregated row led to


@dataclass(frozen=True)
class Option:
    """One line: its text, what is said beside it, where it leads, and whether it is the one now."""

    label: str
    detail: str
    address: str
    chosen: bool


@dataclass(frozen=True)
class Section:
    """The lines of one kind, and how many more there are."""

    title: str
    options: list[Option]
    more: int
    none: str = ""  # what to say where there is no line at all, whatever is typed


def pick(request: HttpRequest, what: str) -> HttpResponse:
    """`what` is servers, features, users or groups; the rest of the query string goes along with every line.

    `report` names the page that the lines lead to, `q` what they must contain.
    """
    report = request.GET.get("report", "")
    if report not in REPORTS.get(what, ()):
        raise Http404("There is no such pick list.")
    text = request.GET.get("q", "").replace("\0", "").strip()
    try:
        sections = LISTS[what](request, report, text)
    except ScopeError as error:
        raise Http404(str(error)) from error
    context = {"title": TITLES[what], "sections": sections, "text": text, "hidden": hidden_fields(request)}
    template = "grid/pick_list.html" if is_fragment(request) else "grid/pick.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def hidden_fields(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.GET.lists() if name != "q" for text in texts]


class Lines:
    """Makes the lines that lead to one report, with the rest of its query string as it was."""

    def __init__(
        self, request: HttpRequest, report: str, chosen: dict[str, str], fields: Collection[str] = CHOSEN
    ) -> None:
        self.path = reverse(report)
        self.report = report
        self.chosen = chosen
        left_out = {*fields, *OWN_FIELDS, "page"}
        self.rest = [(name, text) for name, texts in request.GET.lists() if name not in left_out for text in texts]

    def line(self, label: str, params: dict[str, Any], detail: str = "") -> Option:
        left_out = HistoryUsage.not_carried(params) if self.report == HistoryUsage.url_name else ()
        query = urlencode([*params.items(), *(each for each in self.rest if each[0] not in left_out)])
        return Option(label, detail, f"{self.path}?{query}" if query else self.path, params == self.chosen)

    def section(self, title: str, found: Choices) -> Section:
        options = [self.line(choice.label, choice.params, choice.detail) for choice in found.choices]
        return Section(title, options, found.not_shown)

    def features(self, title: str, found: Choices) -> Section:
        told = [
            replace(choice, detail=feature_detail(choice.params.get("version", ""), choice.params.get("type", "")))
            for choice in found.choices
        ]
        return self.section(title, replace(found, choices=told))


def server_lists(request: HttpRequest, report: str, text: str) -> list[Section]:
    scope = Scope.read(request.GET, request.user)
    lines = Lines(request, report, Scope(request.user, scope.server, scope.group).params())
    return [
        Section("", [] if text else [lines.line("All license servers", {})], 0),
        lines.section("License server groups", group_choices(request.user, text)),
        lines.section("License servers", server_choices(request.user, text)),
    ]


def feature_lists(request: HttpRequest, report: str, text: str) -> list[Section]:
    scope = Scope.read(request.GET, request.user)
    lines = Lines(request, report, scope.params())
    whole = Scope(request.user, scope.server, scope.group).params()
    return [
        Section("", [] if text else [lines.line("All features", whole)], 0),
        lines.features("Features", feature_choices(scope, text)),
    ]


def user_lists(request: HttpRequest, report: str, text: str) -> list[Section]:
    scope = UserScope.read(request.GET, request.user)
    lines = Lines(request, report, scope.params())
    sessions = covered(OpenSession.objects.all(), scope.whole())
    users, more = people(sessions, text, SHOWN)
    return [
        Section("", [] if text else [lines.line("All users", {})], 0),
        named_groups(UserGroup, text, lines, "scope", "group:"),
        Section(
            "Users with a session now",
            [lines.line(user, {"scope": f"user:{user}"}) for user in users],
            more,
        ),
    ]


def group_lists(request: HttpRequest, report: str, text: str) -> list[Section]:
    """Groups of users and of hosts, as filters of the sessions."""
    given = {field: request.GET[field] for field in GROUPS if field in request.GET}
    none = Lines(request, report, given, tuple(GROUPS)).line("No group", {})
    sections = [Section("", [] if text else [none], 0)]
    for field, kind in GROUPS.items():
        lines = Lines(request, report, {field: given.get(field, "")}, (field,))
        sections.append(named_groups(kind, text, lines, field))
    return sections


def named_groups(kind: type[NameGroup], text: str, lines: Lines, field: str, prefix: str = "") -> Section:
    """The groups that contain `text`, as lines that give `field` their name."""
    groups = kind._default_manager.filter(name__icontains=text).order_by("name")
    options = [lines.line(group.name, {field: f"{prefix}{group}"}, group.description) for group in groups[:SHOWN]]
    none = "" if text else "none yet. An administrator makes them, by names or by patterns such as design-*"
    return Section(str(kind._meta.verbose_name_plural).capitalize(), options, groups.count() - SHOWN, none)


REPORTS = {
    "servers": ("realtime-sessions", "realtime-usage", "history-sessions", "history-usage"),
    "features": ("realtime-sessions", "realtime-usage", "history-sessions", "history-usage"),
    "users": ("user-sessions",),
    "groups": ("realtime-sessions", "user-sessions", "history-sessions"),
}
TITLES = {
    "servers": "Choose a license server or a group",
    "features": "Choose a feature",
    "users": "Choose a user or a user group",
    "groups": "Choose a group of users or of hosts",
}
LISTS = {"servers": server_lists, "features": feature_lists, "users": user_lists, "groups": group_lists}
