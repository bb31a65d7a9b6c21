"""Features: Realtime: Usage by the time of the last update, asked for as Checkout Time is among sessions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from groups_app.models import LicenseServerGroup
from tests.factories import NOON, FeatureFactory, LicenseServerFactory
from tests.grid import plain
from tests.grid.conftest import Viewer, content

USAGE = "/features/realtime/usage"
BEFORE = {"last_update_before": "2026-03-16 11:30"}
AFTER = {"last_update_after": "2026-03-16 11:30"}


@pytest.fixture(autouse=True)
def fleet(db: None) -> Iterator[None]:
    """Two license servers with a feature each, one of them read an hour ago, and a group of both; it is noon."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name, ago in (("PL", 0), ("US", 1)):
        server = LicenseServerFactory.create(name=name, read_at=NOON - timedelta(hours=ago))
        FeatureFactory.create(server=server, name=f"of {name}")
        group.servers.add(server)
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize("scope", ["all", "group:XF"])
@pytest.mark.parametrize(("bound", "found"), [(AFTER, ["of PL"]), (BEFORE, ["of US"]), (AFTER | BEFORE, [])])
def test_features_are_found_by_their_last_update_on_the_page_and_in_files(
    viewer: Viewer, scope: str, bound: dict[str, str], found: list[str]
) -> None:
    asked = {"scope": scope, "columns": "feature", **bound}

    shown = viewer.page(USAGE, **asked)
    _, lines = plain.read_csv(content(viewer.file("csv", USAGE, **asked)))

    assert [row["name"] for row in shown.context["page"].rows] == [name for (name,) in lines] == found
    assert [row["feature"] for row in viewer.rows(USAGE, **asked)] == found


def test_the_filter_stands_under_its_column_in_the_address_and_among_the_chips(viewer: Viewer) -> None:
    answer = viewer.fragment(USAGE, **AFTER)
    text = answer.content.decode()

    assert 'aria-label="Last Update after"' in text
    assert 'aria-label="Last Update before"' in text
    assert "last_update_after=2026-03-16T11%3A30%3A00" in answer["HX-Push-Url"]
    assert [words for words, _ in answer.context["links"].chips] == ["Last Update after 2026-03-16 11:30"]


def test_what_is_no_time_says_so_at_its_field_and_is_no_file(viewer: Viewer) -> None:
    text = viewer.page(USAGE, last_update_after="noon").content.decode()

    assert 'id="error-last_update_after"' in text
    assert viewer.file("csv", USAGE, last_update_after="noon").status_code == 400
