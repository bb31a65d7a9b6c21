"""Closing from a page: the preview, the one POST that acts, and how far the closes are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone as clock
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.csrf import csrf_failure as plain_csrf_failure

from groups_app.visibility import visible_features
from licstats.live import LiveRequest, mark, unchanged
from sessions_app.closing import check, gone, record
from sessions_app.closing.ask import REASON_LIMIT, CloseSession, close_all, reason_obstacle
from sessions_app.closing.history import CLOSES
from sessions_app.closing.identity import Identity
from sessions_app.closing.preview import AT_ONCE, Preview, going_together, preview
from sessions_app.closing.visible import visible_closes
from sessions_app.grid.pages import GridPage, Reach
from sessions_app.grid.sessions import SESSIONS
from sessions_app.grid.state import GridState
from sessions_app.grid.state_reader import read_state
from sessions_app.models import CloseRequest, CloseState, OpenSession


class CloseHttpRequest(LiveRequest):
    """Of a login: the middleware lets nobody else come here."""

    user: User


class ClosedSessions(GridPage):
    """Every close that was asked for, as far as the login sees its license server and feature."""

    grid = CLOSES
    template_name = "closing/closed.html"

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        return super().context(request, state, reach) | {"empty_reason": "No session was closed from here yet."}


def close_preview(request: CloseHttpRequest) -> HttpResponse:
    """What would go. For htmx it is the content of a dialog, else a page.

    `session=ID` as often as needed, or else the query string by which the sessions grid shows the sessions.
    """
    forbidden = check.login_obstacle(request.user)
    if forbidden:
        return _turn_away(request, forbidden)
    ids, kept = (_numbers(request.GET, "session"), 0) if "session" in request.GET else _shown_by_grid(request)
    if not ids or len(ids) > AT_ONCE:
        number = f"more than {AT_ONCE}" if len(ids) > AT_ONCE else "none"
        message = f"From one to {AT_ONCE} sessions can be closed at once; these are {number}."
        return _problem(request, message, 400)
    return _show_preview(request, preview(ids, request.user, kept), _back(request))


def close_sessions(request: CloseHttpRequest) -> HttpResponse:
    """Asks for the sessions of a preview to be closed. POST only."""
    if request.method != "POST":
        record.turned_away(_name(request), f"A close was tried by {request.method}.", path=request.path)
        return HttpResponseNotAllowed(["POST"])
    forbidden = check.login_obstacle(request.user)
    if forbidden:
        return _turn_away(request, forbidden)
    ids, reason = _numbers(request.POST, "session"), request.POST.get("reason", "").strip()
    wrong = reason_obstacle(reason)
    if wrong or not 0 < len(ids) <= AT_ONCE:
        shown = preview(ids[:AT_ONCE], request.user)
        return _show_preview(request, shown, _back(request), reason=reason, wrong=wrong, dry_run=_dry_run(request))
    asked, refused = _ask(request, ids, reason)
    if request.htmx:
        return _show_progress(request, asked, refused)
    for message in refused:
        messages.warning(request, message)
    if not asked:
        return redirect(_back(request))
    return redirect(_progress_address(request, asked))


def close_progress(request: CloseHttpRequest) -> HttpResponse:
    """How far the closes `request=ID` are, as often as needed; live until all have ended."""
    wanted = _numbers(request.GET, "request")[:AT_ONCE]
    rows = list(visible_closes(request.user).filter(pk__in=wanted).order_by("pk"))
    if not rows:
        return _problem(request, "There is no such close, or your login does not see it.", 404)
    if answer := unchanged(request, _version(rows)):
        return answer
    return _show_progress(request, rows, [])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's own answer, and its line in the log; where a login tried a close, it is noted.

    Not of strangers: they come here before they are sent to sign in, and nobody can delete what is noted.
    """
    if request.user.is_authenticated and request.path == reverse("close-sessions"):
        name = request.user.get_username()
        record.turned_away(name, "A close came without the token of the page.", path=request.path)
    return plain_csrf_failure(request, reason)


def _ask(request: CloseHttpRequest, ids: list[int], reason: str) -> tuple[list[CloseRequest], list[str]]:
    """The requests made, and a sentence for each session that none was made for."""
    sessions = OpenSession.objects.filter(pk__in=ids).select_related("feature", "server").in_bulk()
    refused = gone.turn_away(request.user, [pk for pk in ids if pk not in sessions])
    there = [sessions[pk] for pk in ids if pk in sessions]
    asked = []
    for session, outcome in zip(there, close_all(_closes(request, there, reason)), strict=True):
        if isinstance(outcome, CloseRequest):
            asked.append(outcome)
        else:
            visible = check.is_visible(request.user, session.feature_id)
            refused.append(f"{session.user} on {session.host}: {outcome}" if visible else str(outcome))
    return asked, refused


def _closes(request: CloseHttpRequest, sessions: list[OpenSession], reason: str) -> list[CloseSession]:
    """With each what goes too, as far as the preview showed it."""
    shown = {*_numbers(request.POST, "session"), *_numbers(request.POST, "also")}
    together = going_together(sessions)
    dry_run = _dry_run(request)
    return [
        CloseSession(
            session,
            request.user,
            reason,
            dry_run=dry_run,
            also=[Identity.of_open(one) for one in together[session.pk] if one.pk in shown],
        )
        for session in sessions
    ]


def _show_preview(
    request: CloseHttpRequest, shown: Preview, back: str, *, reason: str = "", wrong: str = "", dry_run: bool = False
) -> HttpResponse:
    context = {
        "preview": shown,
        "back": back,
        "reason": reason,
        "reason_wrong": wrong,
        "reason_limit": REASON_LIMIT,
        "reason_required": settings.LICSTATS_CLOSE_REASON_REQUIRED,
        "dry_run": dry_run,
        "only_dry_runs": settings.LICSTATS_DRY_RUN,
        "managers": {item.session.server.manager for item in shown.closable},
    }
    template = "closing/_preview.html" if request.htmx else "closing/preview.html"
    return mark(render(request, template, context, status=422 if wrong and not request.htmx else 200))


def _show_progress(request: CloseHttpRequest, rows: list[CloseRequest], refused: Iterable[str]) -> HttpResponse:
    context = {
        "rows": rows,
        "refused": refused,
        "tally": _tally(rows),
        "version": _version(rows),
        "ended": not any(row.under_way for row in rows),
        "address": _progress_address(request, rows),
        "back": _back(request),
    }
    template = "closing/_progress.html" if request.htmx else "closing/progress.html"
    return mark(render(request, template, context))


def _progress_address(request: CloseHttpRequest, rows: Iterable[CloseRequest]) -> str:
    query = urlencode([*(("request", row.pk) for row in rows), ("back", _back(request))])
    return f"{reverse('close-progress')}?{query}"


def _tally(rows: list[CloseRequest]) -> str:
    """`Of 12: 9 closed, 2 already gone, 1 under way.`; nothing of a single one, which says it itself."""
    if len(rows) < 2:
        return ""
    counts = Counter("under way" if row.under_way else row.get_state_display() for row in rows)
    return f"Of {len(rows)}: {', '.join(_counted(number, words) for words, number in counts.most_common())}."


def _counted(number: int, words: str) -> str:
    """All states but a dry run read the same of one and of several."""
    if words != CloseState.DRY_RUN.label:
        return f"{number} {words}"
    return "1 was a dry run" if number == 1 else f"{number} were dry runs"


def _version(rows: Iterable[CloseRequest]) -> str:
    return ",".join(f"{row.pk}:{row.state}" for row in rows)


def _turn_away(request: CloseHttpRequest, message: str) -> HttpResponse:
    record.turned_away(_name(request), message, path=request.path)
    return _problem(request, message, 403)


def _problem(request: CloseHttpRequest, message: str, status: int) -> HttpResponse:
    template = "closing/_problem.html" if request.htmx else "closing/problem.html"
    context = {"message": message, "back": _back(request)}
    return mark(render(request, template, context, status=200 if request.htmx else status))


def _shown_by_grid(request: CloseHttpRequest) -> tuple[list[int], int]:
    """Ids of the sessions that the grid shows for this query string, at most one more than can be closed.

    In a group it shows more than the login sees: these are only counted.
    """
    params = request.GET.copy()
    params.pop("back", None)
    state = read_state(SESSIONS, params, request.user, clock.now())
    if state.errors or state.unknown or state.aggregation or state.at:
        return [], 0
    rows, seen = SESSIONS.restricted(state).order_by("pk"), Q(feature__in=visible_features(request.user))
    ids = list(rows.filter(seen).values_list("pk", flat=True)[: AT_ONCE + 1])
    return ids, rows.exclude(seen).count() if state.scope.group else 0


def _numbers(params: QueryDict, name: str) -> list[int]:
    """The distinct whole numbers given for `name`, in their order; what is none is left out.

    One field may have many of them, with commas: Django refuses a form of more than 1,000 fields.
    """
    given = (text for field in params.getlist(name) for text in field.split(","))
    return list(dict.fromkeys(int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 19))


def _dry_run(request: CloseHttpRequest) -> bool:
    return request.POST.get("dry_run") == "1"


def _name(request: CloseHttpRequest) -> str:
    return request.user.get_username()


def _back(request: CloseHttpRequest) -> str:
    """The page to return to, on this site only."""
    params = request.POST if request.method == "POST" else request.GET
    wanted = params.get("back") or request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) and "/close/" not in wanted:
        return wanted
    return "/"
