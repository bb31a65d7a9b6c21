"""History: Usage has two grids, of features and of the figures of one: the ways between them lead to rows."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from tests.factories import FeatureFactory, LicenseServerFactory

pytestmark = pytest.mark.django_db

HISTORY_USAGE = "/features/history/usage/"
SCOPES = ("scope=server:PL", "scope=group:XF")
SOLVER = "feature=solver&version=1.0&type=floating"


@pytest.fixture(autouse=True)
def feature() -> Feature:
    server = LicenseServerFactory(name="PL", read_at=timezone.now())
    LicenseServerGroup.objects.create(name="XF").servers.add(server)
    feature: Feature = FeatureFactory(server=server, name="solver", since=timezone.now() - timedelta(hours=1))
    return feature


def chosen(viewer: Client, page: Any, what: str, label: str) -> Any:
    """The page that a line of one of the pick lists leads to."""
    lines = viewer.get(getattr(page.context["information"], f"{what}_address"))
    address = re.search(rf'<a href="([^"]*)"[^>]*><span>{label}</span>', lines.content.decode())
    assert address, f"there is no line {label}"
    return viewer.get(unescape(address[1]), follow=True)


def all_right(page: Any) -> bool:
    return not page.context["state"].errors and not page.context["state"].unknown and bool(page.context["page"].rows)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    "question",
    [
        "columns=feature,total",
        "sort=last_update",
        "sort=-total,feature",
        "feature_name=sol&servers=1&last_update_after=2020-01-01",
        "vendor=vend&page=1&per_page=50",
    ],
)
def test_a_feature_is_chosen_from_rows_that_were_arranged_and_filtered(
    viewer: Client, scope: str, question: str
) -> None:
    page = viewer.get(f"{HISTORY_USAGE}?{scope}&period=month&{question}", follow=True)

    found = chosen(viewer, page, "features", "solver")

    assert all_right(found)
    assert found.context["grid"].name == "intervals"
    assert found.context["state"].scope.period.name == "month"


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("what", "label"), [("features", "All features"), ("servers", "All license servers"), ("servers", "XF")]
)
@pytest.mark.parametrize(
    "question", ["columns=started,used", "sort=-used", "used_min=0&total=10&ended_after=2020-01-01"]
)
def test_from_the_figures_of_a_feature_there_is_a_way_back(
    viewer: Client, scope: str, what: str, label: str, question: str
) -> None:
    page = viewer.get(f"{HISTORY_USAGE}?{scope}&{SOLVER}&period=month&{question}", follow=True)
    assert all_right(page)

    found = chosen(viewer, page, what, label)

    assert all_right(found)
    assert found.context["grid"].name == "features"
    assert found.context["state"].scope.period.name == "month"


def test_columns_that_are_kept_of_each_grid_are_used_in_it(viewer: Client) -> None:
    for grid, columns in (("features", ["feature", "total"]), ("intervals", ["started", "used"])):
        viewer.post(f"/grids/{grid}/preferences/", {"column": columns, "keep": "1"})

    every = viewer.get(f"{HISTORY_USAGE}?scope=server:PL", follow=True)
    one = chosen(viewer, every, "features", "solver")
    back = chosen(viewer, one, "features", "All features")

    assert [page.context["state"].shows for page in (every, one, back)] == [
        {"feature", "total"},
        {"started", "used"},
        {"feature", "total"},
    ]


@pytest.mark.parametrize("scope", SCOPES)
def test_the_name_of_a_feature_leads_to_its_figures_however_the_rows_are_arranged(viewer: Client, scope: str) -> None:
    page = viewer.get(f"{HISTORY_USAGE}?{scope}&columns=feature,total&sort=last_update&feature_name=sol")
    address = re.search(r'href="(/features/history/usage/[^"]*feature=solver[^"]*)"', page.content.decode())

    assert address
    assert all_right(viewer.get(unescape(address[1])))


def test_the_way_out_of_an_unknown_feature_leads_to_features_at_once(viewer: Client) -> None:
    refused = viewer.get(
        f"{HISTORY_USAGE}?scope=server:PL&feature=nope&columns=used&sort=-used&used_min=1&period=month"
    )
    way_out = re.search(r'Nothing is shown.*?<a href="([^"]*)">', refused.content.decode(), re.S)

    assert way_out
    mended = viewer.get(unescape(way_out[1]))
    assert all_right(mended)
    assert mended.context["state"].scope.period.name == "month"
