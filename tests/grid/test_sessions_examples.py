"""What the Realtime Sessions page is for: time ranges, users on several hosts, borrowed licenses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from licstats.models import Feature
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import Viewer, content

NOW = datetime(2026, 8, 22, 12, 0, tzinfo=UTC)
HOSTS = {"oliga": 1, "root": 12, "system": 9, "ttokarz": 1}


@pytest.fixture(autouse=True)
def clock(viewer: Viewer):  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        yield


@pytest.fixture
def feature(viewer: Viewer) -> Feature:
    server = LicenseServerFactory.create(name="xlicense-2019", read_at=NOW)
    return FeatureFactory.create(server=server, vendor="X-FORMATION", name="licstat", version="6.0")


@pytest.fixture
def hosts(feature: Feature) -> None:
    """Four users, each with one license on each of its hosts."""
    for user, count in HOSTS.items():
        for number in range(count):
            OpenSessionFactory.create(
                feature=feature, user=user, host=f"{user}-{number:02}", ip=f"192.168.{number}.{len(user)}"
            )


def test_a_time_range_shows_the_sessions_between_its_bounds(viewer: Viewer, feature: Feature) -> None:
    for hours in (1, 6, 7, 35, 36, 37):
        OpenSessionFactory.create(feature=feature, user=f"after{hours}h", checked_out_at=NOW - timedelta(hours=hours))

    rows = viewer.rows(time_used_min="6h", time_used_max="36h", sort="time_used")

    assert [row["user"] for row in rows] == ["after6h", "after7h", "after35h", "after36h"]
    assert rows[0]["time_used"] == 6 * 3600


def test_a_session_shows_how_long_it_lasts_in_days_hours_and_minutes(viewer: Viewer, feature: Feature) -> None:
    OpenSessionFactory.create(feature=feature, user="system", checked_out_at=NOW - timedelta(days=11, minutes=45))

    (row,) = plain.read_page(viewer.page().content.decode())

    assert row[-4:-1] == ["2026-08-11 11:15", "11 d 45 min", ""]


@pytest.mark.usefixtures("hosts")
def test_aggregated_by_user_each_row_lists_the_hosts_of_a_user(viewer: Viewer) -> None:
    response = viewer.page(group_by="user")
    rows = plain.read_page(response.content.decode())

    assert [row[1:7] for row in rows] == [
        ["xlicense-2019", "X-FORMATION", "licstat", "6.0", "Floating", user] for user in HOSTS
    ]
    assert [row[8:10] for row in rows] == [[str(count), str(count)] for count in HOSTS.values()]  # hosts, used
    header = [column.name for column in response.context["state"].columns]
    assert header == [
        "server",
        "vendor",
        "feature",
        "version",
        "type",
        "user",
        "host",
        "host_quantity",
        "used",
        "action",
    ]


@pytest.mark.usefixtures("hosts")
def test_five_hosts_are_listed_and_the_rest_opens_in_place(viewer: Viewer) -> None:
    text = viewer.page(group_by="user", user="system", columns="user,host,ip,host_quantity").content.decode()

    before, _, after = text[text.index("<tbody>") :].partition("Show more…")
    assert [f"system-{n:02}" in before for n in range(9)] == [True] * 5 + [False] * 4
    assert all(f"system-{n:02}" in after for n in range(5, 9))
    assert after.count("Show more…") == 1  # of the addresses


@pytest.mark.usefixtures("hosts")
def test_an_export_has_all_hosts_and_their_addresses_in_the_same_order(viewer: Viewer) -> None:
    question = {"group_by": "user", "user": "root", "columns": "user,host,ip"}

    (row,) = viewer.rows(**question)
    _, (line,) = plain.read_csv(content(viewer.file("csv", **question)))

    assert row["host"] == [f"root-{n:02}" for n in range(12)]
    assert row["ip"] == [f"192.168.{n}.4" for n in range(12)]
    assert line == ["root", "; ".join(row["host"]), "; ".join(row["ip"])]


@pytest.mark.usefixtures("hosts")
def test_a_row_leads_to_the_sessions_that_are_added_up_in_it(viewer: Viewer, feature: Feature) -> None:
    OpenSessionFactory.create(feature=FeatureFactory.create(server=feature.server, name="other"), user="root")
    response = viewer.page(group_by="user", user="root", feature_name="licstat")
    (row,) = response.context["page"].rows

    address = viewer.client.get(response.context["links"].path).wsgi_request.path
    link = response.content.decode().partition('title="Show the sessions of this row"')[0].rpartition('href="')[2]
    sessions = viewer.client.get(link.partition('"')[0].replace("&amp;", "&"))

    assert address in link
    assert sessions.context["page"].total == row["host_quantity"] == 12
    assert {each["user"] for each in sessions.context["page"].rows} == {"root"}


def test_borrowed_only_shows_the_borrowed_sessions(viewer: Viewer, feature: Feature) -> None:
    OpenSessionFactory.create(feature=feature, user="here")
    OpenSessionFactory.create(feature=feature, user="away", borrow_expires_at=NOW + timedelta(days=3))

    page = viewer.page(borrowed=1)

    (row,) = plain.read_page(page.content.decode())
    assert "away" in row
    assert "2026-08-25 12:00" in row
    assert "Borrowed only" in page.content.decode()


def test_nothing_borrowed_says_so_and_offers_all(viewer: Viewer, feature: Feature) -> None:
    OpenSessionFactory.create(feature=feature)

    text = viewer.page(borrowed=1).content.decode()

    assert "No session fits: Borrowed only." in text
    assert '<a href="/features/realtime/sessions/">Show all 1</a>' in text


def test_seconds_find_what_is_shown_as_that_many_seconds(viewer: Viewer) -> None:
    for seconds in (29, 30, 31, 80):
        OpenSessionFactory(user=f"for-{seconds}", checked_out_at=NOW - timedelta(seconds=seconds))

    assert [row["user"] for row in viewer.rows(time_used="30s")] == ["for-30"]
