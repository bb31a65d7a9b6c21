"""The viewer's time zone, pages that outlive their login, and headers that no other middleware sets."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh

from licstats.timezones import zone_names

LOGIN_HEADER = "X-Login"
ZONE_COOKIE = "licstats_zone"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # plotly.js sets the style of its labels on the elements
        "img-src 'self' data: blob:",  # a graph is saved as a picture by way of a blob
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponse]


class ViewerZone:
    """Shows times in the zone that the browser told in a cookie; before that, in that of the installation."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.zones = frozenset(zone_names())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(ZONE_COOKIE, "")
        if name not in self.zones:
            return self.get_response(request)
        with timezone.override(ZoneInfo(name)):
            return self.get_response(request)


class SameLogin:
    """Loads a page that is open anew once another login asks from it, as it names the one that it was drawn for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        drawn_for = request.headers.get(LOGIN_HEADER)
        if drawn_for and request.user.is_authenticated and drawn_for != str(request.user.pk):
            return HttpResponseClientRefresh()
        return self.get_response(request)


class BrowserPermissions:
    """Denies what the pages never use, and keeps pages of a login out of caches that others share."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
