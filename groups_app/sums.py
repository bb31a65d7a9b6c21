"""A merged figure on a page: it leads to its arithmetic, which groups.js shows on hover and on focus."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from groups_app.members import Identity
from groups_app.scope import feature_address

NO_TAB = ' tabindex="-1"'


def with_arithmetic(figure: str, group: str, identity: Identity, *, tab: bool = True) -> str:
    """`figure`, text or safe HTML, as a link to how the figures of that feature of the group come about.

    A row has many figures that lead there: those without `tab` are passed over by the keyboard.
    """
    href = f'href="{_address(group, identity)}"'
    return SafeString(f'<a class="sum" data-sum{"" if tab else NO_TAB} {href}>{conditional_escape(figure)}</a>')


@lru_cache(maxsize=64)  # the figures of a row follow each other
def _address(group: str, identity: Identity) -> str:
    return escape(feature_address("merged-feature", f"group:{group}", identity))
