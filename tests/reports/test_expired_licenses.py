"""What Realtime: Usage says of licenses that have expired and are in use."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from tests.factories import NOON, FeatureFactory, LicenseServerFactory

pytestmark = pytest.mark.django_db

USAGE = "/features/realtime/usage"
YESTERDAY = NOON.date() - timedelta(days=1)


def test_expired_licenses_in_use_carry_a_warning(viewer: Client) -> None:
    FeatureFactory(used=1, expires=YESTERDAY)
    assert "1 in use of licenses that have expired" in viewer.get(f"{USAGE}/").content.decode()


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ({"US": 2, "DK": 3, "PL": 1}, {"5 in use of licenses that have expired"}),
        ({"US": 2, "DK": 3, "PL": None}, {"in use unknown", "at least 5 in use of licenses that have expired"}),
        ({"US": None, "DK": 3, "PL": 1}, {"in use unknown", "at least 3 in use of licenses that have expired"}),
        ({"US": None, "DK": None, "PL": 1}, {"in use unknown"}),
    ],
)
def test_expired_licenses_in_use_carry_a_warning_though_not_all_use_is_known(
    viewer: Client, used: dict[str, int | None], said: set[str]
) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    for name, figure in used.items():
        server = LicenseServerFactory(name=name, read_at=timezone.now())
        FeatureFactory(server=server, name="WXPF", used=figure, expires=None if name == "PL" else YESTERDAY)
        group.servers.add(server)
    [row] = json.loads(viewer.get(f"{USAGE}.json", {"scope": "group:XF"}).getvalue())["rows"]
    page = viewer.get(f"{USAGE}/", {"scope": "group:XF"}).content.decode()
    assert (row["used"] is None) == ("in use unknown" in said)
    assert set(re.findall(r'title="(in use unknown|[^"]*in use of licenses that have expired)', page)) == said
