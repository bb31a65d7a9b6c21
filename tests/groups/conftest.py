"""An administrator with the pages of the administration, and a license server group."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from groups_app.models import LicenseServerGroup
from groups_app.roles import AddLogin
from tests.factories import FeatureFactory


@pytest.fixture
def administrator() -> User:
    AddLogin("root", "administrator").execute()
    return User.objects.get(username="root")


@pytest.fixture
def pages(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def group() -> LicenseServerGroup:
    """The group XF of PL, US and DK, which have 10 of WXPF and one of another feature each."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name in ("PL", "US", "DK"):
        server = FeatureFactory(server__name=name, name="WXPF").server
        FeatureFactory(server=server, name=f"other {name}")
        group.servers.add(server)
    return group
