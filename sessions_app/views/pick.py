"""The pick lists of the General Information bar: a few lines that contain what was typed, as links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from groups_app.choices import Choices, feature_choices, group_choices, server_choices
from groups_app.scope import SCOPE_FIELDS, Scope, ScopeError

REPORTS = ("realtime-sessions", "realtime-usage", "history-sessions", "history-usage")
OWN_FIELDS = ("q", "report")


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


def pick(request: HttpRequest, what: str) -> HttpResponse:
    """`what` is servers or features; `report` the page that is led back to, with the rest of its query string; `q`
    what the lines must contain."""
    report = request.GET.get("report", "")
    if what not in ("servers", "features") or report not in REPORTS:
        raise Http404("There is no such pick list.")
    try:
        scope = Scope.read(request.GET, request.user)
    except ScopeError as error:
        raise Http404(str(error)) from error
    text = request.GET.get("q", "").replace("\0", "").strip()
    sections = Lines(request, report, scope).sections(what, text)
    context = {"what": what, "sections": sections, "text": text, "hidden": hidden_fields(request)}
    template = "grid/pick_list.html" if request.htmx else "grid/pick.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def hidden_fields(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.GET.lists() if name != "q" for text in texts]


class Lines:
    """Makes the lines of one request."""

    def __init__(self, request: HttpRequest, report: str, scope: Scope) -> None:
        self.user = request.user
        self.path = reverse(report)
        self.scope = scope
        left_out = {*SCOPE_FIELDS, *OWN_FIELDS, "page", "server_is"}
        self.rest = [(name, text) for name, texts in request.GET.lists() if name not in left_out for text in texts]

    def sections(self, what: str, text: str) -> list[Section]:
        if what == "features":
            whole = Scope(self.user, self.scope.server, self.scope.group)
            everything = [self._option("All features", "", whole.params())]
            found = feature_choices(self.scope, text)
            return [Section("", [] if text else everything, 0), self._section("Features", found)]
        everything = [self._option("All license servers", "", {})]
        return [
            Section("", [] if text else everything, 0),
            self._section("License server groups", group_choices(self.user, text)),
            self._section("License servers", server_choices(self.user, text)),
        ]

    def _section(self, title: str, found: Choices) -> Section:
        options = [self._option(choice.label, choice.detail, choice.params) for choice in found.choices]
        return Section(title, options, found.not_shown)

    def _option(self, label: str, detail: str, params: dict[str, Any]) -> Option:
        query = urlencode([*params.items(), *self.rest])
        chosen = params == self.scope.params() or params == {
            name: value for name, value in self.scope.params().items() if name == "scope"
        }
        return Option(label, detail, f"{self.path}?{query}" if query else self.path, chosen)
