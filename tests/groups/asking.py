"""Requests whose answers are compared, byte by byte, with what only differs from one answer to the next taken out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

ELSEWHERE = "192.0.2.7"  # metrics name all license servers to this very machine


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of the sweep."""

    address: str
    data: dict[str, Any] | None = None  # of a POST
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.address} {self.data} {self.headers}"

    def send(self, client: Client) -> tuple[int, str]:
        """Status and text of the answer; whatever it changed is taken back, in the browser too."""
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        with taken_back():
            if self.data is None:
                response = client.get(self.address, headers=self.headers)
            else:
                response = client.post(self.address, self.data, headers=self.headers)
            answer = f"{response.headers.get('Location', '')}\n{text_of(response)}"
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: session})
        return response.status_code, answer


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False, REMOTE_ADDR=ELSEWHERE)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def text_of(response: Any) -> str:
    """The answer as text, unpacked where it is an archive, without what differs from one answer to the next."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = b"\n".join(archive.read(name) for name in sorted(archive.namelist()))
    text = content.decode("utf-8", errors="backslashreplace")
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": "|X-CSRFToken&quot;: &quot;)\w+', r"\1", text)
    text = re.sub(r'(data-version=")[^"]*', r"\1", text)  # moves on with whatever is hidden
    return re.sub(r"/ID \[.*?\]", "", text)


def difference(one: tuple[int, str], other: tuple[int, str]) -> str:
    """The first lines that differ, short enough to read; empty where nothing does."""
    if one == other:
        return ""
    pairs = zip(f"{one[0]}\n{one[1]}".splitlines(), f"{other[0]}\n{other[1]}".splitlines(), strict=False)
    lines = next(((a, b) for a, b in pairs if a != b), ("shorter", "or longer"))
    return f"{lines[0].strip()[:400]}\n{lines[1].strip()[:400]}"
