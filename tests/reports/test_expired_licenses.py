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


@pytest.mark.parametrize(
    ("ended", "available", "how", "percent"),
    [
        (
            {"US"},
            7,
            "7 = 10 total - 2 used - 1 reserved. In use of licenses that have expired: 15 more",
            20,
        ),
        (set(), 12, "12 = 30 total - 17 used - 1 reserved", 56),
        ({"US", "PL"}, 12, "12 = 30 total - 17 used - 1 reserved", 56),
    ],
)
def test_what_is_in_use_of_expired_licenses_takes_none_of_the_others(
    viewer: Client, ended: set[str], available: int, how: str, percent: int
) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    now = timezone.now()
    for name, total, used in (("PL", 10, 2), ("US", 20, 15)):
        feature = FeatureFactory(
            server__name=name, server__read_at=now, name="WXPF", total=total, used=used,
            reserved=int(name == "PL"), expires=YESTERDAY if name in ended else None,
        )  # fmt: skip
        group.servers.add(feature.server)
    scope = {"scope": "group:XF", "feature": "WXPF", "version": "1.0", "type": "floating"}

    page = viewer.get(f"{USAGE}/", scope)
    [row] = json.loads(viewer.get(f"{USAGE}.json", scope).getvalue())["rows"]
    facts = page.context["information"].facts

    assert (row["used"], row["available"], int(row["utilization"])) == (17, available, percent)
    assert (facts.used, facts.available, facts.percent) == (17, available, percent)
    assert f'title="{how}"' in page.content.decode()
