"""Where the figures of the reports of features lead to."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from sessions_app.grid.features import FEATURES
from sessions_app.grid.grids import Grid
from sessions_app.grid.usage import USAGE
from tests.factories import FeatureFactory
from tests.grid.plain import CELL, ROW

pytestmark = pytest.mark.django_db
SUMMED = {"used", "borrowed", "reserved", "queued", "total", "available", "utilization"}
REALTIME = (USAGE, "/features/realtime/usage/", SUMMED)
HISTORY = (FEATURES, "/features/history/usage/", {"total"})
SUM = re.compile(r'<a [^>]*data-sum[^>]* href="([^"]*)"')


def ways(viewer: Client, grid: Grid, path: str, scope: str) -> dict[str, str]:
    """Where the cells of the only row lead to an arithmetic, by their columns, of which all are shown."""
    answer = viewer.get(path, {"scope": scope, "columns": ",".join(grid.columns)}, follow=True)
    [(_key, row)] = ROW.findall(answer.content.decode())
    cells = zip(answer.context["state"].columns, CELL.findall(row)[1:], strict=True)
    return {column.name: unescape(found[1]) for column, cell in cells if (found := SUM.search(cell))}


@pytest.fixture(params=[{}, {"total": None}, {"used": None}], ids=["known", "unlimited", "use unknown"])
def group(request: pytest.FixtureRequest) -> None:
    """Two license servers with one feature, of which something may not be known."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name in ("PL", "US"):
        feature: Any = FeatureFactory(
            server__name=name, server__read_at=timezone.now(), name="WXPF", **{"used": 3, "reserved": 1} | request.param
        )
        group.servers.add(feature.server)


@pytest.mark.parametrize(("grid", "path", "figures"), [REALTIME, HISTORY])
def test_every_figure_of_a_merged_feature_leads_to_its_arithmetic(
    viewer: Client, group: None, grid: Grid, path: str, figures: set[str]
) -> None:
    found = ways(viewer, grid, path, "group:XF")

    assert found.keys() == figures
    [address] = set(found.values())
    assert address.startswith("/groups/feature/?")
    page = viewer.get(address)
    assert page.status_code == 200
    assert "WXPF" in page.content.decode()


@pytest.mark.parametrize(("grid", "path"), [REALTIME[:2], HISTORY[:2]])
def test_no_figure_of_one_license_server_leads_to_an_arithmetic(
    viewer: Client, group: None, grid: Grid, path: str
) -> None:
    assert ways(viewer, grid, path, "server:PL") == {}
