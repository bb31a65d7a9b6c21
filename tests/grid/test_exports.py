"""Save As of every kind, where rows, columns or the order are not the usual ones."""

from __future__ import annotations

import pytest
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import LicenseServer
from tests.factories import FeatureFactory, LicenseServerFactory
from tests.grid import plain
from tests.grid.conftest import SESSIONS, Viewer, content

USAGE = "/features/realtime/usage"
HISTORY_USAGE = "/features/history/usage"
HISTORY_SESSIONS = "/features/history/sessions"


@pytest.fixture
def server(db: None) -> LicenseServer:
    server: LicenseServer = LicenseServerFactory.create(name="PL", read_at=timezone.now())
    return server


@pytest.fixture
def group(server: LicenseServer) -> LicenseServerGroup:
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(server)
    return group


@pytest.mark.parametrize("path", [USAGE, HISTORY_USAGE])
@pytest.mark.parametrize("columns", ["feature", "server,feature,total"])
@pytest.mark.parametrize("sort", ["server", "-server", "server,-feature"])
def test_a_group_sorted_by_license_server_is_saved_in_the_order_of_the_page(
    viewer: Viewer, server: LicenseServer, group: LicenseServerGroup, path: str, columns: str, sort: str
) -> None:
    for name in ("solver", "mesher", "viewer"):
        FeatureFactory.create(server=server, name=name)
    asked = {"scope": "group:XF", "columns": columns, "sort": sort}

    shown = [row["name"] for row in viewer.page(path, **asked).context["page"].rows]
    header, lines = plain.read_csv(content(viewer.file("csv", path, **asked)))

    assert [line[header.index("feature")] for line in lines] == shown
    assert [row["feature"] for row in viewer.rows(path, **asked)] == shown
    assert content(viewer.file("xlsx", path, **asked))
    assert content(viewer.file("pdf", path, **asked)).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("path", "question"),
    [
        (SESSIONS, {}),
        (SESSIONS, {"group_by": "user"}),
        (USAGE, {}),
        (HISTORY_USAGE, {}),
        (HISTORY_USAGE, {"servers_min": "99999999999"}),
        (HISTORY_SESSIONS, {}),
    ],
)
def test_a_file_of_no_rows_has_its_header_alone(
    viewer: Viewer, server: LicenseServer, path: str, question: dict[str, str]
) -> None:
    """Some questions have no answer so surely that the database is not asked."""
    empty = LicenseServerGroup.objects.create(name="XF")
    if question.get("servers_min"):
        empty.servers.add(FeatureFactory.create(server=server).server)
    asked = {"scope": "group:XF", **question}

    header, lines = plain.read_csv(content(viewer.file("csv", path, **asked)))

    assert "feature" in header
    assert lines == []
    assert viewer.rows(path, **asked) == []
    assert content(viewer.file("xlsx", path, **asked))
    assert content(viewer.file("pdf", path, **asked)).startswith(b"%PDF")
