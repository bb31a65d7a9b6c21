"""Names that were stored before they were checked, and end in a space: they are found as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groups_app.models import LicenseServerGroup, UserGroup
from tests.factories import FeatureFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS, USERS, Viewer, content

REPORTS = [SESSIONS, "/features/realtime/usage", "/features/history/sessions", "/features/history/usage"]


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    feature = FeatureFactory(server__name="r1-sp ", name="solver", server__read_at=timezone.now())
    OpenSessionFactory(feature=feature, user="ann", first_seen_at=timezone.now() - timedelta(hours=1))
    OpenSessionFactory(user="eve", first_seen_at=timezone.now() - timedelta(hours=1))
    LicenseServerGroup.objects.create(name="r1-sp ").servers.add(feature.server)
    UserGroup.objects.create(name="r1-sp ", members="ann")


@pytest.mark.parametrize("scope", ["server:r1-sp ", "group:r1-sp "])
@pytest.mark.parametrize("path", REPORTS)
def test_every_report_finds_a_license_server_or_group_by_it(viewer: Viewer, path: str, scope: str) -> None:
    page = viewer.page(path, scope=scope)

    assert (page.status_code, page.context["page"].total) == (200, 1)
    assert page.context["live"]
    assert len(viewer.rows(path, scope=scope)) == 1
    assert viewer.page(path, scope=scope, feature="solver", version="1.0", type="floating").status_code == 200


@pytest.mark.parametrize("path", REPORTS)
def test_a_name_with_a_space_too_many_is_not_known(viewer: Viewer, path: str) -> None:
    page = viewer.page(path, scope="group:r1-sp  ")

    assert page.status_code == 200
    assert "There is no license server group &#x27;r1-sp  &#x27;." in content(page).decode()


@pytest.mark.parametrize(("path", "chosen"), [(USERS, {"scope": "group:r1-sp "}), (SESSIONS, {"user_group": "r1-sp "})])
def test_a_user_group_is_found_by_it(viewer: Viewer, path: str, chosen: dict[str, str]) -> None:
    assert [row["user"] for row in viewer.rows(path, **chosen)] == ["ann"]
    assert viewer.page(path, **chosen).status_code == 200
