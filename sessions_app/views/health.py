"""For other machines: the health check and the metrics. Neither needs a login."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from sessions_app import metrics
from sessions_app.health import WELL, check

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when all is well, else 503; the body says which part is not."""
    parts = check()
    well = all(state == WELL for state in parts.values())
    return JsonResponse({"status": WELL if well else "unwell", **parts}, status=200 if well else 503)


@login_not_required
@never_cache
@require_safe
def metrics_view(request: HttpRequest) -> HttpResponse:
    """For who has the token; where none is set, for this very machine only. Visibility does not apply: it names all."""
    if not _may_read_metrics(request):
        return HttpResponse(
            "Metrics need 'Authorization: Bearer TOKEN' with the LICSTATS_METRICS_TOKEN of this installation.\n",
            status=403,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read_metrics(request: HttpRequest) -> bool:
    token = settings.LICSTATS_METRICS_TOKEN
    if token:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}")
    return _is_from_here(request)


def _is_from_here(request: HttpRequest) -> bool:
    """Whether it comes from this machine itself. What a proxy on it passes on does not."""
    if any(request.META.get(header) for header in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket has no address
        return False
