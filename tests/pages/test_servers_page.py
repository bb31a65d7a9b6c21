from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups_app.models import HiddenFeature, HiddenServer
from licstats.models import LicenseServer, ServerReport
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory

HOSTILE = "<img src=x onerror=alert(1)>'\"</pre><script>"
DASH = "\N{EN DASH}"
HTMX = {"HX-Request": "true"}


def text(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers or None).content.decode()


def row(page: str, server: LicenseServer) -> str:
    found = re.search(rf'<tr data-key="server-{server.pk}">.*?</tr>', page, re.DOTALL)
    assert found, f"{server} is not on the page"
    return found[0]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a href="\d+/">([^<]*)</a>', page)


def failing(**fields: object) -> LicenseServer:
    return LicenseServerFactory(status="down", verdict="failed", failures=3, **fields)


def version_of(page: str) -> str:
    found = re.search(r'data-version="([^"]*)"', page)
    assert found
    return found[1]


def test_a_row_says_all_there_is_to_know(admin_page: Client) -> None:
    server = LicenseServerFactory(
        name="PL", site="krakow", response_time=0.257, interval=timedelta(seconds=90), address="27000@a,27000@b,27000@c"
    )
    feature = FeatureFactory(server=server)
    OpenSessionFactory.create_batch(3, feature=feature)
    ServerReport.objects.create(server=server, problem_count=1_234)
    with time_machine.travel(NOON + timedelta(seconds=75), tick=False):
        said = words(row(text(admin_page, "/servers/"), server))
    assert said == "PL Up 1 min ago 1,234 3 1 27000@a,27000@b,27000@c 0.26 s 90 s FlexNet krakow"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "Up"),
        ({"verdict": "partial"}, "Partial"),
        ({"verdict": "failed", "status": "down"}, "Down"),
        ({"verdict": "failed", "status": "up"}, "Down"),
        ({"verdict": "complete", "status": "down"}, "Down"),
        ({"verdict": "", "status": "", "read_at": None}, "Never read"),
        ({"enabled": False, "verdict": "failed", "status": "down"}, "Disabled"),
    ],
)
def test_the_status_is_a_word_beside_its_colour(admin_page: Client, fields: dict[str, object], state: str) -> None:
    server = LicenseServerFactory(**fields)
    page = text(admin_page, "/servers/")
    assert f"</svg>{state}</span>" in row(page, server)
    assert f"</svg>{state}</span>" in page[: page.index("<table")]  # in the summary


def test_nothing_known_is_a_dash_with_its_reason_and_never_a_zero(admin_page: Client) -> None:
    server = LicenseServerFactory(verdict="", status="", read_at=None, asked_at=None)
    said = row(text(admin_page, "/servers/"), server)
    assert said.count("never read</span>") == 4  # last reading, problems, features, sessions
    assert " 0 " not in words(said)


def test_a_license_server_that_only_ever_failed_has_a_dash_for_its_sessions_and_features(admin_page: Client) -> None:
    server = failing(read_at=None)

    listed = row(text(admin_page, "/servers/"), server)
    alone = text(admin_page, f"/servers/{server.pk}/")

    assert listed.count('title="never read"') == 3  # with the age of its last reading
    assert words(alone[alone.index("<dt>Features</dt>") :]).startswith("Features – never read Sessions – never read")  # noqa: RUF001


def test_the_last_reading_of_a_disabled_license_server_is_as_old_as_on_any_page(admin_page: Client) -> None:
    server = LicenseServerFactory(enabled=False, read_at=timezone.now() - timedelta(minutes=18))
    assert "18 min ago stale" in words(row(text(admin_page, "/servers/"), server))
    assert "18 min ago stale" in words(text(admin_page, f"/servers/{server.pk}/"))


def test_the_summary_counts_by_state(admin_page: Client) -> None:
    LicenseServerFactory.create_batch(3)
    failing()
    page = text(admin_page, "/servers/")
    head = words(page[page.index('<section class="pane" id="servers"') : page.index("<table")])
    assert "4 license servers Down 1 Up 3" in head


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        (-119, ""),
        (120, ""),
        (121, "clock 2 min ahead"),
        (-600, "clock 10 min behind"),
        (9_000, "clock 2 h 30 min ahead"),
    ],
)
def test_a_clock_that_differs_by_more_than_two_minutes_is_told(admin_page: Client, offset: int, said: str) -> None:
    server = LicenseServerFactory(clock_offset=timedelta(seconds=offset))
    cell = words(row(text(admin_page, "/servers/"), server))
    assert (said in cell) if said else "clock" not in cell


def test_the_reason_of_a_failure_is_on_the_list_and_in_full_on_its_page(admin_page: Client) -> None:
    server = failing(reason="time-out after 15 s, the tool was killed", read_at=NOON, address="27000@pl")
    assert "time-out after 15 s" in row(text(admin_page, "/servers/"), server)
    said = words(text(admin_page, f"/servers/{server.pk}/"))
    assert "The last query failed, and the 2 before it." in said
    assert "Nothing is known of it since 2026-03-16 12:00" in said
    assert "time-out after 15 s, the tool was killed" in said


def test_who_may_change_servers_sees_the_very_command(admin_page: Client, viewer_page: Client) -> None:
    server = failing()
    assert "lmutil" in text(admin_page, f"/servers/{server.pk}/")
    assert "lmutil" not in text(viewer_page, f"/servers/{server.pk}/")


def test_a_problem_shows_its_line_and_its_text_beside_what_was_made_of_it(admin_page: Client) -> None:
    server = LicenseServerFactory(verdict="partial", reason="1 line was not understood")
    problem = {"kind": "line", "message": "not a checkout", "line": 412, "text": "  ann host :0 (v1", "vendor": "v"}
    totals = {"kind": "totals", "message": "12 in use, 10 seen: 9 + 1", "line": None, "text": "", "feature": "solver"}
    ServerReport.objects.create(server=server, problems=[problem, totals], problem_count=2)
    page = text(admin_page, f"/servers/{server.pk}/")
    said = words(page)
    assert f"line 412 not a checkout ann host :0 (v1 {DASH} v" in said
    assert f"totals {DASH} 12 in use, 10 seen: 9 + 1 {DASH} solver {DASH}" in said
    assert "  ann host :0 (v1" in page  # its blanks too


def test_nodes_of_a_triad_and_vendor_daemons_have_their_own_status(admin_page: Client) -> None:
    server = LicenseServerFactory()
    nodes = [{"host": "a", "status": "up", "role": "master", "version": "v11.18"}, {"host": "b", "status": "down"}]
    daemons = [{"vendor": "vendord", "status": "down", "version": ""}]
    ServerReport.objects.create(server=server, nodes=nodes, daemons=daemons)
    said = words(text(admin_page, f"/servers/{server.pk}/"))
    assert f"a Up master v11.18 b Down {DASH} {DASH}" in said
    assert f"vendord Down {DASH}" in said


def test_hostile_text_is_only_text(admin_page: Client) -> None:
    server = failing(name="PL", reason=HOSTILE, description=HOSTILE, address=HOSTILE)
    problem = dict.fromkeys(("message", "text", "vendor", "feature", "kind"), HOSTILE) | {"line": 1}
    node = {"host": HOSTILE, "status": "up", "role": HOSTILE, "version": HOSTILE}
    daemon = {"vendor": HOSTILE, "status": "up", "version": HOSTILE}
    ServerReport.objects.create(server=server, problems=[problem], nodes=[node], daemons=[daemon], problem_count=1)
    LicenseServer.objects.filter(pk=server.pk).update(name=HOSTILE, site=HOSTILE)
    for address in ("/servers/", f"/servers/{server.pk}/", "/servers/?q=%3Cscript%3E", "/search/?q=%3Cimg"):
        page = text(admin_page, address)
        assert "<img" not in page
        assert "<script>" not in page


def test_hidden_servers_and_features_are_nowhere(viewer: User, viewer_page: Client) -> None:
    shown, hidden = LicenseServerFactory(name="PL"), failing(name="US")
    HiddenServer.objects.create(user=viewer, server=hidden)
    seen, unseen = FeatureFactory(server=shown, name="solver"), FeatureFactory(server=shown, name="secretive")
    HiddenFeature.objects.create(user=viewer, server=shown, name="secretive")
    OpenSessionFactory(feature=seen)
    OpenSessionFactory.create_batch(2, feature=unseen)
    problem = {"kind": "totals", "message": "of secretive", "text": "", "line": None, "feature": "secretive"}
    ServerReport.objects.create(server=shown, problems=[problem], problem_count=1)
    page = text(viewer_page, "/servers/")
    assert names(page) == ["PL"]
    assert "Down" not in page[page.index('id="servers"') :]
    assert viewer_page.get(f"/servers/{hidden.pk}/").status_code == 404
    assert viewer_page.post(f"/servers/{hidden.pk}/query-now/").status_code == 404
    own = text(viewer_page, f"/servers/{shown.pk}/")
    assert "secretive" not in own
    assert "Features 1 Sessions 1" in words(own)


def test_a_hidden_feature_is_named_in_no_reason_and_no_problem(viewer: User, viewer_page: Client) -> None:
    cut = {"kind": "cut", "message": "It ends before Secretive.", "text": "", "line": None, "feature": "secretive"}
    line = {"kind": "line", "message": "Not understood.", "text": "Users of secretive: x", "line": 7, "feature": ""}
    other = line | {"text": "Users of solver: x"}
    for name, problems in (("PL", [cut, line, other]), ("US", [cut, line, other]), ("ZA", [other, other])):
        server = LicenseServerFactory(name=name, verdict="partial", reason="It ends before Secretive.")
        ServerReport.objects.create(server=server, problems=problems, problem_count=len(problems) + 1_000)
        if name == "PL":
            HiddenFeature.objects.create(user=viewer, server=server, name="secretive")

    page = text(viewer_page, "/servers/?sort=-problems")
    hiding, telling = (LicenseServer.objects.get(name=name) for name in ("PL", "US"))

    assert names(page) == ["US", "ZA", "PL"]
    assert names(text(viewer_page, "/servers/?sort=reason")) == ["US", "ZA", "PL"]
    assert "Its last answer could not be read in full." in row(page, hiding)
    assert "1,001" in row(page, hiding)
    assert "It ends before Secretive." in row(page, telling)
    assert "1,003" in row(page, telling)
    own = text(viewer_page, f"/servers/{hiding.pk}/")
    assert "secretive" not in own.lower()
    assert "Users of solver: x" in own
    assert "1,001 in the last answer, 1 shown" in words(own)
    assert "secretive" in text(viewer_page, f"/servers/{telling.pk}/")


def test_the_reason_of_a_license_server_without_data_names_no_hidden_feature(viewer: User, viewer_page: Client) -> None:
    failed = {"read_at": None, "verdict": "failed", "reason": "No line tells of secretive."}
    server = LicenseServerFactory(name="PL", **failed)
    LicenseServerFactory(name="US", **failed)
    HiddenFeature.objects.create(user=viewer, server=server, name="secretive")

    said = {name: text(viewer_page, f"/features/realtime/sessions/?scope=server:{name}") for name in ("PL", "US")}

    assert "PL was never read: Its last answer could not be read in full." in said["PL"]
    assert "US was never read: No line tells of secretive." in said["US"]


def test_the_list_is_filtered_by_text_and_state(admin_page: Client) -> None:
    LicenseServerFactory(name="PL", address="27000@licenses.krakow.example")
    LicenseServerFactory(name="US", site="boston")
    failing(name="DK", description="of the Boston office")
    assert names(text(admin_page, "/servers/?q=KRAKOW")) == ["PL"]
    assert names(text(admin_page, "/servers/?q=boston")) == ["DK", "US"]
    assert names(text(admin_page, "/servers/?q=boston&state=down")) == ["DK"]
    none = text(admin_page, "/servers/?q=tokyo")
    assert "No license server matches" in none
    assert "Show all 3" in none


@pytest.mark.parametrize("query", ["state=sideways", "sort=password", "sort=-session_count", "q=" + "x" * 201])
def test_an_invalid_choice_shows_an_error_and_no_rows(admin_page: Client, query: str) -> None:
    LicenseServerFactory()
    page = text(admin_page, f"/servers/?{query}")
    assert names(page) == []
    assert 'role="alert"' in page


@pytest.mark.parametrize(
    "column",
    ["name", "state", "read_at", "problems", "reason", "address", "response_time", "interval", "manager", "site"],
)
def test_every_column_sorts_both_ways(admin_page: Client, column: str) -> None:
    for number, manager in enumerate(("flexnet", "lmx")):
        server = LicenseServerFactory(
            name=f"s{number}",
            site=f"s{number}",
            manager=manager,
            address=f"{27000 + number}@a",
            interval=timedelta(seconds=60 + number),
            response_time=number,
            read_at=NOON + timedelta(seconds=number),
            verdict=("partial", "complete")[number],
            reason=f"reason {number}",
        )
        ServerReport.objects.create(server=server, problem_count=number)
    assert names(text(admin_page, f"/servers/?sort={column}")) == ["s0", "s1"]
    assert names(text(admin_page, f"/servers/?sort=-{column}")) == ["s1", "s0"]


def test_names_sort_without_regard_to_case(admin_page: Client) -> None:
    for name in ("b", "A", "c", "D"):
        LicenseServerFactory(name=name)
    assert names(text(admin_page, "/servers/")) == ["A", "b", "c", "D"]


def test_what_was_never_read_sorts_last_both_ways(admin_page: Client) -> None:
    LicenseServerFactory(name="a", read_at=None, verdict="")
    LicenseServerFactory(name="b")
    assert names(text(admin_page, "/servers/?sort=read_at")) == ["b", "a"]
    assert names(text(admin_page, "/servers/?sort=-read_at")) == ["b", "a"]


def test_a_thousand_servers_are_paged_and_take_as_many_queries_as_three(admin_page: Client) -> None:
    counts = []
    for count in (3, 120):
        for _ in range(count):
            ServerReport.objects.create(server=OpenSessionFactory().server)
        with CaptureQueriesContext(connection) as queries:
            page = text(admin_page, "/servers/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9
    assert len(names(page)) == 50
    assert "Rows 1 to 50 of 123" in words(page)
    assert len(names(text(admin_page, "/servers/?page=3"))) == 23


def test_a_page_of_one_server_takes_few_queries(admin_page: Client) -> None:
    server = OpenSessionFactory().server
    with CaptureQueriesContext(connection) as queries:
        text(admin_page, f"/servers/{server.pk}/")
    assert len(queries) <= 10


@pytest.mark.parametrize("address", ["/servers/", "/servers/{}/"])
def test_a_live_page_gets_nothing_when_nothing_changed(admin_page: Client, address: str) -> None:
    server = LicenseServerFactory()
    address = address.format(server.pk)
    known = version_of(text(admin_page, address))
    with CaptureQueriesContext(connection) as queries:
        answer = admin_page.get(address, headers=HTMX | {"X-Version": known})
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer["X-Read-At"] == NOON.isoformat()
    assert "HX-Request" in answer["Vary"]
    assert len(queries) <= 4  # session, login, roles, and one for the page


@pytest.mark.parametrize("address", ["/servers/", "/servers/{}/"])
def test_a_live_page_follows_what_is_hidden_meanwhile(viewer: User, viewer_page: Client, address: str) -> None:
    feature = FeatureFactory()
    address = address.format(feature.server.pk)
    known = version_of(text(viewer_page, address))
    hidden = HiddenFeature.objects.create(user=viewer, server=feature.server, name=feature.name)
    answer = viewer_page.get(address, headers=HTMX | {"X-Version": known})
    assert answer.status_code == 200
    hiding = version_of(answer.content.decode())
    hidden.delete()
    assert viewer_page.get(address, headers=HTMX | {"X-Version": hiding}).status_code == 200
    assert viewer_page.get(address, headers=HTMX | {"X-Version": known}).status_code == 204


@pytest.mark.parametrize("change", [{"revision": 1}, {"asked_at": NOON + timedelta(minutes=1)}, {"enabled": False}])
def test_a_live_page_gets_a_fragment_when_something_changed(admin_page: Client, change: dict[str, object]) -> None:
    server = LicenseServerFactory(name="PL")
    known = version_of(text(admin_page, "/servers/"))
    LicenseServer.objects.filter(pk=server.pk).update(**change)
    answer = admin_page.get("/servers/", headers=HTMX | {"X-Version": known})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.lstrip().startswith('<section class="pane" id="servers"')
    assert names(page) == ["PL"]
    assert version_of(page) != known


def test_a_new_and_a_deleted_server_move_the_version_on(admin_page: Client) -> None:
    first = LicenseServerFactory()
    versions = {version_of(text(admin_page, "/servers/"))}
    second = LicenseServerFactory()
    versions.add(version_of(text(admin_page, "/servers/")))
    first.delete()
    second.delete()
    versions.add(version_of(text(admin_page, "/servers/")))
    assert len(versions) == 3


def test_query_now_makes_the_server_due(admin_page: Client) -> None:
    server = LicenseServerFactory(next_poll_at=NOON + timedelta(hours=1))
    with time_machine.travel(NOON, tick=False):
        answer = admin_page.post(f"/servers/{server.pk}/query-now/", follow=True)
    server.refresh_from_db()
    assert server.next_poll_at == NOON
    assert "will be queried within seconds" in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/servers/{server.pk}/"


def test_query_now_of_a_disabled_server_says_what_to_do(admin_page: Client) -> None:
    server = LicenseServerFactory(enabled=False, next_poll_at=NOON)
    answer = admin_page.post(f"/servers/{server.pk}/query-now/", {"back": "servers"}, follow=True)
    assert "is disabled and is not queried" in answer.content.decode()
    server.refresh_from_db()
    assert server.next_poll_at == NOON


def test_query_now_is_for_who_may_change_servers(viewer_page: Client) -> None:
    server = LicenseServerFactory(next_poll_at=NOON)
    assert "query-now" not in text(viewer_page, "/servers/")
    assert viewer_page.post(f"/servers/{server.pk}/query-now/").status_code == 403
    assert viewer_page.get(f"/servers/{server.pk}/query-now/").status_code == 405
    server.refresh_from_db()
    assert server.next_poll_at == NOON


def test_an_empty_installation_says_how_to_begin(admin_page: Client, viewer_page: Client) -> None:
    assert "Add the first one" in text(admin_page, "/servers/")
    page = text(viewer_page, "/servers/")
    assert "none that this login may see" in page
    assert "Add the first one" not in page
