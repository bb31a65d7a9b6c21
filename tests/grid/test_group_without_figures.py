"""A feature of a group that has no figures, or not of all its members: the reason stands where it is looked at."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory
from tests.grid.conftest import SESSIONS, Viewer, content

pytestmark = pytest.mark.usefixtures("noon")
USAGE = "/features/realtime/usage"
DAY = timedelta(days=1)
CHOSEN = {"scope": "group:XF", "feature": "WXPF", "version": "1.0", "type": "floating"}
PAGES = pytest.mark.parametrize("path", [SESSIONS, USAGE])


@pytest.fixture
def group(viewer: Viewer) -> LicenseServerGroup:
    """DK, PL and US; WXPF is on DK and US, another feature on PL."""
    viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
    group = LicenseServerGroup.objects.create(name="XF")
    for name, feature in (("DK", "WXPF"), ("PL", "other"), ("US", "WXPF")):
        group.servers.add(FeatureFactory.create(server__name=name, name=feature).server)
    return group


def change(name: str, **fields: Any) -> None:
    LicenseServer.objects.filter(name=name).update(**fields)


def said(viewer: Viewer, path: str) -> tuple[str, str]:
    """The notice, and the reason of the empty grid."""
    text = unescape(viewer.page(path, **CHOSEN).content.decode())
    notice = text.partition('<div id="no-data" hx-ext="live">')[2].partition("</div>")[0]
    empty = text.partition('<div class="empty">')[2].partition('<p class="lead">')[2].partition("</p>")[0].strip()
    return notice.partition("<p>")[2].partition(" <a")[0], empty


@PAGES
def test_a_member_that_was_never_read_is_named_as_the_cause(
    viewer: Viewer, group: LicenseServerGroup, path: str
) -> None:
    change("DK", read_at=None)

    reason = "DK never had a realtime reading of it, so there is no sum."
    assert said(viewer, path) == (f"No realtime data. {reason}", reason)


@PAGES
def test_members_that_are_left_out_are_named_each_with_its_own_day(
    viewer: Viewer, group: LicenseServerGroup, path: str
) -> None:
    change("DK", read_at=NOON - 3 * DAY)
    Feature.objects.filter(server__name="US").update(last_listed_at=NOON - 2 * DAY)

    reason = "DK left out: last reading 3 days ago. US left out: no longer reported since 2026-03-14 12:00."
    assert said(viewer, path) == (f"No realtime data. {reason}", reason)


@PAGES
def test_a_member_that_counts_though_it_no_longer_reports_the_feature_is_named(
    viewer: Viewer, group: LicenseServerGroup, path: str
) -> None:
    assert said(viewer, path)[0] == ""
    Feature.objects.filter(server__name="DK").update(last_listed_at=NOON - DAY / 2)

    counts = "No longer reported by DK since 2026-03-16 00:00; its last reading counts for 24 h."
    assert said(viewer, path)[0] == counts
    assert viewer.page(path, **CHOSEN).context["information"].facts.total == 20


@pytest.mark.parametrize("path", [SESSIONS, USAGE, "/features/history/usage"])
def test_the_way_to_the_explanation_is_there_with_figures_and_without_those_of_now(
    viewer: Viewer, group: LicenseServerGroup, path: str
) -> None:
    def link() -> str:
        return viewer.page(path, **CHOSEN).content.decode().partition('<a class="small" href="')[2].partition("</a>")[0]

    query = "scope=group%3AXF&amp;feature=WXPF&amp;version=1.0&amp;type=floating"
    assert link() == f'/groups/feature/?{query}">How these figures come about'
    change("DK", read_at=None)
    assert link() == f'/groups/feature/?{query}">Why there are no figures now'
    assert "<h1>WXPF 1.0 Floating</h1>" in viewer.page("/groups/feature", **CHOSEN).content.decode()


def test_of_many_members_the_first_are_named(viewer: Viewer, group: LicenseServerGroup) -> None:
    for number in range(7):
        server = LicenseServerFactory.create(name=f"S{number}", read_at=None)
        group.servers.add(FeatureFactory.create(server=server, name="WXPF").server)

    notice = said(viewer, USAGE)[0]
    assert notice.endswith("S4 never had a realtime reading of it, so there is no sum. So it is with 2 more.")

    LicenseServer.objects.update(read_at=NOON)
    Feature.objects.filter(name="WXPF", server__name__startswith="S").update(last_listed_at=NOON - DAY / 2)
    assert said(viewer, USAGE)[0].endswith("its last reading counts for 24 h. So it is with 2 more.")


def test_a_row_has_a_sign_that_members_are_left_out_of_it_and_its_exports_have_none(
    viewer: Viewer, group: LicenseServerGroup
) -> None:
    assert "left out" not in viewer.page(USAGE, scope="group:XF").content.decode()
    change("DK", read_at=NOON - 3 * DAY)

    page = viewer.page(USAGE, scope="group:XF", columns="feature,vendor").content.decode()
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    signs = {
        name: re.findall(r"tag-left-out[^>]*>([^<]*)<", beside)
        for name, beside in re.findall(r">(\w+)</a>(.*?)</td>", table)
    }

    assert signs == {"WXPF": ["1 left out"], "other": []}
    assert {row["feature"] for row in viewer.rows(USAGE, scope="group:XF")} == {"WXPF", "other"}
    assert "left out" not in content(viewer.file("csv", USAGE, scope="group:XF")).decode()
