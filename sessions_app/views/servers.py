"""License Servers: the status of each, its last verdict, and what of its answer was not understood."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from groups_app.visibility import hidden_mark, visible_features, visible_reason, visible_reports, visible_servers
from licstats.live import LiveRequest, mark, unchanged
from licstats.managers.base import STATUS
from licstats.managers.registry import MANAGERS
from licstats.models import LicenseServer, ServerReport
from sessions_app.models import OpenSession
from sessions_app.polling.ask_now import AskNow, NotAsked
from sessions_app.servers import STATE, State, clock_difference, summarize

ROWS = 50
TEXTS = ("name", "told", "address", "manager", "site")  # sorted without regard to case
COLUMNS = {  # what may be sorted by, with its title
    "name": "Name",
    "state": "Status",
    "read_at": "Last reading",
    "problems": "Problems",
    "reason": "What is wrong",
    "session_count": "Sessions",
    "feature_count": "Features",
    "address": "Address",
    "response_time": "Response",
    "interval": "Interval",
    "manager": "License manager",
    "site": "Site",
}
COUNTED = ("feature_count", "session_count")  # counted for the rows of the page only, so not sorted by


class ServersForm(forms.Form):
    """The query string of `/servers/`."""

    q = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, choices=[("", "All"), *State.choices])
    sort = forms.ChoiceField(
        required=False,
        choices=[(sign + name, name) for name in COLUMNS if name not in COUNTED for sign in ("", "-")],
    )


def servers(request: LiveRequest) -> HttpResponse:
    """The list; a live page that knows `version` already gets 204."""
    visible = visible_servers(request.user)
    summary = summarize(visible)
    version = f"{summary.version}:{hidden_mark(request.user)}"
    if answer := unchanged(request, version, summary.read_at):
        return answer
    form = ServersForm(request.GET)
    rows = _filter(_told(visible, request), form.cleaned_data) if form.is_valid() else visible.none()
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    _add_counts(page.object_list, request)
    context = {
        "form": form,
        "page": page,
        "summary": summary,
        "version": version,
        "states": [(state.value, summary.counts[state]) for state in State if summary.counts[state]],
        "columns": _headers(request.GET, form.cleaned_data.get("sort") or "name"),
        "filtered": bool(form.errors or form.cleaned_data["q"] or form.cleaned_data["state"]),
        "may_ask": AskNow.allowed(request.user),
        "clear": request.path,
    }
    template = "servers/_servers.html" if request.htmx else "servers/servers.html"
    return mark(render(request, template, context), summary.read_at)


def _told(visible: QuerySet[LicenseServer], request: LiveRequest) -> QuerySet[Any]:
    """With the state, and as far as the login may see it what is wrong: `problems` and `told`."""
    report = visible_reports(request.user).filter(server=OuterRef("pk"))
    return visible.annotate(
        state=STATE, problems=Subquery(report.values("shown_count")), told=visible_reason(request.user)
    )


def _filter(rows: QuerySet[Any], choice: Mapping[str, Any]) -> QuerySet[Any]:
    if choice["q"]:
        text = choice["q"]
        rows = rows.filter(
            Q(name__icontains=text)
            | Q(address__icontains=text)
            | Q(site__icontains=text)
            | Q(description__icontains=text)
        )
    if choice["state"]:
        rows = rows.filter(state=choice["state"])
    name = (choice["sort"] or "name").lstrip("-")
    name = "told" if name == "reason" else name
    key = Lower(name) if name in TEXTS else F(name)
    order = key.desc(nulls_last=True) if choice["sort"].startswith("-") else key.asc(nulls_last=True)
    return rows.order_by(order, "name")


def _add_counts(page: Any, request: LiveRequest) -> None:
    """Features and sessions that the login may see, in one query each for the whole page."""
    servers = list(page)
    features = visible_features(request.user).filter(server__in=[server.pk for server in servers])
    counted = dict(features.order_by().values_list("server").annotate(count=Count("pk")))
    sessions = OpenSession.objects.filter(feature__in=features.order_by())
    opened = dict(sessions.values_list("server").annotate(count=Count("pk")))
    for server in servers:
        server.title = _manager_title(server)
        server.feature_count = counted.get(server.pk, 0)
        server.session_count = opened.get(server.pk, 0)
        server.clock = clock_difference(server)


def _manager_title(server: LicenseServer) -> str:
    manager = MANAGERS.get(server.manager)
    return manager.title if manager else server.manager


def _headers(params: Any, sort: str) -> list[dict[str, Any]]:
    headers = []
    for name, title in COLUMNS.items():
        sorted_by = sort.lstrip("-") == name
        link = params.copy()
        link.pop("page", None)
        link["sort"] = f"-{name}" if sort == name else name
        headers.append(
            {
                "name": name,
                "title": title,
                "query": "" if name in COUNTED else f"?{link.urlencode()}",
                "direction": ("descending" if sort.startswith("-") else "ascending") if sorted_by else "",
            }
        )
    return headers


def server(request: LiveRequest, pk: int) -> HttpResponse:
    """One license server: its nodes, vendor daemons, and every problem beside the text that it is about."""
    found = get_object_or_404(_told(visible_servers(request.user), request), pk=pk)
    version = f"{found.revision}:{found.asked_at}:{found.next_poll_at}:{hidden_mark(request.user)}"
    if answer := unchanged(request, version, found.read_at):
        return answer
    _add_counts([found], request)
    report = visible_reports(request.user).filter(server=found).first() or ServerReport(server=found)
    context = {
        "server": found,
        "report": report,
        "problems": getattr(report, "shown", []),
        "problem_count": found.problems,
        "version": version,
        "due": found.enabled and found.next_poll_at <= timezone.now(),
        "may_ask": AskNow.allowed(request.user),
        "command": _command(found) if AskNow.allowed(request.user) else "",
    }
    template = "servers/_server.html" if request.htmx else "servers/server.html"
    return mark(render(request, template, context), found.read_at)


def _command(server: LicenseServer) -> str:
    """The very command that a poll runs, for trying it by hand on the worker's machine."""
    manager = MANAGERS.get(server.manager)
    if manager is None:
        return ""
    return shlex.join(manager.command(STATUS, settings.LICSTATS_TOOLS[manager.tool], server.address))


@require_POST
def ask_now(request: LiveRequest, pk: int) -> HttpResponse:
    """Query now: makes the server due and leads back to where it was wanted."""
    found = get_object_or_404(visible_servers(request.user), pk=pk)
    try:
        AskNow(found, request.user).execute()
    except NotAsked as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{found} will be queried within seconds. The page follows by itself.")
    return redirect("servers") if request.POST.get("back") == "servers" else redirect("servers-one", pk)
