"""General Information: the chosen feature, the pick lists, and why there is no realtime data."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone

from groups_app.models import HiddenServer, LicenseServerGroup
from licstats.models import LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS, USERS, Viewer

USAGE = "/features/realtime/usage"


def test_the_chosen_feature_shows_its_figures(viewer: Viewer) -> None:
    feature = FeatureFactory.create(total=100, used=72, borrowed=2, reserved=8, expires=date(2026, 3, 15))
    facts = (
        viewer.page(scope=f"server:{feature.server}", feature=feature.name, version="1.0", type="floating")
        .context["information"]
        .facts
    )

    assert (facts.used, facts.borrowed, facts.reserved, facts.total, facts.available) == (72, 2, 8, 100, 20)
    assert (facts.percent, facts.colour, facts.expired_in_use) == (72, "orange", True)


def test_expired_licenses_that_are_only_reserved_are_not_in_use(viewer: Viewer) -> None:
    feature = FeatureFactory.create(used=0, reserved=8, expires=date(2026, 3, 15))
    page = viewer.page(scope=f"server:{feature.server}", feature=feature.name, version="1.0", type="floating")

    assert page.context["information"].facts.expired_in_use is False


@pytest.mark.parametrize("expired", [False, True])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_licenses_have_expired_on_every_page_when_their_reading_said_so_whoever_looks(
    viewer: Viewer, zone: str, expired: bool
) -> None:
    feature = FeatureFactory.create(expires=date(2026, 3, 15), expired=expired, used=1)
    OpenSessionFactory.create(feature=feature)
    viewer.client.cookies["licstats_zone"] = zone
    chosen = {"scope": f"server:{feature.server}", "feature": feature.name, "version": "1.0", "type": "floating"}

    for path in (SESSIONS, USAGE):
        assert ("tag-expired" in viewer.page(path).content.decode()) is expired
    assert ('age-stale">2026-03-15' in viewer.page(USAGE).content.decode()) is expired
    assert ("2026-03-15 expired" in viewer.page(**chosen).content.decode()) is expired


def test_the_gauge_is_filled_as_far_as_its_figure_says(viewer: Viewer) -> None:
    feature = FeatureFactory.create(total=30, used=14)
    chosen = {"scope": f"server:{feature.server}", "feature": feature.name, "version": "1.0", "type": "floating"}
    facts = viewer.page(**chosen).context["information"].facts

    assert (facts.percent, facts.dash) == (46, 46)


def test_beside_the_sessions_of_a_past_moment_the_figures_say_that_they_are_of_now(viewer: Viewer) -> None:
    feature = FeatureFactory.create(total=100, used=72)
    chosen = {"scope": f"server:{feature.server}", "feature": feature.name, "version": "1.0", "type": "floating"}

    now = viewer.page(**chosen).content.decode()
    past = viewer.page(**chosen, at="2026-03-01 10:00").content.decode()

    assert "These are the figures of now" not in now
    assert "These are the figures of now; the rows below are those of 2026-03-01 10:00." in past


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"used": 0, "total": 0}, "the total is 0"),
        ({"used": 7, "total": None}, "the total is unlimited"),
        ({"used": None, "total": 10}, "in use is unknown"),
    ],
)
def test_where_there_is_no_utilization_it_is_said_why(viewer: Viewer, figures: dict[str, Any], why: str) -> None:
    feature = FeatureFactory.create(**figures)
    chosen = {"scope": f"server:{feature.server}", "feature": feature.name, "version": "1.0", "type": "floating"}

    page = viewer.page(USAGE, **chosen, columns="feature,utilization").content.decode()

    assert f'aria-label="No utilization: {why}"' in page
    assert f'title="no utilization: {why}"' in page


def test_an_unlimited_feature_shows_no_total(viewer: Viewer) -> None:
    feature = FeatureFactory.create(total=None, used=7)
    text = viewer.page(
        scope=f"server:{feature.server}", feature=feature.name, version="1.0", type="floating"
    ).content.decode()

    facts = text[text.index('id="information-facts"') : text.index("</section>")]
    assert "unlimited" in facts
    assert "Available" not in facts
    assert "%" not in facts


def test_a_group_shows_the_sum_and_how_it_comes_about(viewer: Viewer) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    with time_machine.travel(NOON, tick=False):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        for name in ("PL", "US", "DK"):
            feature = FeatureFactory.create(
                server=LicenseServerFactory.create(name=name), name="wxpf", total=10, used=3
            )
            group.servers.add(feature.server)
        facts = (
            viewer.page(scope="group:XF", feature="wxpf", version="1.0", type="floating").context["information"].facts
        )

    assert (facts.used, facts.total, facts.available) == (9, 30, 21)
    assert "30 = DK 10 + PL 10 + US 10" in facts.explanation


def test_without_realtime_data_the_page_says_why_and_leads_to_the_history(viewer: Viewer) -> None:
    never = LicenseServerFactory.create(name="new", read_at=None)
    LicenseServerFactory.create(name="old", read_at=NOON)
    fresh = LicenseServerFactory.create(name="fresh", read_at=timezone.now())
    for server in (never, fresh):
        FeatureFactory.create(server=server)
    FeatureFactory.create(server=LicenseServer.objects.get(name="old"))
    off = LicenseServerFactory.create(name="off", read_at=timezone.now(), enabled=False)
    FeatureFactory.create(server=off)

    said = {name: viewer.page(scope=f"server:{name}").content.decode() for name in ("new", "old", "fresh", "off")}

    assert "No realtime data" in said["new"]
    assert "has not answered since" in said["old"]
    assert "is not queried any more" in said["off"]
    assert "No realtime data" not in said["fresh"]
    assert 'href="/features/history/usage/?scope=server%3Aold"' in said["old"]


def notice(viewer: Viewer, version: str) -> str:
    """What an open page about the license server PL is sent for its notice; nothing where nothing changed."""
    text = viewer.fragment(headers={"X-Version": version}, scope="server:PL").content.decode()
    return unescape(text.partition('<div id="no-data" hx-ext="live" hx-swap-oob="live">')[2])


def test_an_open_page_is_told_that_its_license_server_does_not_answer_and_when_it_does_again(viewer: Viewer) -> None:
    server = FeatureFactory.create(server__name="PL", server__read_at=timezone.now()).server
    page = viewer.page(scope="server:PL")
    assert '<div id="no-data" hx-ext="live"></div>' in page.content.decode()

    LicenseServer.objects.update(failures=1, revision=F("revision") + 1)
    assert "No new data: PL does not answer; what is shown is its last reading" in notice(
        viewer, page.context["version"]
    )
    version = viewer.page(scope="server:PL").context["version"]
    LicenseServer.objects.filter(pk=server.pk).update(failures=0, revision=F("revision") + 1)
    assert notice(viewer, version).startswith("</div>")


def test_an_open_page_of_a_license_server_that_was_never_read_loses_the_notice_with_the_first_reading(
    viewer: Viewer,
) -> None:
    server = LicenseServerFactory.create(name="PL", read_at=None)
    page = viewer.page(scope="server:PL")
    assert "PL was never read" in page.content.decode()

    FeatureFactory.create(server=server)
    LicenseServer.objects.update(read_at=timezone.now(), revision=F("revision") + 1)

    assert notice(viewer, page.context["version"]).startswith("</div>")


def test_an_open_page_is_told_when_its_reading_has_become_stale_though_nothing_was_stored(viewer: Viewer) -> None:
    now = timezone.now()
    FeatureFactory.create(server__name="PL", server__read_at=now)
    version = viewer.page(scope="server:PL").context["version"]

    with time_machine.travel(now + timedelta(minutes=4), tick=False):
        assert notice(viewer, version) == ""
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        assert "No realtime data: PL has not answered since" in notice(viewer, version)


@pytest.mark.parametrize("question", [{}, {"user": "ann"}])
def test_of_what_was_never_read_no_page_says_that_there_is_nothing(viewer: Viewer, question: dict[str, str]) -> None:
    down = LicenseServerFactory.create(name="down", read_at=None, verdict="failed", status="down", failures=1)
    LicenseServerGroup.objects.create(name="XF").servers.add(down)
    of_group = "Nothing is known of XF yet: none of its license servers was ever read."
    nothing = "Nothing is known yet: no license server was ever read."

    for path, scope, said in (
        (SESSIONS, "server:down", "Nothing is known of down yet: it was never read."),
        (SESSIONS, "group:XF", of_group),
        (SESSIONS, "all", nothing),
        (USERS, "user:ann", nothing),
    ):
        page = viewer.page(path, scope=scope, **question)
        graph = viewer.fragment(path, {"X-Part": "graph"}, scope=scope, **question)

        assert said in page.content.decode()
        assert "No session" not in page.content.decode()
        assert graph.context["chart_note"] == said
    assert of_group in viewer.page("/features/realtime/usage", scope="group:XF").content.decode()


def test_a_license_server_that_was_read_and_has_no_session_says_so(viewer: Viewer) -> None:
    LicenseServerFactory.create(name="idle")

    assert "No session of idle is open." in viewer.page(scope="server:idle").content.decode()


@pytest.mark.parametrize("path", [SESSIONS, "/features/realtime/usage"])
def test_an_empty_group_says_that_it_has_no_members_and_who_adds_them(viewer: Viewer, path: str) -> None:
    group = LicenseServerGroup.objects.create(name="XF")
    LicenseServerFactory.create()

    for_viewer = viewer.page(path, scope="group:XF").content.decode()
    viewer.login.is_staff = viewer.login.is_superuser = True
    viewer.login.save()
    for_administrator = viewer.page(path, scope="group:XF").content.decode()

    assert for_viewer.count("The license server group XF has no members.") >= 2  # the notice, and the grid
    assert "An administrator adds them." in for_viewer
    assert f'<a href="/admin/groups_app/licenseservergroup/{group.pk}/change/">Add license servers' in for_administrator


def header(viewer: Viewer, **params: str) -> str:
    """What stands beside the title of the rows, as words."""
    text = viewer.fragment(**params).content.decode()
    said = text[text.index('class="pane-age">') :].partition("</header>")[0].partition('<div class="pane-actions"')[0]
    return " ".join(re.sub(r"<[^>]*>", " ", said.partition(">")[2]).split())


@pytest.mark.parametrize(
    ("minutes", "age", "said"),
    [
        (1, "fresh", "updated 1 min ago"),
        (3, "late", "updated 3 min ago late"),
        (10, "stale", "updated 10 min ago stale"),
    ],
)
@pytest.mark.parametrize("queried", [True, False])
def test_the_age_of_one_license_servers_rows_has_its_colour_and_word(
    viewer: Viewer, minutes: int, age: str, said: str, queried: bool
) -> None:
    read_at = timezone.now() - timedelta(minutes=minutes)
    FeatureFactory.create(server__name="PL", server__read_at=read_at, server__enabled=queried)

    assert header(viewer, scope="server:PL") == said
    assert re.search(
        rf'<time class="age-{age}" data-age="{age}" data-read data-interval="60"',
        viewer.page(scope="server:PL").content.decode(),
    )


def test_of_several_license_servers_it_is_said_how_many_are_late_stale_or_do_not_answer(viewer: Viewer) -> None:
    now = timezone.now()
    LicenseServerFactory.create(name="fresh", read_at=now)
    assert header(viewer) == "updated just now"

    LicenseServerFactory.create(name="late", read_at=now - timedelta(minutes=3))
    assert header(viewer) == "updated just now 1 of 2 license servers has no fresh reading"

    silent = LicenseServerFactory.create(name="silent", read_at=now, failures=1)
    never = LicenseServerFactory.create(name="never asked", read_at=None, enabled=False)
    hidden = LicenseServerFactory.create(name="hidden", read_at=None)
    HiddenServer.objects.create(user=viewer.login, server=hidden)
    viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
    assert header(viewer) == "updated just now 2 of 3 license servers have no fresh reading"
    assert '<a class="sign sign-warn" href="/servers/">' in viewer.page().content.decode()

    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.add(silent, hidden)
    assert header(viewer, scope="group:XF").endswith("2 of 2 license servers have no fresh reading")
    assert f'<a class="sign sign-warn" href="/groups/{group.pk}/">' in viewer.page(scope="group:XF").content.decode()
    group.servers.add(never)
    assert header(viewer, scope="group:XF").endswith("3 of 3 license servers have no fresh reading")


def test_a_reason_that_is_a_sentence_ends_in_one_full_stop(viewer: Viewer) -> None:
    LicenseServerFactory.create(name="dead", read_at=None, reason="Check that lmgrd runs.")

    text = viewer.page(scope="server:dead").content.decode()

    assert "dead was never read: Check that lmgrd runs. <a" in text


def test_the_type_of_a_feature_reads_in_pick_lists_as_in_the_rows(viewer: Viewer) -> None:
    feature = FeatureFactory.create(name="solver", type="node-locked")
    scope = f"scope=server:{feature.server}"

    lines = viewer.client.get(f"/pick/features/?report=realtime-sessions&{scope}").content.decode()
    page = viewer.client.get(f"/features/realtime/sessions/?{scope}&feature=solver&version=1.0&type=node-locked")

    assert ">1.0 Node-locked</span>" in lines
    assert page.context["information"].feature_detail == "1.0 Node-locked"


def test_pick_lists_find_any_part_of_a_name(viewer: Viewer) -> None:
    for name in ("localhost", "remote"):
        FeatureFactory.create(server=LicenseServerFactory.create(name=name))
    LicenseServerGroup.objects.create(name="close hosts")

    text = viewer.client.get(
        "/pick/servers/?report=realtime-sessions&user=ann&q=HOST", headers={"HX-Request": "true"}
    ).content.decode()

    assert "/features/realtime/sessions/?scope=server%3Alocalhost&amp;user=ann" in text
    assert "scope=group%3Aclose+hosts" in text
    assert "remote" not in text


@pytest.mark.parametrize(
    "address",
    [
        "things/?report=realtime-sessions",
        "servers/?report=nothing",
        "users/?report=realtime-sessions",
        "features/?report=realtime-usage&scope=server:no",
    ],
)
def test_a_pick_list_that_is_not_there_is_not_found(viewer: Viewer, address: str) -> None:
    assert viewer.client.get(f"/pick/{address}").status_code == 404


def test_an_address_of_an_unknown_feature_keeps_the_license_server(viewer: Viewer) -> None:
    FeatureFactory.create(server__name="PL")

    page = viewer.page(scope="server:PL", feature="nothing")

    assert page.context["information"].server_label == "PL"
    assert "There is no feature &#x27;nothing&#x27; in PL." in picker(page.content.decode(), "features")
    assert viewer.file("csv", scope="server:PL", feature="nothing").status_code == 400


def test_a_type_without_a_license_server_leaves_all_license_servers_chosen(viewer: Viewer) -> None:
    for path in (SESSIONS, "/features/realtime/usage", "/features/history/usage", "/features/history/sessions"):
        page = viewer.page(path, type="floating")

        assert page.context["information"].server_label == "All license servers"
        assert page.context["information"].feature_error == "Choose a license server or a group before a feature."
        assert page.context["page"] is None


def test_a_feature_without_a_license_server_leaves_the_field_closed_and_says_why(viewer: Viewer) -> None:
    information = viewer.page(feature="nothing").context["information"]

    assert information.feature_disabled
    assert information.feature_error == "Choose a license server or a group before a feature."


def picker(page: str, what: str) -> str:
    """The HTML of one pick list."""
    start = page.index(f'id="pick-{what}-label"')
    return page[start : page.index("</div>\n", page.index("</details>", start))]
