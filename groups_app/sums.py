"""A merged figure on a page: it leads to its arithmetic, which groups.js shows on hover and on focus."""

from __future__ import annotations

from django.utils.html import format_html

from groups_app.members import Identity
from groups_app.scope import feature_address


def with_arithmetic(figure: str, group: str, identity: Identity) -> str:
    """`figure`, text or safe HTML, as a link to how the figures of that feature of the group come about."""
    address = feature_address("merged-feature", f"group:{group}", identity)
    return format_html('<a class="sum" data-sum href="{}">{}</a>', address, figure)
