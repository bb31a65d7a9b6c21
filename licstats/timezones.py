"""The time zones that a license server can be in."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


@cache
def zone_names() -> list[str]:
    """Names a person would pick, such as Europe/Warsaw, sorted."""
    return sorted(name for name in available_timezones() if name == "UTC" or "/" in name)


def validate_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"'{name}' is not a time zone. An example of one is 'Europe/Warsaw'.")
