"""The page around the rows: its address, what follows by itself, what it costs, what is kept."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups_app.models import HiddenServer, LicenseServerGroup
from licstats.models import LicenseServer
from sessions_app.models import GridPreference, OpenSession
from tests.factories import NOON, FeatureFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS, USERS, Viewer

FULL_QUERIES = 11
FRAGMENT_QUERIES = 8


def test_links_keep_the_rest_of_the_state(viewer: Viewer) -> None:
    for _ in range(30):
        OpenSessionFactory.create(user="ann")

    links = viewer.page(user="ann", sort="-used,host", columns="user,host,used").context["links"]

    assert links.next == "?user=ann&sort=-used%2Chost&columns=user%2Chost%2Cused&page=2"
    assert links.previous is None
    assert links.exports[0] == (
        "CSV",
        "/features/realtime/sessions.csv?user=ann&sort=-used%2Chost&columns=user%2Chost%2Cused",
    )
    assert links.chips == [("User Name contains “ann”", "?sort=-used%2Chost&columns=user%2Chost%2Cused")]


def test_the_first_page_of_a_plain_address_can_be_gone_back_to(viewer: Viewer) -> None:
    for _ in range(30):
        OpenSessionFactory.create()

    text = viewer.page(page=2).content.decode()

    assert '<a class="btn-icon" aria-label="First page" href="/features/realtime/sessions/">' in text
    assert '<a class="btn-icon" aria-label="Previous page" href="/features/realtime/sessions/">' in text
    assert '<a class="btn-icon" aria-label="Last page" role="link" aria-disabled="true" tabindex="-1">' in text


@pytest.mark.parametrize(
    "question", [{}, {"page": 2}, {"user": "ann"}, {"group_by": "user"}, {"user": "x" * 301}, {"borrowed": 1}]
)
@pytest.mark.parametrize("path", [SESSIONS, USERS, "/features/history/usage", "/features/history/sessions"])
def test_no_link_of_a_grid_leads_nowhere(viewer: Viewer, path: str, question: dict[str, str]) -> None:
    """An empty address is that of the page with its query string, and so the one that is left."""
    for _ in range(30):
        OpenSessionFactory.create(user="ann")

    text = viewer.page(path, **question).content.decode()

    assert 'href=""' not in text
    assert "None" not in re.findall(r'href="([^"]*)"', text)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (SESSIONS, {"checked_out_after": "2026-03-16 16:00"}),
        (SESSIONS, {"checked_out_before": "2026-03-17"}),
        ("/features/history/sessions", {"period": "custom", "from": "2026-03-16T16:00", "to": "2026-03-17"}),
    ],
)
def test_a_link_with_a_time_shows_the_same_in_another_zone(viewer: Viewer, path: str, asked: dict[str, str]) -> None:
    for hours in range(48):
        at = datetime(2026, 3, 16, tzinfo=UTC) + timedelta(hours=hours)
        OpenSessionFactory.create(checked_out_at=at, first_seen_at=at)
    viewer.client.cookies["licstats_zone"] = "Asia/Kolkata"
    here = viewer.page(path, **asked, per_page=50)
    address = here.redirect_chain[-1][0]
    field = here.context["state"].value(next(reversed(asked)))

    viewer.client.cookies["licstats_zone"] = "America/Los_Angeles"
    there = viewer.client.get(address)

    assert there.context["page"].total == here.context["page"].total > 0
    assert there.status_code == 200  # and the address stays as it is
    assert re.search(field.replace(" ", "[ T]"), here.content.decode())
    assert "%2B05%3A30" in address
    assert "+05:30" not in there.context["state"].value(next(reversed(asked)))
    drawn = viewer.fragment(path, **asked)
    assert "-07%3A00" in drawn["HX-Push-Url"]


def test_filters_of_columns_that_are_not_shown_stay(viewer: Viewer) -> None:
    OpenSessionFactory.create(ip="10.0.0.1")
    OpenSessionFactory.create(ip="10.0.0.2")

    response = viewer.page(ip="0.1")

    assert response.context["page"].total == 1
    assert '<input type="hidden" name="ip" value="0.1">' in response.content.decode()


def test_an_htmx_answer_tells_the_address_without_what_is_empty(viewer: Viewer) -> None:
    response = viewer.fragment(user="ann", host="", page="1")

    assert response["HX-Push-Url"] == "/features/realtime/sessions/?user=ann"
    assert "HX-Request" in response["Vary"]
    assert "<html" not in response.content.decode()


def test_nothing_is_sent_when_nothing_changed_and_the_grid_when_something_did(viewer: Viewer) -> None:
    session = OpenSessionFactory.create()
    version = viewer.page().context["version"]

    same = viewer.fragment(headers={"X-Version": version})
    LicenseServer.objects.filter(pk=session.server_id).update(revision=F("revision") + 1)
    other = viewer.fragment(headers={"X-Version": version})

    assert (same.status_code, same.content) == (204, b"")
    assert other.status_code == 200
    assert f'data-key="row-{session.pk}"' in other.content.decode()
    assert "HX-Push-Url" not in other  # a page that follows by itself stays where it is


def test_the_answer_that_nothing_changed_takes_few_queries(viewer: Viewer) -> None:
    OpenSessionFactory.create()
    version = viewer.page().context["version"]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        viewer.fragment(headers={"X-Version": version})

    assert len(queries) <= 3  # login, its session, the version


@pytest.mark.parametrize(
    "question", [{}, {"group_by": "user"}, {"sort": "-borrow_expiration"}, {"user": "ann", "used_min": "1"}]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(viewer: Viewer, question: dict[str, str]) -> None:
    OpenSessionFactory.create(user="ann")
    counts = []
    for _ in range(2):
        viewer.fragment(**question)
        with CaptureQueriesContext(connection) as few:
            viewer.fragment(**question)
        counts.append(len(few))
        for _ in range(40):
            OpenSessionFactory.create(user="ann")
        LicenseServer.objects.update(revision=F("revision") + 1)

    assert counts[0] == counts[1] <= FRAGMENT_QUERIES


def test_a_whole_page_of_one_feature_takes_few_queries(viewer: Viewer) -> None:
    feature = FeatureFactory.create()
    OpenSessionFactory.create(feature=feature)
    question = {"scope": f"server:{feature.server}", "feature": feature.name, "version": "1.0", "type": "floating"}
    viewer.page(**question)

    with CaptureQueriesContext(connection) as queries:
        viewer.page(**question)

    assert len(queries) <= FULL_QUERIES, "\n".join(query["sql"] for query in queries)


@pytest.mark.parametrize("scope", ["server:PL", "group:XF"])
@pytest.mark.parametrize("path", [SESSIONS, "/features/realtime/usage"])
def test_what_a_page_is_about_is_read_once(viewer: Viewer, path: str, scope: str) -> None:
    feature = FeatureFactory.create(server__name="PL", server__read_at=timezone.now())
    LicenseServerGroup.objects.create(name="XF").servers.add(feature.server)
    question = {"scope": scope, "feature": feature.name, "version": "1.0", "type": "floating"}

    with CaptureQueriesContext(connection) as queries:
        assert viewer.page(path, **question).context["state"].scope.feature == feature.name

    asked = [query["sql"] for query in queries]
    assert [sql for sql in asked if asked.count(sql) > 1] == []


def test_what_is_special_about_a_session_is_marked(viewer: Viewer) -> None:
    expired = FeatureFactory.create(expires=date(2026, 3, 15))
    OpenSessionFactory.create(feature=expired, user="old")
    OpenSessionFactory.create(user="lost", last_seen_at=NOON)
    OpenSessionFactory.create(user="slow", linger=300)
    OpenSessionFactory.create(user="away", borrow_expires_at=NOON, linger=1_728_000)

    for user, mark in {"old": "expired", "lost": "unconfirmed", "slow": "linger", "away": "borrowed"}.items():
        text = viewer.fragment(user_is=user).content.decode()
        body = text[text.index("<tbody>") : text.index("</tbody>")]
        assert f"tag-{mark}" in body
        assert body.count("tag-") == 1
    assert "Kept for 5 min after the program ended" in viewer.fragment(user_is="slow").content.decode()


def test_the_session_of_a_permanent_license_says_so_instead_of_an_expiration(viewer: Viewer) -> None:
    OpenSessionFactory.create(feature=FeatureFactory.create(permanent=True))
    OpenSessionFactory.create(feature=FeatureFactory.create(permanent=False, expires=None))

    for question in ({}, {"group_by": "user"}):
        text = viewer.page(columns="user,expiration", sort="user", **question).content.decode()
        body = text[text.index("<tbody>") : text.index("</tbody>")]
        assert (body.count("permanent"), body.count('class="dash"')) == (1, 1)


@pytest.mark.parametrize("path", [SESSIONS, USERS, "/features/realtime/usage", "/features/history/usage"])
def test_no_two_sort_links_of_a_grid_are_called_the_same(viewer: Viewer, path: str) -> None:
    text = viewer.page(path).content.decode()
    head = text[text.index("<thead>") : text.index("</thead>")]

    names = [re.sub("<[^>]+>", "", link) for link in re.findall(r"<a [^>]*data-adding[^>]*>(.*?)</a>", head)]

    assert "License Server Name" in names
    assert len(names) == len({*names})


def test_only_the_box_that_is_filled_is_marked_and_what_it_takes_is_said(viewer: Viewer) -> None:
    text = viewer.page(time_used_min="6h").content.decode()
    lower, upper = (
        re.search(rf'<input [^>]*name="time_used_{bound}"[^>]*>', text)[0]  # type: ignore[index]
        for bound in ("min", "max")
    )

    assert 'class="form-control filled"' in lower
    assert "=6h for exactly that" in lower
    assert 'class="form-control"' in upper
    assert "=6h" not in upper


def test_what_a_login_chose_is_used_where_the_address_says_nothing(viewer: Viewer) -> None:
    viewer.fragment(sort="-used", headers={"X-Grid-Choice": "sort"})
    viewer.fragment(sort="-used", per_page=50, headers={"X-Grid-Choice": "per_page"})

    response = viewer.client.get("/features/realtime/sessions/?user=ann")
    said = viewer.client.get("/features/realtime/sessions/?sort=host")
    aggregated = viewer.client.get("/features/realtime/sessions/?group_by=user")

    assert response["Location"] == "/features/realtime/sessions/?user=ann&sort=-used&per_page=50"
    assert said["Location"] == "/features/realtime/sessions/?sort=host&per_page=50"
    assert aggregated["Location"] == "/features/realtime/sessions/?group_by=user&per_page=50"


@pytest.mark.parametrize("path", [SESSIONS, "/features/realtime/usage"])
def test_who_keeps_choices_sees_the_graph_as_a_table_without_scripts(viewer: Viewer, path: str) -> None:
    feature = FeatureFactory.create(server__read_at=timezone.now(), since=timezone.now() - timedelta(hours=1), used=1)
    OpenSessionFactory.create(feature=feature)
    asked = f"scope=server%3A{feature.server}&feature={feature.name}&version=1.0&type=floating"
    name = viewer.page(path).context["grid"].name
    viewer.client.post(f"/grids/{name}/preferences/", {"column": ["feature", "used"], "keep": "1"})

    page = viewer.client.get(f"{path}/?{asked}&figures=1", follow=True)

    assert page.redirect_chain == [(f"{path}/?{asked}&columns=feature%2Cused&figures=1", 302)]
    assert page.context["chart_rows"]


def test_a_click_keeps_only_what_it_chose(viewer: Viewer) -> None:
    viewer.client.post("/grids/sessions/preferences/", {"column": ["user", "ip"], "keep": "1"})
    viewer.fragment(columns="user,used", sort="used", per_page=50, headers={"X-Grid-Choice": "per_page"})

    assert GridPreference.objects.get().choices == {"columns": "user,ip", "per_page": "50"}


def test_columns_of_somebody_elses_link_do_not_become_ones_own(viewer: Viewer) -> None:
    viewer.fragment(columns="user,used", sort="-used", headers={"X-Grid-Choice": "sort"})

    assert GridPreference.objects.get().choices == {"sort": "-used"}


def test_a_page_of_a_link_is_opened_for_those_too_who_keep_choices(viewer: Viewer) -> None:
    feature = OpenSessionFactory.create().feature
    OpenSession.objects.bulk_create(OpenSessionFactory.build(feature=feature, server=feature.server) for _ in range(70))
    viewer.fragment(sort="host", headers={"X-Grid-Choice": "sort"})

    assert viewer.page(page=3).context["page"].number == 3
    assert "page" in viewer.page(page=0).context["state"].errors


def test_a_link_that_was_followed_changes_no_choice(viewer: Viewer) -> None:
    viewer.fragment(sort="-used")
    viewer.page(sort="-used")

    assert not GridPreference.objects.exists()


def test_columns_are_chosen_without_scripts_and_defaults_come_back(viewer: Viewer) -> None:
    form = {"path": "/features/realtime/sessions/", "query": "?user=ann", "column": ["user", "ip"], "keep": "1"}
    kept = viewer.client.post("/grids/sessions/preferences/", form)
    again = viewer.page()
    back = viewer.client.post("/grids/sessions/preferences/", form | {"query": "?columns=user", "forget": "1"})

    assert kept["Location"] == "/features/realtime/sessions/?user=ann&columns=user%2Cip"
    assert [column.name for column in again.context["state"].columns] == ["user", "ip", "action"]
    assert back["Location"] == "/features/realtime/sessions/"
    assert not GridPreference.objects.exists()


def test_a_choice_of_a_column_that_is_gone_is_not_used(viewer: Viewer) -> None:
    kept = {"columns": "user,gone", "per_page": "50"}
    GridPreference.objects.create(login=viewer.login, grid="sessions", choices=kept)

    assert viewer.page().redirect_chain == [("/features/realtime/sessions/?per_page=50", 302)]


def test_preferences_lead_nowhere_else(viewer: Viewer) -> None:
    response = viewer.client.post(
        "/grids/sessions/preferences/", {"path": "https://elsewhere.example/", "query": "", "keep": "1"}
    )

    assert response["Location"].startswith("/")
    assert viewer.client.post("/grids/none/preferences/").status_code == 404
    assert viewer.client.get("/grids/sessions/preferences/").status_code == 405


def test_what_is_hidden_is_in_no_row_but_in_groups(viewer: Viewer) -> None:
    seen, hidden = OpenSessionFactory.create(user="seen"), OpenSessionFactory.create(user="hidden")
    HiddenServer.objects.create(user=viewer.login, server=hidden.server)
    LicenseServerGroup.objects.create(name="XF").servers.set([seen.server, hidden.server])
    LicenseServer.objects.update(read_at=timezone.now())

    assert [row["user"] for row in viewer.rows()] == ["seen"]
    assert viewer.rows(user="hidden") == []
    assert [row["user"] for row in viewer.rows(scope="group:XF")] == ["hidden", "seen"]
    assert viewer.rows(USERS, scope="user:hidden") == []


def test_no_two_rows_have_one_key_however_their_names_run_together(viewer: Viewer) -> None:
    feature = FeatureFactory.create()
    for user, host in (("a-b", "c"), ("a", "b-c"), ("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c")):
        OpenSessionFactory.create(feature=feature, user=user, host=host)

    text = viewer.page(group_by="user,host").content.decode()

    assert len(set(re.findall(r'data-key="row-([^"]*)"', text))) == 5
