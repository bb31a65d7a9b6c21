"""What is counted once for many pages, and when it is counted anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from groups_app.models import HiddenFeature
from groups_app.scope import Scope
from licstats.models import LicenseServer
from sessions_app.grid import fetching, reach
from sessions_app.grid.counts import Counts
from sessions_app.grid.pages import Reach
from sessions_app.polling.ingest import ingest
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid.conftest import Viewer
from tests.polling.readings import complete, feature, session


def counting(viewer: Viewer, **question: Any) -> list[str]:
    """The queries of a page that count."""
    with CaptureQueriesContext(connection) as queries:
        viewer.fragment(**question)
    return [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]


@pytest.mark.parametrize("aggregated", [{}, {"group_by": "user"}])
def test_while_nothing_changes_another_order_or_page_counts_nothing(viewer: Viewer, aggregated: dict[str, str]) -> None:
    for number in range(25):
        OpenSessionFactory.create(user=f"user{number}")

    assert len(counting(viewer, **aggregated)) == 1
    assert counting(viewer, page=2, **aggregated) == []
    assert counting(viewer, sort="-used", **aggregated) == []
    assert counting(viewer, sort="-used", user="user1", **aggregated) != []


@pytest.mark.parametrize("sort", ["-used", "user"])
def test_a_page_beyond_the_end_is_the_last_one_the_second_time_too(viewer: Viewer, sort: str) -> None:
    for number in range(25):
        OpenSessionFactory.create(user=f"user{number}", used=25 - number)

    for _ in range(2):
        page = viewer.page(group_by="user", sort=sort, page=9).context["page"]
        assert (page.number, page.first, page.last, page.total, len(page.rows)) == (2, 21, 25, 25, 5)


def test_the_next_reading_is_counted(viewer: Viewer) -> None:
    server = LicenseServerFactory.create(read_at=None, asked_at=None, status="", verdict="")
    ingest(server, complete(0, feature("solver", session("ada"))))
    assert viewer.page().context["page"].total == 1

    ingest(server, complete(1, feature("solver", session("ada"), session("bob"))))

    assert viewer.page().context["page"].total == 2
    assert viewer.page(group_by="user", sort="-used").context["page"].total == 2


def test_a_filter_by_time_is_counted_at_each_time(viewer: Viewer) -> None:
    OpenSessionFactory.create()

    assert len(counting(viewer, time_used_min="6h")) == len(counting(viewer, time_used_min="6h")) == 1


def test_what_a_login_hides_is_not_counted_from_then_on(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "FEW", 0)  # as with very many: they are looked up by the query itself
    shown, kept, gone = (OpenSessionFactory.create() for _ in range(3))
    HiddenFeature.objects.create(user=viewer.login, server=kept.server, name=kept.feature.name)
    assert viewer.page().context["page"].total == 2

    HiddenFeature.objects.create(user=viewer.login, server=gone.server, name=gone.feature.name)

    assert viewer.page().context["page"].total == 1
    assert [row["user"] for row in viewer.rows()] == [shown.user]


@pytest.mark.parametrize("filters", [{}, {"used_min": "2"}, {"user": "1"}, {"server": "b"}, {"user": "nobody"}])
@pytest.mark.parametrize("sort", ["server", "-server", "server,-user", "-server,used"])
def test_pages_that_are_sorted_by_license_server_are_cut_from_one_order(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch, sort: str, filters: dict[str, str]
) -> None:
    monkeypatch.setattr(fetching, "FEW", 0)  # so that a few rows are read as very many are
    for name, sessions in {"b": 31, "a": 3, "ab": 0, "bb": 1, "c": 40}.items():
        held = FeatureFactory.create(server__name=name)
        for number in range(sessions):
            OpenSessionFactory.create(feature=held, user=f"user{number * 7 % 13}", used=1 + number % 3)
    whole = [row["user"] for row in viewer.rows(sort=sort, **filters)]

    pages = [viewer.page(sort=sort, page=number, **filters).context["page"] for number in range(1, 5)]

    assert [row["user"] for page in pages[: pages[0].pages] for row in page.rows] == whole
    assert {page.total for page in pages} == {len(whole)}


def test_a_revision_less_there_does_not_hide_one_more_here(viewer: Viewer) -> None:
    one, other = LicenseServerFactory.create(), LicenseServerFactory.create()
    LicenseServer.objects.update(revision=5)
    viewer.login.restricted = False
    before = Reach.of(Scope(viewer.login), NOON).version

    LicenseServer.objects.filter(pk=one.pk).update(revision=F("revision") + 1)
    LicenseServer.objects.filter(pk=other.pk).update(revision=F("revision") - 1)

    assert Reach.of(Scope(viewer.login), NOON).version != before


def test_a_scope_without_a_version_is_always_counted(viewer: Viewer) -> None:
    viewer.login.restricted = False
    rows = LicenseServer.objects.all()
    assert Counts.at("", Scope(viewer.login)).of(rows) == 0
    LicenseServerFactory.create()
    assert Counts.at("", Scope(viewer.login)).of(rows) == 1
