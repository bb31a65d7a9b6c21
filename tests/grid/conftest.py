"""A login that looks, and how pages and files are asked for."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

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
