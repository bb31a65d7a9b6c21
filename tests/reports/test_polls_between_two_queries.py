"""The page of a group's usage asks twice: which features are on it, and what they say. A poll may come between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from tests.factories import FeatureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    feature: Any = FeatureFactory(server__name="PL", server__read_at=timezone.now(), name="mesh1", used=1)
    FeatureFactory(server=feature.server, name="mesh2", used=2)
    group.servers.add(feature.server)


def after_merging(once: Callable[[], object]) -> AbstractContextManager[None]:
    """Does `once` as soon as the first query of merging is answered."""
    left = [once]

    def ask(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        answer = execute(sql, params, many, context)
        if '"groups_app_mergedfeature"' in sql and left:
            left.pop()()
        return answer

    return connection.execute_wrapper(ask)


def test_a_feature_that_a_poll_takes_out_of_a_group_leaves_no_gap_in_the_page(viewer: Client, group: None) -> None:
    with after_merging(Feature.objects.filter(name="mesh1").delete):
        page = viewer.get("/features/realtime/usage/", {"scope": "group:XF", "sort": "feature"}).context["page"]

    assert [row["name"] for row in page.rows] == ["mesh2"]
    assert page.total == 1


def test_a_page_of_which_a_poll_takes_every_feature_is_empty(viewer: Client, group: None) -> None:
    with after_merging(Feature.objects.all().delete):
        page = viewer.get("/features/realtime/usage/", {"scope": "group:XF", "sort": "feature"}).context["page"]

    assert (list(page.rows), page.total) == ([], 0)
