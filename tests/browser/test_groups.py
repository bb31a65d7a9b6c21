"""An administrator makes a group, a viewer reads its report and hides what it does not want to see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from groups_app.models import LicenseServerGroup
from groups_app.roles import AddLogin
from licstats.models import LicenseServer
from tests.browser.conftest import hasten
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

SignIn = Callable[[User], Page]


def fleet() -> None:
    for name in ("PL", "US", "DK"):
        FeatureFactory(server__name=name, server__read_at=timezone.now(), name="WXPF", used=2)
    FeatureFactory(server__name="odd", vendor="acad", name="other")
    LicenseServerFactory.create_batch(60)


def login(name: str, role: str) -> User:
    AddLogin(name, role).execute()
    return User.objects.get(username=name)


def test_an_administrator_makes_a_group_and_sees_its_report(sign_in: SignIn, live_server: LiveServer) -> None:
    fleet()
    page = sign_in(login("root", "administrator"))
    page.goto(f"{live_server.url}/groups/")
    page.get_by_role("link", name="Add group").click()
    page.get_by_label("Name:").fill("XF")
    for name in ("PL", "US", "DK", "odd"):
        page.locator("#id_servers_input").fill(name)
        page.locator("#id_servers_from").get_by_text(f"{name} · FlexNet").dblclick()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("odd has no vendor in common with the others: it serves acad")).to_be_visible()

    page.locator("#id_servers_to").get_by_text("odd · FlexNet").dblclick()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert LicenseServerGroup.objects.get().servers.count() == 3

    page.goto(f"{live_server.url}/groups/")
    page.get_by_role("link", name="XF").click()
    expect(page.get_by_text("all online (3 of 3)")).to_be_visible()
    page.screenshot(path="screenshots/group.png")
    page.get_by_role("link", name="Realtime usage").click()
    row = page.get_by_role("row").filter(has_text="WXPF")
    expect(row).to_contain_text("30")
    page.screenshot(path="screenshots/group-usage.png")


@pytest.mark.parametrize("width", [1440, 400])
def test_the_forbidden_license_servers_of_a_role_stand_after_their_label(
    sign_in: SignIn, live_server: LiveServer, width: int
) -> None:
    fleet()
    page = sign_in(login("root", "administrator"))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/admin/auth/group/{Group.objects.get(name='viewer').pk}/change/")

    places = [page.locator(each).bounding_box() for each in ("label[for=id_forbidden]", "#id_forbidden_from")]

    page.screenshot(path=f"screenshots/role-{width}.png", full_page=True)
    label, picker = ((place["x"], place["y"]) for place in places if place)
    assert label < picker if width > 800 else label[1] < picker[1]


def test_the_arithmetic_of_a_merged_feature_is_a_page(sign_in: SignIn, live_server: LiveServer) -> None:
    fleet()
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.set(LicenseServer.objects.filter(name__in=["PL", "US", "DK"]))
    page = sign_in(login("ann", "viewer"))

    page.goto(f"{live_server.url}/groups/feature/?scope=group:XF&feature=WXPF&version=1.0&type=floating")

    expect(page.get_by_text("30 = DK 10 + PL 10 + US 10")).to_be_visible()
    page.screenshot(path="screenshots/merged-feature.png")
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_arithmetic_of_a_figure_can_be_pointed_at_and_goes_when_it_is_left(
    sign_in: SignIn, live_server: LiveServer
) -> None:
    fleet()
    LicenseServerGroup.objects.create(name="XF").servers.set(LicenseServer.objects.filter(name__in=["PL", "US", "DK"]))
    page = sign_in(login("ann", "viewer"))
    page.goto(f"{live_server.url}/features/realtime/usage/?scope=group:XF")
    page.get_by_role("row").filter(has_text="WXPF").locator("[data-sum]").last.hover()
    card = page.locator("#sum-card")
    expect(card).to_contain_text("30 = DK 10 + PL 10 + US 10")
    figure, place = page.locator("[data-sum][aria-describedby]").bounding_box(), card.bounding_box()
    assert figure
    assert place
    x, bottom = figure["x"] + figure["width"] / 2, figure["y"] + figure["height"]
    for y in (bottom + 2, place["y"] + 10):  # as a hand moves, with a pause in the gap
        page.mouse.move(x, y)
        page.wait_for_timeout(100)
    page.wait_for_timeout(500)
    expect(card).to_be_visible()
    page.mouse.move(5, 5)
    expect(card).to_be_hidden()


def test_the_arithmetic_of_a_figure_shows_by_keyboard_though_the_grid_scrolls_to_it(
    sign_in: SignIn, live_server: LiveServer
) -> None:
    fleet()
    LicenseServerGroup.objects.create(name="XF").servers.set(LicenseServer.objects.filter(name__in=["PL", "US", "DK"]))
    page = sign_in(login("ann", "viewer"))
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_server.url}/features/realtime/usage/?scope=group:XF")
    page.locator("[data-sum]:not([tabindex])").first.focus()
    assert page.evaluate("document.activeElement.closest('.grid-scroll').scrollLeft") > 0

    page.wait_for_timeout(1000)

    expect(page.locator("#sum-card")).to_contain_text("30 = DK 10 + PL 10 + US 10")
    expect(page.locator("#sum-card")).to_be_visible()


@pytest.mark.parametrize(
    ("address", "width"), [("/groups/", 1440), ("/groups/", 390), ("/admin/groups_app/licenseservergroup/", 1440)]
)
def test_a_long_name_of_a_group_leaves_the_lists_their_room(
    sign_in: SignIn, live_server: LiveServer, address: str, width: int
) -> None:
    fleet()
    for name in ("x" * 100, "XF"):
        group = LicenseServerGroup.objects.create(name=name, description="Three sites that share their licenses")
        group.servers.set(LicenseServer.objects.filter(name__in=["PL", "US", "DK"]))
    page = sign_in(login("root", "administrator"))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(live_server.url + address)

    row = page.get_by_role("row").filter(has_text="XF").bounding_box()
    words = page.get_by_role("cell", name="Three sites").last.bounding_box()

    page.screenshot(path=f"screenshots/groups-{address.strip('/').partition('/')[0]}-{width}.png")
    assert row
    assert words
    assert row["height"] < 60
    assert words["x"] + words["width"] <= width or width < 800


def test_an_open_page_of_a_group_follows_its_members_and_the_end_of_the_group(
    sign_in: SignIn, live_server: LiveServer
) -> None:
    fleet()
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.set(LicenseServer.objects.filter(name__in=["PL", "US", "DK"]))
    page = sign_in(login("ann", "viewer"))
    page.goto(f"{live_server.url}/groups/{group.pk}/")
    link = page.get_by_role("link", name="Realtime usage")
    link.focus()

    LicenseServer.objects.filter(name="PL").update(status="down", failures=1, revision=F("revision") + 1)
    hasten(page)

    expect(page.get_by_text("some online (2 of 3)")).to_be_visible()
    expect(page.get_by_text("PL does not answer")).to_be_visible()
    expect(link).to_be_focused()
    group.delete()
    hasten(page)
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_login_hides_several_servers_and_shows_them_again(sign_in: SignIn, live_server: LiveServer) -> None:
    fleet()
    page = sign_in(login("ann", "viewer"))
    page.goto(f"{live_server.url}/visibility/")
    visible, hidden = page.locator("section", has_text="Visible").first, page.locator("section", has_text="Hidden").last
    page.get_by_label("Filter visible").fill("server")
    page.get_by_label("Filter visible").press("Enter")
    visible.get_by_label("Tick all shown").check()
    visible.get_by_label("Tick all shown").uncheck()
    boxes = visible.locator("tbody input")
    boxes.nth(0).check()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(visible.locator("tbody input:checked")).to_have_count(4)
    visible.get_by_role("button", name="Hide ticked").click()

    expect(page.get_by_text("4 are hidden.")).to_be_visible()
    expect(hidden.locator("tbody input")).to_have_count(4)
    page.screenshot(path="screenshots/visibility.png")
    hidden.get_by_role("button", name="Show all 4").click()
    expect(page.get_by_text("Nothing is hidden.")).to_be_visible()


def test_a_user_group_shows_who_matches_while_it_is_written(sign_in: SignIn, live_server: LiveServer) -> None:
    for user in (*(f"design-{number}" for number in range(1, 103)), "ann"):
        OpenSessionFactory(user=user)
    page = sign_in(login("root", "administrator"))
    page.goto(f"{live_server.url}/admin/groups_app/usergroup/add/")
    page.get_by_label("Members:").fill("design-*")

    matches = page.locator(".matches")
    expect(matches.locator("p")).to_have_text("102 of the users that have sessions now match.")
    expect(matches.get_by_text("design-1", exact=True)).to_have_count(1)
    expect(matches.locator("li").last).to_have_text("and 2 more")
    page.screenshot(path="screenshots/user-group.png")
