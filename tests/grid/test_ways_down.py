"""From an aggregated row: its number leads to the sessions in it, and its X offers to close just those."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from groups_app.models import LicenseServerGroup, UserGroup
from sessions_app.grid.sessions import SESSIONS, USER_SESSIONS
from sessions_app.models import OpenSession
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS as PATH
from tests.grid.conftest import USERS, Viewer

ROW = r'<tr data-key="row-.*?</tr>'


@pytest.fixture
def fleet(viewer: Viewer) -> None:
    """Names that are empty, features of one name in several places, and a member that joined by what is known of it."""
    read = timezone.now() - timedelta(minutes=1)
    polish, american = (LicenseServerFactory.create(name=name, read_at=read) for name in ("PL", "US"))
    LicenseServerGroup.objects.create(name="XF").servers.add(polish, american)
    UserGroup.objects.create(name="design", members="b*")
    UserGroup.objects.create(name="analysis", members="ben\nanybody")
    mesh = FeatureFactory.create(server=polish, name="mesh", version="1.0", type="floating")
    features = [
        mesh,
        FeatureFactory.create(server=polish, name="mesh", version="1.0", type="floating", place=1),
        FeatureFactory.create(server=polish, name="mesh", version="1.0", type="floating", vendor="another"),
        FeatureFactory.create(server=polish, name="solver", version="", type=""),
        FeatureFactory.create(server=american, name="mesh", version="", type="", version_listed=False),
    ]
    for number, feature in enumerate(features):
        for user, host in (("bob", f"ws{number}"), ("bob", ""), ("ben", "ws9"), ("", "ws1")):
            OpenSessionFactory.create(feature=feature, user=user, host=host, used=1 + number)
    viewer.login.user_permissions.add(Permission.objects.get(codename="close_session"))
    viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")


SCOPES = [
    (PATH, {}),
    (PATH, {"scope": "server:PL"}),
    (PATH, {"scope": "group:XF"}),
    (PATH, {"scope": "group:XF", "feature": "mesh", "version": "1.0", "type": "floating"}),
    (PATH, {"user": "b"}),
    (USERS, {"scope": "user:bob"}),
    (USERS, {"scope": "group:design"}),
    (USERS, {"scope": "group:design", "user_group": "analysis"}),
    (USERS, {"scope": "group:design", "user_group": "design"}),
    (USERS, {"scope": "user:bob", "user_group": "design"}),
]
WAYS = [
    (path, scope, way.name)
    for path, scope in SCOPES
    for way in (USER_SESSIONS if path == USERS else SESSIONS).aggregations
]


def ways_of(page: Any) -> list[tuple[str, str]]:
    """Of each row on the page, where its number and its X lead."""
    rows = re.findall(ROW, page.content.decode(), re.DOTALL)
    links = [
        (re.search(r'href="([^"]*)" title="Show the', row), re.search(r'class="close-x" href="([^"]*)"', row))
        for row in rows
    ]
    return [(html.unescape(number[1]), html.unescape(cross[1])) for number, cross in links if number and cross]


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(("path", "scope", "way"), WAYS)
def test_a_row_leads_to_its_own_sessions_and_closes_no_others(
    viewer: Viewer, path: str, scope: dict[str, str], way: str
) -> None:
    page = viewer.page(path, **scope, group_by=way, per_page=50)
    rows, ways = page.context["page"].rows, ways_of(page)
    assert len(ways) == len(rows) > 0

    shown: list[int] = []
    for row, (number, cross) in zip(rows, ways, strict=True):
        inside = viewer.client.get(number, follow=True).context
        assert inside["state"].errors == {}
        assert sum(session["used"] for session in inside["page"].rows) == row["used"], number
        found = [session["id"] for session in inside["page"].rows]
        preview = viewer.client.get(cross).context["preview"]
        assert sorted(item.session.pk for item in (*preview.closable, *preview.blocked)) == sorted(found), cross
        shown += found
    whole = viewer.page(path, **scope, per_page=50).context["page"]
    assert sorted(shown) == sorted(row["id"] for row in whole.rows)


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("bounds", [{"used": "2"}, {"used_min": "=2"}, {"used_min": "2", "used_max": "2"}])
def test_a_bound_of_the_sum_is_not_one_of_the_sessions_in_it(viewer: Viewer, bounds: dict[str, str]) -> None:
    OpenSession.objects.filter(feature__name="solver").update(used=1)
    page = viewer.page(group_by="feature,user", user="bob", feature_name="solver", **bounds)

    ((number, _cross),) = ways_of(page)

    assert viewer.client.get(number, follow=True).context["page"].total == 2


@pytest.mark.usefixtures("fleet")
def test_what_is_empty_can_be_asked_for_and_is_said(viewer: Viewer) -> None:
    state = viewer.page(user_is="", host_is="ws1").context["state"]

    assert [chip.text for chip in state.chips] == ["User Name is empty", "Host Name is ws1"]
    assert {row["user"] for row in viewer.rows(user_is="")} == {""}


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(("what", "chosen"), [("features", "solver"), ("servers", "US")])
def test_another_choice_takes_the_place_of_what_a_row_of_a_group_led_to(viewer: Viewer, what: str, chosen: str) -> None:
    for inside, _cross in ways_of(viewer.page(scope="group:XF", group_by="feature")):
        query = inside.partition("?")[2]
        lines = viewer.client.get(f"/pick/{what}/?report=realtime-sessions&{query}").content.decode()
        (line,) = re.findall(rf'href="([^"]*)"><span>{chosen}<', lines)
        page = viewer.client.get(html.unescape(line)).context

        assert page["state"].chips == []
        assert page["page"].total > 0
