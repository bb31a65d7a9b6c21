"""License server groups, and the arithmetic of their merged features."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from groups_app.choices import containing
from groups_app.notices import group_notices, misfit_notices
from groups_app.scope import Scope, ScopeError
from groups_app.status import status_of, with_status
from groups_app.visibility import visible_groups
from licstats.live import LiveRequest, mark, unchanged, version_of

MOST_GROUPS = 500
REPORTS = (  # URL names
    ("realtime-usage", "Realtime usage"),
    ("realtime-sessions", "Realtime sessions"),
    ("history-usage", "Usage history"),
    ("history-sessions", "Session history"),
)


@require_safe
def groups(request: LiveRequest) -> HttpResponse:
    """The groups that this login may see and that contain `q`, with the status that follows from their members."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    rows = with_status(containing(visible_groups(request.user), text, "name", "description"))
    version = version_of([(group.pk, group.name, group.description, status) for group, status in rows])
    if answer := unchanged(request, version):
        return answer
    context = {
        "rows": rows[:MOST_GROUPS],
        "total": len(rows),
        "more": max(0, len(rows) - MOST_GROUPS),
        "q": text,
        "version": version,
    }
    return mark(render(request, "groups/_groups.html" if request.htmx else "groups/groups.html", context))


@require_safe
def group(request: LiveRequest, pk: int) -> HttpResponse:
    """One group: its members with their last readings, and where its reports are; for htmx its live part alone."""
    found = get_object_or_404(visible_groups(request.user), pk=pk)
    members = list(found.servers.order_by("name"))
    now = timezone.now()
    read = [(server.pk, server.revision, server.read_at, server.failures > 0) for server in members]
    version = version_of(found.name, found.description, read, f"{now:%H:%M}")  # notices say how long ago
    if answer := unchanged(request, version):
        return answer
    context = {
        "group": found,
        "status": status_of(found),
        "members": members,
        "notices": [*misfit_notices(found), *group_notices(found, now)],
        "reports": REPORTS,
        "version": version,
    }
    return mark(render(request, "groups/_group.html" if request.htmx else "groups/group.html", context))


@require_safe
def merged_feature(request: LiveRequest) -> HttpResponse:
    """How the figures of one merged feature come about; for htmx the live part, or beside a figure the explanation."""
    try:
        scope = Scope.read(request.GET, request.user)
    except ScopeError as error:
        raise Http404(str(error)) from error
    if scope.explanation is None:
        raise Http404("Choose a license server group and a feature.")
    members = scope.explanation.members
    read = [(each.feature.pk, each.server.revision, each.last_reading, each.expired, each.reason) for each in members]
    version = version_of(scope.identity, read)
    if answer := unchanged(request, version):
        return answer
    part = "groups/_merged_feature.html" if request.htmx.target else "groups/parts/explanation.html"
    context = {"explanation": scope.explanation, "version": version}
    return mark(render(request, part if request.htmx else "groups/merged_feature.html", context))
