"""Search over license servers, features, users and hosts, as far as the login may see them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from groups_app.visibility import visible_features, visible_groups, visible_servers
from licstats.aggregates import WholeSum
from licstats.live import LiveRequest, mark
from licstats.models import Feature
from sessions_app.models import OpenSession

SHORT = 5  # of each kind under the search box
LONG = 50  # of each kind on the page
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found: what it is called, where it leads, and what more there is to say."""

    label: str
    address: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What was found of one kind; `more`: there is more than is shown."""

    title: str
    sign: str
    found: list[Found]
    more: bool


def search(request: LiveRequest) -> HttpResponse:
    """A page of what contains the text in any case; for htmx a short list to drop down under the box."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_TEXT]
    limit = SHORT if request.htmx else LONG
    kinds = [kind for kind in _kinds(request, text, limit) if kind.found] if text else []
    context = {"search_text": text, "kinds": kinds}
    return mark(render(request, "search/_found.html" if request.htmx else "search/search.html", context))


def _kinds(request: LiveRequest, text: str, limit: int) -> list[Kind]:
    features = visible_features(request.user)
    sessions = OpenSession.objects.filter(feature__in=features.order_by())
    return [
        _servers(request, text, limit),
        _groups(request, text, limit),
        _features(features, text, limit),
        _sessions("Users", "person", "user", sessions, text, limit),
        _sessions("Hosts", "host", "host", sessions, text, limit),
    ]


def _servers(request: LiveRequest, text: str, limit: int) -> Kind:
    rows = visible_servers(request.user).filter(name__icontains=text).order_by("name")
    found = [Found(row.name, reverse("servers-one", args=[row.pk]), row.address) for row in rows[: limit + 1]]
    return Kind("License servers", "servers", found[:limit], len(found) > limit)


def _groups(request: LiveRequest, text: str, limit: int) -> Kind:
    rows = visible_groups(request.user).filter(name__icontains=text).order_by("name")
    found = [Found(row.name, _report({"scope": f"group:{row.name}"})) for row in rows[: limit + 1]]
    return Kind("License server groups", "group", found[:limit], len(found) > limit)


def _features(features: QuerySet[Feature], text: str, limit: int) -> Kind:
    rows = features.filter(name__icontains=text).select_related("server").order_by("name", "version", "server__name")
    found = [
        Found(
            " ".join(part for part in (row.name, row.version) if part),
            _report({"scope": f"server:{row.server}", "feature": row.name, "version": row.version, "type": row.type}),
            f"{row.server.name}, {row.vendor}",
        )
        for row in rows[: limit + 1]
    ]
    return Kind("Features", "feature", found[:limit], len(found) > limit)


def _sessions(title: str, sign: str, field: str, sessions: QuerySet[OpenSession], text: str, limit: int) -> Kind:
    rows = (
        sessions.filter(**{f"{field}__icontains": text})
        .order_by(field)
        .values_list(field)
        .annotate(count=Count("pk"), licenses=WholeSum("used"))
    )
    found = [
        Found(
            name, _report({f"{field}_is": name}), f"{count:,} session{'s' if count != 1 else ''}, {licenses:,} in use"
        )
        for name, count, licenses in rows[: limit + 1]
    ]
    return Kind(title, sign, found[:limit], len(found) > limit)


def _report(params: dict[str, str]) -> str:
    """The address of the sessions page with these choices."""
    named = urlencode({name: value for name, value in params.items() if value})
    return f"{reverse('realtime-sessions')}?{named}"
