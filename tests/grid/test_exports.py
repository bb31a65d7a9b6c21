"""Save As of every kind, where rows, columns or the order are not the usual ones."""

from __future__ import annotations

import csv
import io

import pytest
import time_machine
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import LicenseServer
from sessions_app.grid.sessions import SESSIONS as SESSIONS_GRID
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
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


@pytest.mark.parametrize(
    ("path", "question"),
    [
        (SESSIONS, {"columns": "action"}),
        (SESSIONS, {"columns": "server,vendor", "scope": "server:PL"}),
        (SESSIONS, {"columns": "checkout_time", "group_by": "user"}),
        (USAGE, {"columns": "server,vendor", "scope": "server:PL"}),
        (HISTORY_USAGE, {"columns": "servers"}),
    ],
)
def test_where_these_rows_have_none_of_the_chosen_columns_they_have_the_usual_ones(
    viewer: Viewer, server: LicenseServer, path: str, question: dict[str, str]
) -> None:
    OpenSessionFactory.create(feature=FeatureFactory.create(server=server, name="solver"), user="ann")
    usual = {name: text for name, text in question.items() if name != "columns"}

    with time_machine.travel(timezone.now(), tick=False):  # so that Time Used is the same each time
        page = viewer.page(path, **question)
        header, lines = plain.read_csv(content(viewer.file("csv", path, **question)))

        assert page.context["state"].errors == {}
        assert page.context["state"].columns == viewer.page(path, **usual).context["state"].columns
        assert (header, lines) == plain.read_csv(content(viewer.file("csv", path, **usual)))
        assert {"feature", "version", "type"} <= set(header)
        assert viewer.rows(path, **question) == viewer.rows(path, **usual)
        assert content(viewer.file("xlsx", path, **question))
        assert content(viewer.file("pdf", path, **question)).startswith(b"%PDF")


def test_columns_that_were_kept_for_all_license_servers_do_not_empty_the_rows_of_one(
    viewer: Viewer, server: LicenseServer
) -> None:
    OpenSessionFactory.create(feature=FeatureFactory.create(server=server), user="ann")
    viewer.client.post("/grids/sessions/preferences/", {"column": ["server", "vendor"], "keep": "1"})

    every, one = viewer.page(), viewer.page(scope="server:PL")

    assert every.context["state"].shows == {"server", "vendor", "action"}
    assert {"user", "host", "action"} <= one.context["state"].shows


def test_nothing_is_written_where_no_column_is_asked_for(viewer: Viewer) -> None:
    """What is not chosen, such as ids and hashes, may not slip into a file."""
    OpenSessionFactory.create(user="ann")
    source = SESSIONS_GRID.source(viewer.page().context["state"])

    assert source.written([]) is None
    assert list(source.every([])) == []


@pytest.mark.parametrize("way", ["user", "host", "user,host", "feature", "server", "feature,user"])
def test_hosts_and_addresses_of_added_up_rows_are_lists_whatever_they_are_added_up_by(viewer: Viewer, way: str) -> None:
    """Who reads the JSON would have to look at each row's kind otherwise."""
    OpenSessionFactory.create(host="ws1", ip="10.0.0.1")

    (row,) = viewer.rows(group_by=way, columns="host,ip,used")

    assert (row["host"], row["ip"]) == (["ws1"], ["10.0.0.1"])
    assert content(viewer.file("csv", group_by=way, columns="host,ip")).decode() == "host,ip\nws1,10.0.0.1\n"


@pytest.mark.parametrize(
    ("column", "way"),
    [(name, "") for name in ("expiration", "version", "ip", "checkout_time", "time_used", "borrow_expiration")]
    + [(name, "user") for name in ("expiration", "version", "ip")],
)
def test_a_csv_of_one_column_has_a_row_also_where_nothing_stands_in_it(viewer: Viewer, column: str, way: str) -> None:
    """A blank line is no row to those who read CSV."""
    known = FeatureFactory.create(version="2026.1", expires=NOON.date())
    unknown = FeatureFactory.create(version="", expires=None)
    OpenSessionFactory.create(feature=known, ip="10.0.0.1", checked_out_at=NOON, borrow_expires_at=NOON)
    OpenSessionFactory.create(feature=unknown, ip="", checked_out_at=None, borrow_expires_at=None)
    asked = {"columns": column, "group_by": way}

    with time_machine.travel(timezone.now(), tick=False):
        lines = list(csv.DictReader(io.StringIO(content(viewer.file("csv", **asked)).decode())))

        assert len(lines) == 2
        assert [line[column] for line in lines] == [plain.in_csv(row[column]) for row in viewer.rows(**asked)]
        assert {bool(line[column]) for line in lines} == {True, False}
