"""The form of a preview, read and sent as a browser does: all its fields, hidden ones too."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client


class _Form(HTMLParser):
    """Of the form of a preview: where it goes, and what it sends as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside = False
        self.action = ""
        self.fields: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = "close-preview" in given.get("class", "").split()
            self.action = given["action"] if self.inside else self.action
        elif tag == "input" and self.inside and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


def confirm(web: Client, preview: Any, **typed: str) -> Any:
    """The answer to the form of the page `preview`, with `typed` in its fields or ticked."""
    form = _Form(preview.content.decode())
    return web.post(form.action, form.fields | typed)
