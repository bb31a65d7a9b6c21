"""The server's half of static/licstats/live.js: nothing is sent when the page is still right."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

VERSION_HEADER = "X-Version"
READ_HEADER = "X-Read-At"


class LiveRequest(HttpRequest):
    """A request as the views get it, with what the middleware found out about it."""

    htmx: HtmxDetails


def unchanged(request: HttpRequest, version: str, read_at: datetime | None = None) -> HttpResponse | None:
    """204 where the page that asks shows `version` already, else None: then draw it again.

    `read_at` is the newest reading on the page; "updated 12 s ago" follows it.
    """
    if request.headers.get(VERSION_HEADER) != version:
        return None
    return mark(HttpResponse(status=204), read_at)


def version_of(*shown: object) -> str:
    """A version for `unchanged` of a page that has no revision of its own: a digest of what it shows."""
    return sha256(repr(shown).encode()).hexdigest()[:16]


def mark(response: HttpResponse, read_at: datetime | None = None) -> HttpResponse:
    """Headers of a page that is drawn in two ways: whole, and as a fragment for htmx."""
    if read_at:
        response[READ_HEADER] = read_at.isoformat()
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
