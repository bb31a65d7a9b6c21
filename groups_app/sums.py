"""A merged figure on a page: it leads to its arithmetic, which groups.js shows on hover and on focus."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from groups_app.members import Identity


def with_arithmetic(figure: str, group: str, identity: Identity) -> str:
    """`figure`, text or safe HTML, as a link to how the figures of that feature of the group come about."""
    return format_html('<a class="sum" data-sum href="{}">{}</a>', arithmetic(group, identity), figure)


@lru_cache(maxsize=1024)
def arithmetic(group: str, identity: Identity) -> str:
    """The address; several figures of a row lead to it."""
    name, version, kind = identity
    query = urlencode({"scope": f"group:{group}", "feature": name, "version": version, "type": kind})
    return f"{reverse('merged-feature')}?{query}"
