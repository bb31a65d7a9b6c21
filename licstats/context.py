"""What every page of the frame needs besides its own content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def frame(request: HttpRequest) -> dict[str, Any]:
    """The installation's name, the server's clock for counters, and the zone that times are shown in."""
    return {
        "installation": settings.LICSTATS_NAME,
        "now": timezone.now(),
        "zone": timezone.get_current_timezone_name(),
    }
