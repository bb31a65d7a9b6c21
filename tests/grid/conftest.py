"""A login that looks, how pages and files are asked for, and what a PDF gets written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from fpdf import FPDF

from tests.factories import UserFactory

SESSIONS = "/features/realtime/sessions"
USERS = "/users/realtime/sessions"


class Viewer:
    """A signed-in browser without scripts, or with htmx where `fragment` asks for it."""

    def __init__(self) -> None:
        self.login = UserFactory.create(username="vic")
        self.client = Client()
        self.client.force_login(self.login, backend="groups_app.logins.LoginBackend")

    def page(self, path: str = SESSIONS, **params: Any) -> Any:
        return self.client.get(f"{path}/?{urlencode(params, doseq=True)}", follow=True)

    def fragment(
        self, path: str = SESSIONS, headers: dict[str, str] | None = None, *, follow: bool = False, **params: Any
    ) -> Any:
        sent = {"HX-Request": "true"} | (headers or {})
        return self.client.get(f"{path}/?{urlencode(params, doseq=True)}", headers=sent, follow=follow)

    def file(self, extension: str, path: str = SESSIONS, **params: Any) -> Any:
        return self.client.get(f"{path}.{extension}?{urlencode(params, doseq=True)}")

    def rows(self, path: str = SESSIONS, **params: Any) -> list[dict[str, Any]]:
        """The rows of the JSON export."""
        answer = json.loads(content(self.file("json", path, **params)))
        assert answer["total"] == len(answer["rows"])
        return list(answer["rows"])


def content(response: Any) -> bytes:
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code == 200, body.decode()
    return body


@pytest.fixture
def viewer(db: None) -> Viewer:
    return Viewer()


@dataclass(frozen=True)
class Written:
    """A text on a page, by where it begins and ends, and the line that it stands on."""

    page: int
    y: float
    x: float
    end: float
    text: str
    size: float


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Written]:
    """What a PDF gets written, in its order."""
    found: list[Written] = []
    write = FPDF.text

    def text(self: FPDF, x: float, y: float, text: str = "") -> None:
        found.append(Written(self.page_no(), y, x, x + self.get_string_width(text), text, self.font_size_pt))
        write(self, x, y, text)

    monkeypatch.setattr(FPDF, "text", text)
    return found
