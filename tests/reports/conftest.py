"""Who looks at the reports."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import UserFactory


@pytest.fixture
def login(db: None) -> User:
    made: User = UserFactory(username="vic")
    return made


@pytest.fixture
def viewer(client: Client, login: User) -> Client:
    """With all that a request knows of its login."""
    client.force_login(login, backend="groups_app.logins.LoginBackend")
    return client
