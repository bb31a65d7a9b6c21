"""Features: Realtime: Usage, and Features: History: Usage and Sessions."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from groups_app.models import LicenseServerGroup
from licstats.models import Feature, LicenseServer
from sessions_app.models import ClosedSession
from tests.factories import (
    FeatureFactory,
    LicenseServerFactory,
    OpenSessionFactory,
    UsageIntervalFactory,
)
from tests.queries import queries_of

pytestmark = pytest.mark.django_db

USAGE = "/features/realtime/usage"
HISTORY_USAGE = "/features/history/usage"
HISTORY_SESSIONS = "/features/history/sessions"


@pytest.fixture
def server() -> LicenseServer:
    now = timezone.now()
    return LicenseServerFactory(name="PL", read_at=now, asked_at=now)


def rows(viewer: Client, address: str, **query: str) -> list[dict[str, Any]]:
    answer = viewer.get(f"{address}.json", query)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.getvalue())["rows"]


def graph(viewer: Client, address: str, query: str) -> dict[str, list[Any]]:
    """The values of each series of a report's graph."""
    answer = viewer.get(f"{address}/?{query}", headers={"HX-Request": "true", "X-Part": "graph"})
    figure = json.loads(answer.context["figure"])
    return {trace["name"]: list(trace["y"]) for trace in figure["data"]}


def choice(feature: Feature) -> str:
    return f"scope=server:{feature.server.name}&feature={feature.name}&version={feature.version}&type={feature.type}"


def test_usage_tells_total_used_reserved_and_what_is_available(viewer, server):
    FeatureFactory(server=server, name="WXPF", total=10, used=4, reserved=1, borrowed=2)
    (row,) = rows(viewer, USAGE)
    assert row["server"] == "PL"
    assert (row["used"], row["borrowed"], row["reserved"], row["total"], row["available"]) == (4, 2, 1, 10, 5)
    assert row["utilization"] == 40.0


def test_an_unlimited_feature_has_no_total_and_no_utilization(viewer, server):
    FeatureFactory(server=server, total=None, used=4)
    (row,) = rows(viewer, USAGE)
    assert (row["total"], row["available"], row["utilization"]) == (None, None, None)
    assert "unlimited" in viewer.get(f"{USAGE}/").content.decode()


def test_a_feature_in_use_to_an_unknown_extent_shows_a_dash_and_not_a_zero(viewer, server):
    FeatureFactory(server=server, used=None)
    (row,) = rows(viewer, USAGE)
    assert row["used"] is None
    assert "in use unknown" in viewer.get(f"{USAGE}/").content.decode()


def test_a_feature_that_the_last_reading_did_not_list_is_not_there(viewer, server):
    FeatureFactory(server=server, name="listed")
    FeatureFactory(server=server, name="gone", last_listed_at=timezone.now() - timedelta(hours=1), since=None)
    assert [row["feature"] for row in rows(viewer, USAGE)] == ["listed"]


def test_a_group_shows_one_row_for_a_feature_of_all_its_license_servers(viewer, server):
    other = LicenseServerFactory(name="US", read_at=timezone.now())
    for each in (server, other):
        FeatureFactory(server=each, name="WXPF", total=10, used=3)
    LicenseServerGroup.objects.create(name="XF").servers.set([server, other])
    (row,) = rows(viewer, USAGE, scope="group:XF")
    assert (row["server"], row["used"], row["total"]) == ("XF", 6, 20)


def test_above_the_sums_of_a_group_stands_which_members_are_not_in_them(viewer, server):
    group = LicenseServerGroup.objects.create(name="XF")
    now = timezone.now()
    old = LicenseServerFactory(name="DK", read_at=now - timedelta(days=3))
    new = LicenseServerFactory(name="US", read_at=None)
    for member in (server, old, new):
        FeatureFactory(server=member, name="WXPF" if member is not new else "imported")
        group.servers.add(member)

    page = viewer.get(f"{USAGE}/?scope=group:XF").content.decode()

    assert "DK is left out: its last reading was 3 d ago." in page
    assert "US never had a realtime reading: 1 feature has no realtime figures in this group because of it." in page
    assert "PL is left out" not in page


@pytest.mark.parametrize("scope", ["scope=all", "scope=server:PL", "scope=group:XF"])
def test_every_column_of_usage_sorts_both_ways_in_every_scope(viewer, server, scope):
    LicenseServerGroup.objects.create(name="XF").servers.set([server])
    for number, total in enumerate([10, 20, None]):
        FeatureFactory(server=server, name=f"f{number}", total=total, used=number)
    page = viewer.get(f"{USAGE}/?{scope}")
    for name, column in page.context["grid"].columns.items():
        if not column.sortable:
            continue
        for key in (name, f"-{name}"):
            answer = viewer.get(f"{USAGE}/?{scope}&sort={key}")
            assert answer.status_code == 200, key
            assert answer.context["page"].total == 3, key


@pytest.mark.parametrize("scope", ["scope=all", "scope=server:PL", "scope=group:XF"])
@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("server=PL", {"all": 2, "server": 2, "group": 0}),
        ("vendor=acme", 1),
        ("feature_name=f1", 1),
        ("feature_version=2", 1),
        ("feature_type=token", 1),
        ("expiration_after=2030-01-01", 1),
        ("expiration_before=2030-01-01", 1),
        ("used_min=2", 1),
        ("borrowed_max=0", 1),
        ("reserved=1", 1),
        ("queued_min=3", 1),
        ("total_max=10", 1),
        ("available_min=10", 1),
        ("utilization_min=50", 1),
        ("last_update_after=2026-01-01", 2),
        ("last_update_before=2026-01-01+19:05", 0),
    ],
)
def test_every_filter_of_usage_filters_whatever_is_shown_in_every_scope(viewer, server, scope, question, found):
    LicenseServerGroup.objects.create(name="XF").servers.set([server])
    first = {"used": 8, "borrowed": 1, "reserved": 1, "queued": 3, "expires": date(2029, 1, 1), "vendor": "acme"}
    FeatureFactory(server=server, name="f0", total=10, version="2.0", **first)
    FeatureFactory(server=server, name="f1", total=20, used=1, expires=date(2031, 1, 1), type="token")
    wanted = found[scope[6:].partition(":")[0]] if isinstance(found, dict) else found

    answer = viewer.get(f"{USAGE}/?{scope}&columns=feature&sort=feature&{question}", follow=True)

    assert answer.context["state"].errors == {}
    assert answer.context["page"].total == len(answer.context["page"].rows) == wanted


@pytest.mark.parametrize("question", ["utilization=89", "utilization_max=89", "utilization_min=89"])
def test_a_utilization_is_found_by_what_is_shown_of_it(viewer, server, question):
    FeatureFactory(server=server, total=1000, used=899)
    answer = viewer.get(f"{USAGE}/?{question}")
    assert answer.context["page"].total == 1
    assert "89 %" in answer.content.decode()


def test_the_day_of_the_chosen_feature_is_drawn_and_a_line_stands_at_now(viewer, server):
    feature = FeatureFactory(server=server, used=4, since=server.read_at - timedelta(minutes=5))
    answer = viewer.get(f"{USAGE}/?{choice(feature)}", headers={"HX-Request": "true", "X-Part": "graph"})
    figure = json.loads(answer.context["figure"])
    assert [shape["name"] for shape in figure["layout"]["shapes"]] == ["now"]
    assert 4 in {trace["name"]: trace["y"] for trace in figure["data"]}["Used"]


def test_history_has_a_line_with_a_gap_where_nothing_was_known(viewer, server):
    now = timezone.now()
    feature = FeatureFactory(server=server, used=5, since=now - timedelta(minutes=10))
    UsageIntervalFactory(
        feature=feature,
        started_at=now - timedelta(hours=3),
        ended_at=now - timedelta(hours=2),
        used=2,
    )
    server.read_at = now
    server.save()
    period = (
        f"period=custom&from={(now - timedelta(hours=4)):%Y-%m-%dT%H:%M}&to={now + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    )
    used = graph(viewer, HISTORY_USAGE, f"{choice(feature)}&{period}")["Used"]
    assert used == [None, 2, 2, None, 5, 5, None]


def test_the_figures_of_a_period_are_the_same_in_the_grid_the_export_and_the_graph(viewer, server):
    """What stands now is among them: a feature that never changed would have no history to export."""
    now = server.read_at
    feature = FeatureFactory(server=server, used=5, total=10, since=now - timedelta(minutes=10))
    UsageIntervalFactory(
        feature=feature,
        started_at=now - timedelta(minutes=30),
        ended_at=now - timedelta(minutes=10),
        used=2,
    )
    begin, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 1))
    question = f"{choice(feature)}&period=custom&from={begin}&to={end}&sort=started"
    listed = [row["used"] for row in viewer.get(f"{HISTORY_USAGE}/?{question}", follow=True).context["page"].rows]
    exported = json.loads(viewer.get(f"{HISTORY_USAGE}.json?{question}").getvalue())["rows"]

    assert listed == [row["used"] for row in exported] == [2, 5]
    drawn = [value for value in graph(viewer, HISTORY_USAGE, question)["Used"] if value is not None]
    assert sorted(set(drawn)) == [2, 5]
    assert viewer.get(f"{HISTORY_USAGE}/?{question}&used=5", follow=True).context["page"].total == 1


def test_history_of_a_server_without_a_chosen_feature_leads_to_its_features(viewer, server):
    feature = FeatureFactory(server=server, name="WXPF")
    page = viewer.get(f"{HISTORY_USAGE}/?scope=server:PL").content.decode()
    assert choice(feature).replace("&", "&amp;").replace(":", "%3A") in page


@pytest.mark.parametrize("blank", ["feature=%20", "feature=", "feature=%20&feature="])
def test_a_blank_is_no_feature_whose_figures_could_be_shown(viewer, server, blank):
    page = viewer.get(f"{HISTORY_USAGE}/?scope=server:PL&{blank}", follow=True)
    assert page.context["grid"].name == "features"


def test_a_feature_beside_a_blank_is_the_one_that_is_chosen(viewer, server):
    feature = FeatureFactory(server=server, name="WXPF")
    page = viewer.get(f"{HISTORY_USAGE}/?{choice(feature)}&feature=%20", follow=True)
    assert page.context["grid"].name == "intervals"
    assert page.context["state"].scope.feature == "WXPF"


def test_history_still_has_a_feature_that_is_no_longer_reported(viewer, server):
    FeatureFactory(server=server, name="gone", last_listed_at=timezone.now() - timedelta(days=90), since=None)
    assert [row["feature"] for row in rows(viewer, HISTORY_USAGE)] == ["gone"]


def closed(server: LicenseServer, feature: Feature, user: str, first: timedelta, last: timedelta) -> None:
    now = timezone.now()
    ClosedSession.objects.create(
        id=1000 + ClosedSession.objects.count(),
        server=server,
        feature=feature,
        user=user,
        host="ws1",
        used=1,
        checked_out_at=now - first,
        first_seen_at=now - first,
        last_seen_at=now - last,
        closed_at=now - last,
    )


def test_past_sessions_are_those_that_touch_the_period(viewer, server):
    feature = FeatureFactory(server=server)
    days = [timedelta(days=n) for n in range(40)]
    closed(server, feature, "before", days[30], days[21])
    closed(server, feature, "into", days[30], days[15])
    closed(server, feature, "within", days[18], days[17])
    closed(server, feature, "out of", days[16], days[5])
    closed(server, feature, "across", days[30], days[1])
    closed(server, feature, "after", days[9], days[8])
    OpenSessionFactory(feature=feature, user="still open", first_seen_at=timezone.now() - days[25])
    now = timezone.now()
    found = rows(
        viewer,
        HISTORY_SESSIONS,
        **{"from": f"{now - days[20]:%Y-%m-%dT%H:%M}", "to": f"{now - days[10]:%Y-%m-%dT%H:%M}"},
    )
    assert {row["user"] for row in found} == {"into", "within", "out of", "across", "still open"}


def test_every_column_of_past_sessions_sorts_both_ways(viewer, server):
    feature = FeatureFactory(server=server)
    closed(server, feature, "ann", timedelta(hours=3), timedelta(hours=2))
    OpenSessionFactory(feature=feature, user="bob")
    page = viewer.get(f"{HISTORY_SESSIONS}/?period=year")
    for name in page.context["grid"].columns:
        for key in (name, f"-{name}"):
            answer = viewer.get(f"{HISTORY_SESSIONS}/?period=year&sort={key}")
            assert answer.context["page"].total == 2, key


def test_a_period_that_is_wrong_shows_its_error_and_no_rows(viewer, server):
    FeatureFactory(server=server)
    page = viewer.get(f"{HISTORY_SESSIONS}/?period=fortnight")
    assert "is not a period" in page.content.decode()
    assert page.context["page"] is None
    assert viewer.get(f"{HISTORY_SESSIONS}.csv?period=fortnight").status_code == 400


@pytest.mark.parametrize("address", [HISTORY_USAGE, HISTORY_SESSIONS])
def test_a_reversed_period_keeps_what_was_chosen_and_says_so_under_its_field(viewer, server, address):
    feature = FeatureFactory(server=server, name="WXPF")
    question = f"{choice(feature)}&period=custom&from=2026-03-16T10:00&to=2026-03-16T08:00&user=ann"

    page = viewer.get(f"{address}/?{question}")
    text = page.content.decode()

    assert 'name="from" value="2026-03-16T10:00"' in text
    assert 'name="to" value="2026-03-16T08:00"' in text
    assert 'id="error-to" role="alert">The period ends before it begins.</p>' in text
    assert text.count("The period ends before it begins.") == 1
    assert (page.context["information"].server_label, page.context["information"].feature_label) == ("PL", "WXPF")
    assert page.context["page"] is None
    mended = viewer.get(f"{address}/{page.context['state'].mended}")
    assert mended.context["state"].errors == {}
    assert mended.context["state"].scope.feature == "WXPF"


@pytest.mark.parametrize(
    ("question", "field", "said"),
    [
        ("to=2026-03-16T08:00", "from", "Choose when the period begins."),
        ("period=custom", "from", "Choose when the period begins."),
        ("from=x&to=2026-03-16T08:00", "from", "is not a time."),
        ("from=2026-03-16T08:00&to=x", "to", "is not a time."),
        ("from=2999-01-01", "to", "The period ends before it begins."),
        ("from=0001-01-01&to=0002-01-01", "from", "Choose a year from 1900 to 9998."),
        ("from=9998-01-01&to=9999-12-31T23:59-12:00", "to", "Choose a year from 1900 to 9998."),
    ],
)
def test_what_is_wrong_with_a_period_stands_under_its_field(viewer, server, question, field, said):
    page = viewer.get(f"{HISTORY_SESSIONS}/?{question}")
    text = page.content.decode()

    assert said in text[text.index(f'id="error-{field}"') :].partition("</p>")[0]
    assert viewer.get(f"{HISTORY_SESSIONS}/{page.context['state'].mended}").context["state"].errors == {}


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    "period",
    [
        "from=0001-01-01T00:00%2B14:00&to=0002-01-01",
        "from=9998-01-01&to=9999-12-31T23:59-12:00",
        "from=2026-01-01T00:00:00-23:59:59&to=2026-01-02",
        "from=1900-01-01&to=1900-01-02",
        "from=9998-12-30&to=9998-12-31T23:59",
    ],
)
def test_a_period_at_the_end_of_the_calendar_is_shown_or_refused(viewer, server, zone, period):
    viewer.cookies["licstats_zone"] = zone
    FeatureFactory(server=server, name="WXPF")
    LicenseServerGroup.objects.create(name="XF").servers.set([server])
    question = f"scope=group:XF&feature=WXPF&version=1.0&type=floating&period=custom&{period}"
    for address in (HISTORY_USAGE, HISTORY_SESSIONS):
        page = viewer.get(f"{address}/?{question}", follow=True)
        part = viewer.get(f"{address}/?{question}", headers={"HX-Request": "true", "X-Part": "graph"})
        refused = bool(page.context["state"].errors)
        assert (page.status_code, part.status_code) == (200, 200)
        assert viewer.get(f"{address}.csv?{question}").status_code == (400 if refused else 200)


def test_a_period_without_an_end_goes_on_until_now(viewer, server):
    OpenSessionFactory(feature=FeatureFactory(server=server), user="ann", first_seen_at=timezone.now())
    since = timezone.now() - timedelta(hours=1)

    assert [row["user"] for row in rows(viewer, HISTORY_SESSIONS, **{"from": f"{since:%Y-%m-%dT%H:%M}"})] == ["ann"]


def test_the_figures_of_the_day_are_a_table_for_browsers_without_scripts(viewer, server):
    feature = FeatureFactory(server=server, total=10, used=4, since=timezone.now() - timedelta(minutes=1))
    page = viewer.get(f"{USAGE}/?{choice(feature)}")
    address = page.context["figures_address"]
    assert f'<a href="{escape(address)}">as a table</a>' in page.content.decode()
    assert '<details class="chart-table"' not in page.content.decode()
    table = viewer.get(address).content.decode().partition('<details class="chart-table" open>')[2]
    assert '<td class="num">4</td>' in table.partition("</details>")[0]
    assert 'id="usage-graph-data"' in page.content.decode()
    assert address.endswith("#usage-graph-data")


@pytest.mark.parametrize("address", [USAGE, HISTORY_USAGE, HISTORY_SESSIONS])
def test_a_page_costs_the_same_number_of_queries_for_many_rows(viewer, server, address):
    page = f"{address}/?period=year" if "history" in address else f"{address}/"
    OpenSessionFactory(feature=FeatureFactory(server=server))
    of_one = queries_of(viewer, page)
    for _ in range(29):
        OpenSessionFactory(feature=FeatureFactory(server=server))
    assert queries_of(viewer, page) == of_one


@pytest.mark.parametrize("address", [USAGE, HISTORY_USAGE, HISTORY_SESSIONS])
def test_columns_that_a_login_chose_are_kept_and_forgotten_again(viewer, server, address):
    FeatureFactory(server=server)
    page = viewer.get(f"{address}/?period=year" if "history" in address else f"{address}/")
    grid = page.context["grid"]
    kept = [name for name, _title, _shown in page.context["links"].columns if name != "vendor"]
    menu = {"path": f"{address}/", "query": "", "column": kept}
    viewer.post(f"/grids/{grid.name}/preferences/", menu | {"keep": "1"})
    shown = viewer.get(f"{address}/", follow=True).context["state"].shows
    assert shown == set(kept)
    viewer.post(f"/grids/{grid.name}/preferences/", menu | {"forget": "1"})
    assert "vendor" in viewer.get(f"{address}/", follow=True).context["state"].shows
