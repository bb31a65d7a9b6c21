"""License server groups, and the arithmetic of their merged features."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from groups_app.choices import containing
from groups_app.notices import group_notices, misfit_notices
from groups_app.scope import Scope, ScopeError
from groups_app.status import status_of, with_status
from groups_app.visibility import visible_groups
from licstats.live import mark

MOST_GROUPS = 500
REPORTS = (  # URL names
    ("realtime-usage", "Realtime usage"),
    ("realtime-sessions", "Realtime sessions"),
    ("history-usage", "Usage history"),
    ("history-sessions", "Session history"),
)


@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """The groups that this login may see and that contain `q`, with the status that follows from their members."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    rows = with_status(containing(visible_groups(request.user), text, "name", "description"))
    more = max(0, len(rows) - MOST_GROUPS)
    return render(
        request, "groups/groups.html", {"rows": rows[:MOST_GROUPS], "total": len(rows), "more": more, "q": text}
    )


@require_safe
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group: its members with their last readings, and where its reports are."""
    found = get_object_or_404(visible_groups(request.user), pk=pk)
    context = {
        "group": found,
        "status": status_of(found),
        "members": found.servers.order_by("name"),
        "notices": [*misfit_notices(found), *group_notices(found, timezone.now())],
        "reports": REPORTS,
    }
    return render(request, "groups/group.html", context)


@require_safe
def merged_feature(request: HttpRequest) -> HttpResponse:
    """How the figures of one merged feature come about; for htmx the explanation alone."""
    try:
        scope = Scope.read(request.GET, request.user)
    except ScopeError as error:
        raise Http404(str(error)) from error
    if scope.explanation is None:
        raise Http404("Choose a license server group and a feature.")
    template = "groups/parts/explanation.html" if getattr(request, "htmx", False) else "groups/merged_feature.html"
    context: dict[str, Any] = {"explanation": scope.explanation, "scope": scope}
    return mark(render(request, template, context))
