"""The one sign-in, for the pages and for Administration, and what somebody reads who failed too often."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


def locked(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """429: says until when it is locked, and what to do."""
    name = get_client_username(request, credentials) or ""
    context = {"name": name, "failures": settings.AXES_FAILURE_LIMIT, "until": _until(request, name)}
    return render(request, "registration/locked.html", context, status=429)


def address_of(request: HttpRequest) -> str | None:
    """Where somebody signs in from. What came before the last hop of X-Forwarded-For anybody may have written."""
    if settings.LICSTATS_PROXY:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        with contextlib.suppress(ValueError):
            return str(ip_address(last))
    return request.META.get("REMOTE_ADDR") or None


def _until(request: HttpRequest, name: str) -> datetime:
    attempts = AccessAttempt.objects.filter(username=name, ip_address=request.axes_ip_address)  # type: ignore[attr-defined]
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    begun: datetime = last or timezone.now()
    pause: timedelta = get_cool_off(request)
    return begun + pause


@login_not_required
def administration(request: HttpRequest) -> HttpResponse:
    """In place of the admin's own sign-in page."""
    if request.user.is_authenticated:
        raise PermissionDenied("Administration is for administrators.")
    return redirect_to_login(request.GET.get("next", "/admin/"))
