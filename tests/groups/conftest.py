"""An administrator with the pages of the administration."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from groups_app.roles import AddLogin


@pytest.fixture
def administrator() -> User:
    AddLogin("root", "administrator").execute()
    return User.objects.get(username="root")


@pytest.fixture
def pages(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client
