"""Features: History: Usage of a license server group: merged, with what no longer has realtime figures."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from groups_app.hiding import SetVisibility
from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from tests.factories import FeatureFactory, LicenseServerFactory
from tests.reports.test_usage_and_history_pages import HISTORY_USAGE, USAGE, rows

pytestmark = pytest.mark.django_db
NAMES = ("DK", "PL", "US")
DAY = timedelta(hours=24)


@pytest.fixture
def group() -> LicenseServerGroup:
    """Three license servers with three features each."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name in NAMES:
        server = LicenseServerFactory(name=name, read_at=timezone.now() - timedelta(minutes=1))
        group.servers.add(server)
        for feature, total in (("WXPF", 10), ("WXPN", 20), ("WXPS", 30)):
            FeatureFactory(server=server, name=feature, version="5.1", total=total)
    return group


def shown(viewer: Client, **query: str) -> list[tuple[Any, ...]]:
    found = rows(viewer, HISTORY_USAGE, scope="group:XF", **query)
    return [(row["server"], row["feature"], row["servers"], row["total"]) for row in found]


def test_a_feature_of_three_license_servers_is_one_row_of_the_group(viewer, group) -> None:
    assert shown(viewer) == [("XF", "WXPF", 3, 30), ("XF", "WXPN", 3, 60), ("XF", "WXPS", 3, 90)]


def test_each_row_leads_to_the_history_of_the_group_and_not_to_one_license_server(viewer, group) -> None:
    ann = viewer.get(f"{HISTORY_USAGE}/").context["user"]
    SetVisibility(ann, [LicenseServer.objects.get(name="US")]).execute()

    page = viewer.get(f"{HISTORY_USAGE}/?scope=group:XF").content.decode()

    link = f"{HISTORY_USAGE}/?scope=group%3AXF&feature=WXPF&version=5.1&type=floating"
    assert link.replace("&", "&amp;") in page
    assert "scope=server%3A" not in page
    chosen = viewer.get(link).context["state"].scope
    assert [feature.server.name for feature in chosen.features().order_by("server__name")] == list(NAMES)


def test_a_feature_that_all_members_left_stays_for_its_history(viewer, group) -> None:
    left = timezone.now() - 90 * DAY
    Feature.objects.filter(name="WXPN").update(last_listed_at=left)
    Feature.objects.filter(name="WXPN", server__name="US").update(last_listed_at=left - DAY)

    assert ("XF", "WXPN", 3, None) in shown(viewer)
    (row,) = rows(viewer, HISTORY_USAGE, scope="group:XF", feature_name="WXPN")
    assert row["last_update"] == left.isoformat(timespec="seconds")
    assert [row["feature"] for row in rows(viewer, USAGE, scope="group:XF", sort="feature")] == ["WXPF", "WXPS"]


def test_the_figures_are_those_of_the_realtime_row_where_there_is_one(viewer, group) -> None:
    LicenseServer.objects.filter(name="DK").update(read_at=timezone.now() - 3 * DAY)
    LicenseServer.objects.filter(name="PL").update(read_at=timezone.now() - timedelta(hours=2))

    past = {row["feature"]: row for row in rows(viewer, HISTORY_USAGE, scope="group:XF")}

    for row in rows(viewer, USAGE, scope="group:XF"):
        assert past[row["feature"]]["servers"] == 3
        for figure in ("server", "vendor", "version", "type", "total", "last_update"):
            assert past[row["feature"]][figure] == row[figure], figure


def test_what_was_never_read_has_a_row_without_a_sum(viewer, group) -> None:
    LicenseServer.objects.filter(name="DK").update(read_at=None)

    assert shown(viewer, feature_name="WXPF") == [("XF", "WXPF", 3, None)]


def test_a_member_of_unknown_type_joins_the_row_and_counts_as_a_license_server(viewer, group) -> None:
    Feature.objects.filter(server__name="DK").update(type="", version="", version_listed=False)

    assert shown(viewer) == [("XF", "WXPF", 3, 30), ("XF", "WXPN", 3, 60), ("XF", "WXPS", 3, 90)]


def test_a_license_server_that_prints_a_feature_twice_is_one(viewer, group) -> None:
    FeatureFactory(server=LicenseServer.objects.get(name="DK"), name="WXPF", version="5.1", total=5, place=1)

    assert shown(viewer, feature_name="WXPF") == [("XF", "WXPF", 3, 35)]


def test_every_column_sorts_both_ways_and_pages_do_not_overlap(viewer, group) -> None:
    server = LicenseServer.objects.get(name="PL")
    for number in range(40):
        FeatureFactory(server=server, name=f"f{number:02}", total=None if number % 3 else number)
    columns = viewer.get(f"{HISTORY_USAGE}/?scope=group:XF").context["grid"].columns
    assert set(columns) == {"server", "vendor", "feature", "version", "type", "servers", "total", "last_update"}
    for key in (key for name in columns for key in (name, f"-{name}")):
        pages = [
            viewer.get(f"{HISTORY_USAGE}/?scope=group:XF&sort={key}&page={page}").context["page"] for page in (1, 2, 3)
        ]
        assert [page.total for page in pages] == [43, 43, 43], key
        found = [row for page in pages for row in page.rows]
        assert len({row["name"] for row in found}) == 43, key
        path = columns[key.removeprefix("-")].path
        known = [row[path] for row in found if row[path] is not None]
        assert known == sorted(known, reverse=key.startswith("-")), key
        assert all(row[path] is None for row in found[len(known) :]), key


def test_what_is_sorted_by_does_not_depend_on_the_columns_beside_it(viewer, group) -> None:
    grid = viewer.get(f"{HISTORY_USAGE}/?scope=group:XF").context["grid"]
    for shown in permutations(("vendor", "feature", "total", "last_update"), 3):
        address = f"{HISTORY_USAGE}/?scope=group:XF&sort=server,-feature&columns={','.join(shown)}"
        assert [row["name"] for row in viewer.get(address).context["page"].rows] == ["WXPS", "WXPN", "WXPF"], shown
    assert "pk" not in {*grid.row_fields, *(path for column in grid.columns.values() for path in column.needs)}


@pytest.mark.parametrize("report", [USAGE, HISTORY_USAGE])
def test_a_feature_that_is_printed_twice_has_two_rows_that_can_be_told_apart(viewer, group, report) -> None:
    FeatureFactory(server=LicenseServer.objects.get(name="DK"), name="WXPF", version="5.1", total=5, place=1)

    page = viewer.get(f"{report}/?scope=server:DK&feature_name=WXPF").content.decode()

    assert len(set(re.findall(r'data-key="(row-[^"]*)"', page))) == 2


@pytest.mark.parametrize("scope", ["scope=all", "scope=server:PL", "scope=group:XF"])
@pytest.mark.parametrize("key", ["servers", "-servers", "last_update", "-server"])
def test_what_is_shown_in_groups_only_can_be_sorted_by_everywhere(viewer, group, scope, key) -> None:
    answer = viewer.get(f"{HISTORY_USAGE}/?{scope}&sort={key}")

    assert answer.status_code == 200
    assert answer.context["page"].rows
    assert ("servers" in answer.context["state"].shows) is (scope == "scope=group:XF")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("server=XF", 4),
        ("server=PL", 0),
        ("vendor=acme", 1),
        ("feature_name=pf", 1),
        ("feature_version=6", 1),
        ("feature_type=token", 1),
        ("servers_min=2", 3),
        ("servers=1", 1),
        ("servers_max=0", 0),
        ("total_min=11", 3),
        ("total=10", 1),
        ("last_update_after=2026-01-01", 4),
        ("last_update_before=2026-01-01", 0),
    ],
)
def test_every_filter_filters_the_page_and_the_exports_alike(viewer, group, question, found) -> None:
    other = {"vendor": "acme", "version": "6.0", "type": "token"}
    FeatureFactory(server=LicenseServer.objects.get(name="PL"), name="other", **other)

    answer = viewer.get(f"{HISTORY_USAGE}/?scope=group:XF&{question}", follow=True)
    text = b"".join(viewer.get(f"{HISTORY_USAGE}.csv?scope=group:XF&{question}").streaming_content).decode()

    assert answer.context["state"].errors == {}
    assert answer.context["page"].total == len(answer.context["page"].rows) == found
    assert len(list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))) == found


def test_beyond_the_last_page_stands_the_last_one(viewer, group) -> None:
    page = viewer.get(f"{HISTORY_USAGE}/?scope=group:XF&page=9", follow=True).context["page"]

    assert (page.number, page.total, len(page.rows)) == (1, 3, 3)


@pytest.mark.parametrize("extension", ["xlsx", "pdf"])
def test_it_is_written_as_a_file(viewer, group, extension) -> None:
    assert viewer.get(f"{HISTORY_USAGE}.{extension}?scope=group:XF").status_code == 200


def test_the_page_of_a_group_leads_to_its_four_reports(viewer, group) -> None:
    page = viewer.get(f"/groups/{group.pk}/").content.decode()

    for address in (USAGE, "/features/realtime/sessions", HISTORY_USAGE, "/features/history/sessions"):
        assert f'href="{address}/?scope=group:XF"' in page
        assert viewer.get(f"{address}/?scope=group:XF").status_code == 200
