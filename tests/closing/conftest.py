"""A FlexNet license server behind a stand-in tool, and a login that may close its sessions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from licstats.models import LicenseServer
from sessions_app.closing import ask, sweep
from tests.closing.farm import Farm
from tests.closing.making import closer
from tests.factories import LicenseServerFactory


@pytest.fixture
def farm(tmp_path: Path, settings: Any) -> Farm:
    farm = Farm(tmp_path / "farm")
    settings.LICSTATS_TOOLS = settings.LICSTATS_TOOLS | {"lmutil": str(farm.tool)}
    settings.LICSTATS_CLOSE_PROOF = 1
    return farm


@pytest.fixture
def server(farm: Farm, db: None) -> LicenseServer:
    server: LicenseServer = LicenseServerFactory(name="PL", address="27000@lic", timeout=timedelta(seconds=10))
    return server


@pytest.fixture
def login(db: None) -> User:
    return closer(username="nadia")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the license servers that a worker was told of."""
    names: list[str] = []
    for module in (ask, sweep):
        monkeypatch.setattr(module, "send", lambda server: names.append(server.name))
    return names
