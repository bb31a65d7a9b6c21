"""Three logins: one who administers, one who looks, and nobody."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import UserFactory

BACKEND = "groups_app.logins.LoginBackend"


@pytest.fixture
def administrator(db: None) -> User:
    return UserFactory(username="ada", is_staff=True, is_superuser=True)


@pytest.fixture
def viewer(db: None) -> User:
    return UserFactory(username="vic")


@pytest.fixture
def admin_page(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator, backend=BACKEND)
    return client


@pytest.fixture
def viewer_page(viewer: User) -> Client:
    client = Client()
    client.force_login(viewer, backend=BACKEND)
    return client


@pytest.fixture
def nobody(db: None) -> Client:
    return Client()
