"""What stands around every grid, by plain strings: templates took a fifth of a page's time for a few dozen links."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString

from sessions_app.templatetags.licstats import icon

register = template.Library()

SHOWN = ' aria-current="true"'


@register.simple_tag
def choices(path: str, entries: Iterable[tuple[object, str, bool]]) -> SafeString:
    """Links to the same page for (label, query string, whether it is what is shown)."""
    return SafeString(
        " ".join(
            f'<a href="{escape(path + query)}"{SHOWN if shown else ""}>{escape(str(label))}</a>'
            for label, query, shown in entries
        )
    )


@register.simple_tag
def boxes(name: str, entries: Iterable[tuple[str, str, bool]]) -> SafeString:
    """Boxes of one field for (value, label, whether it is checked)."""
    return SafeString(
        "".join(
            f'<label><input type="checkbox" class="form-check-input" name="{name}" value="{escape(value)}"'
            f"{' checked' if checked else ''}>{escape(label)}</label>"
            for value, label, checked in entries
        )
    )


@register.simple_tag
def turn(path: str, query: str | None, sign: str, label: str) -> SafeString:
    """To another page. Where there is none (`query` None) it cannot be pressed; it stays, and so keeps the focus."""
    leads = 'role="link" aria-disabled="true" tabindex="-1"' if query is None else f'href="{escape(path + query)}"'
    return SafeString(f'<a class="btn-icon" aria-label="{label}" {leads}>{icon(sign)}</a>')
