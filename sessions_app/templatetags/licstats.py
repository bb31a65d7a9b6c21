"""Shared tags and filters: how times, ages, durations and figures are written on every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from licstats.ages import Age, format_ago, format_interval
from licstats.durations import format_duration
from sessions_app.grid.columns import DASH, NOT_KNOWN
from sessions_app.grid.exports import too_many
from sessions_app.models import CloseState

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, label: str = "") -> SafeString:
    """A sign of `static/licstats/icons.svg`; with `label` it speaks for itself, else it goes with words."""
    source = static("licstats/icons.svg")
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', label, source, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', source, name)


STATES = {  # of a license server, a node or a vendor daemon: word and class of its sign
    "up": ("Up", "good"),
    "partial": ("Partial", "warn"),
    "down": ("Down", "bad"),
    "disabled": ("Disabled", "idle"),
    "never": ("Never read", "idle"),
}


@register.simple_tag
@lru_cache(maxsize=1024)
def state(name: str) -> SafeString:
    """The sign of a status: a drawing, a colour and always the word."""
    word, kind = STATES.get(name, STATES["never"])
    return format_html('<span class="sign sign-{}">{}{}</span>', kind, icon(str(name)), word)


CLOSE_STATES = {  # class and drawing of its sign; what is not here is under way
    CloseState.CLOSED: ("good", "check"),
    CloseState.ALREADY_GONE: ("good", "check"),
    CloseState.DRY_RUN: ("idle", "check"),
    CloseState.TAKEN_AGAIN: ("warn", "warning"),
    CloseState.TIMED_OUT: ("warn", "warning"),
    CloseState.REFUSED: ("bad", "warning"),
    CloseState.FAILED: ("bad", "warning"),
}


@register.simple_tag
@lru_cache(maxsize=1024)
def close_state(name: str) -> SafeString:
    """The sign of how far a close is, or of what came of it."""
    state = CloseState(name)
    kind, drawing = CLOSE_STATES.get(state, ("idle", "clock"))
    return format_html('<span class="sign sign-{}">{}{}</span>', kind, icon(drawing), state.label.capitalize())


@register.inclusion_tag("parts/navigation_item.html", takes_context=True)
def navigation_item(context: dict[str, Any], name: str, label: str, sign: str) -> dict[str, Any]:
    """A line of the left navigation, by URL name; the page that is open is marked."""
    request = context.get("request")
    match = request.resolver_match if request else None
    here = match is not None and (match.view_name == name or match.view_name.startswith(f"{name}-"))
    return {"address": reverse(name), "label": label, "sign": sign, "here": here}


@register.simple_tag
def dash(reason: str = "") -> SafeString:
    """Where nothing is known: a dash, with the reason on hover and for screen readers."""
    if not reason:
        return DASH
    return format_html(
        '<span class="dash" title="{}">{}<span class="visually-hidden"> {}</span></span>', reason, NOT_KNOWN, reason
    )


@register.filter
def moment(value: datetime | None) -> SafeString:
    """`2026-11-21 19:05` in the viewer's zone, the exact time on hover."""
    if value is None:
        return DASH
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact(value), f"{local:%Y-%m-%d %H:%M}"
    )


@register.filter
def exact(value: datetime | None) -> str:
    """`2026-11-21 19:05:07 CET`, for hover and for reports."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S %Z}" if value else ""


@register.filter
def iso(value: datetime | None) -> str:
    return value.isoformat() if value else ""


@register.filter
def duration(value: timedelta | float | None) -> str | SafeString:
    """`11 d 45 min`; a plain number is seconds."""
    if value is None:
        return DASH
    return format_duration(value if isinstance(value, timedelta) else timedelta(seconds=value))


@register.filter
def interval(value: timedelta) -> str:
    """`90 s`, `5 min`: a configured duration, exactly."""
    return format_interval(value)


@register.filter
def number(value: float | None) -> str | SafeString:
    """`3,214`; a dash where it is not known."""
    return DASH if value is None else f"{value:,}"


@register.filter
def not_saved_as(total: int, name: str) -> str:
    """Why that many rows cannot be saved as `name`; empty where they can."""
    return too_many(name.lower(), total)


@register.filter
def terms(arithmetic: str) -> SafeString:
    """`30 = PL 10 + US 10`: its lines end between two terms, never between a license server and its figure."""
    result, _, summed = arithmetic.partition(" = ")
    parts = format_html_join(" + ", '<span class="term">{}</span>', ((part,) for part in summed.split(" + ")))
    return format_html("{} = {}", result, parts)


@register.simple_tag
def age(
    read_at: datetime | None, interval: timedelta | None = None, now: datetime | None = None, *, follows: bool = False
) -> SafeString:
    """`12 s ago`, counting on; with `interval` in the colour of its age, and with the word late or stale.

    One that `follows` moves on with each answer to its pane.
    """
    if read_at is None:
        return dash("never read")
    now = now or timezone.now()
    words = format_ago(now - read_at)
    read = mark_safe(" data-read") if follows else ""
    if interval is None:
        return format_html(
            '<time data-age{} datetime="{}" title="{}" data-quiet>{}</time>',
            read,
            read_at.isoformat(),
            exact(read_at),
            words,
        )
    kind = Age.of(read_at, interval, now)
    word = "" if kind is Age.FRESH else kind.value
    return SafeString(  # figures, our own words and the zone's name only
        f'<time class="age-{kind}" data-age="{kind}"{read} data-interval="{int(interval.total_seconds())}" '
        f'datetime="{read_at.isoformat()}" title="{escape(exact(read_at))}" data-quiet>'
        f'<span data-age-text>{words}</span> <span data-age-word class="small">{word}</span></time>'
    )


@register.simple_tag
def utilization(percent: float | None, why_not: str = "") -> SafeString:
    """A bar with its figure: green under 70 %, orange 70 to 89, red from 90, with a sign; or why there is none."""
    if percent is None:
        return dash(f"no utilization: {why_not}")
    colour, word = ("red", "very high") if percent >= 90 else ("orange", "high") if percent >= 70 else ("green", "")
    sign = icon("warning", word) if word else ""
    return SafeString(
        f'<span class="utilization utilization-{colour}">'
        '<svg class="bar-of" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{max(0, min(100, int(percent)))}" height="6"></rect></svg>'
        f'<span class="figure">{int(percent)} %</span>{sign}</span>'
    )
