"""The pages of license server groups follow by themselves what happens to the members."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups_app.models import ForbiddenServer, LicenseServerGroup
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory
from tests.groups.asking import signed_in
from tests.groups.secret import login

pytestmark = pytest.mark.django_db

LISTED = "/groups/"
SUMMED = "/groups/feature/?scope=group:XF&feature=WXPF&version=1.0&type=floating"


class Open:
    """A page that is open in a browser, and asks whether it is still right."""

    def __init__(self, client: Client, address: str) -> None:
        self.client, self.address = client, address
        self.version = client.get(address).context["version"]

    def asked(self) -> Any:
        headers = {"HX-Request": "true", "HX-Target": "it", "X-Version": self.version}
        return self.client.get(self.address, headers=headers)


@pytest.fixture
def viewer() -> User:
    return login("viewer")


@pytest.fixture
def pages(viewer: User, group: LicenseServerGroup) -> dict[str, Open]:
    addresses = {"list": LISTED, "group": reverse("group", args=[group.pk]), "feature": SUMMED}
    client = signed_in(viewer)
    with time_machine.travel(NOON, tick=False):
        return {name: Open(client, address) for name, address in addresses.items()}


def reading(server: LicenseServer) -> None:
    LicenseServer.objects.filter(pk=server.pk).update(read_at=NOON + timedelta(seconds=20))


def going_down(server: LicenseServer) -> None:
    LicenseServer.objects.filter(pk=server.pk).update(status="down", failures=1, revision=F("revision") + 1)


def leaving(server: LicenseServer) -> None:
    server.groups.clear()


def retyping(server: LicenseServer) -> None:
    Feature.objects.filter(server=server, name="WXPF").update(total=11)
    LicenseServer.objects.filter(pk=server.pk).update(revision=F("revision") + 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (reading, {"group": "30 s ago", "feature": "30 s ago"}),
        (going_down, {"list": "some online (2 of 3)", "group": "some online (2 of 3)", "feature": "30 = DK 10"}),
        (leaving, {"list": "all online (2 of 2)", "group": "all online (2 of 2)", "feature": "20 = DK 10"}),
        (retyping, {"group": "all online (3 of 3)", "feature": "31 = DK 10"}),
    ],
)
def test_an_open_page_is_drawn_anew_once_what_it_shows_is_different(
    pages: dict[str, Open], change: Callable[[LicenseServer], None], says: dict[str, str]
) -> None:
    with time_machine.travel(NOON, tick=False):
        assert {name: page.asked().status_code for name, page in pages.items()} == dict.fromkeys(pages, 204)

        change(LicenseServer.objects.get(name="PL"))

    with time_machine.travel(NOON + timedelta(seconds=50), tick=False):
        for name, page in pages.items():
            answer = page.asked()
            text = answer.content.decode().replace("</span>", "").replace('<span class="term">', "")
            assert answer.status_code == (200 if name in says else 204), name
            assert says.get(name, "") in text
            assert "<html" not in text


def test_a_page_says_of_a_reading_that_it_is_too_old_once_it_is(pages: dict[str, Open]) -> None:
    LicenseServer.objects.filter(name__in=["US", "DK"]).update(read_at=NOON + timedelta(hours=24))

    with time_machine.travel(NOON + timedelta(hours=24, minutes=1), tick=False):
        assert "PL is left out" in pages["group"].asked().content.decode()
        assert "PL left out" in pages["feature"].asked().content.decode()


def test_what_nothing_changed_on_takes_few_queries(pages: dict[str, Open], group: LicenseServerGroup) -> None:
    for number in range(10):
        group.servers.add(FeatureFactory(server__name=f"more{number}", name="WXPF").server)
    with time_machine.travel(NOON, tick=False):
        for page in pages.values():
            page.version = page.client.get(page.address).context["version"]
            with CaptureQueriesContext(connection) as queries:
                assert page.asked().status_code == 204
            assert len(queries) <= 6, [query["sql"] for query in queries]


def test_an_open_page_of_a_group_that_is_kept_from_the_login_is_there_no_more(
    pages: dict[str, Open], viewer: User
) -> None:
    ForbiddenServer.objects.create(role=viewer.groups.get(name="limited"), server=LicenseServer.objects.get(name="PL"))

    assert [pages[name].asked().status_code for name in ("group", "feature")] == [404, 404]
    assert "XF" not in pages["list"].asked().content.decode()
