"""A license server that gets another address: what the machine of the former one said of itself is not said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone as clock

from licstats.models import Feature, LicenseServer, QueryOutput
from sessions_app.polling import poll
from sessions_app.polling.cache import Readings
from sessions_app.polling.poll import PollServer
from tests.factories import LicenseServerFactory
from tests.groups.fleets import apply
from tests.polling.conftest import Tool
from tests.polling.reports import lmstat

pytestmark = pytest.mark.django_db

FIELDS = {"name": "PL", "manager": "flexnet", "timezone": "UTC", "interval": "1h", "timeout": "15 s"}
CATALOGUE = (
    "Feature Version #licenses Vendor Expires\n_______ _______ _________ ______ _______\n"
    "solver 1.0 10 vendord 31-dec-2030\n"
)
Change = Callable[..., object]


@pytest.fixture(params=["administration", "fleet file"])
def change(request: pytest.FixtureRequest, admin_client: Client, tmp_path: Path) -> Change:
    """Gives PL these values, either way."""

    def by_form(**values: str) -> object:
        page = f"/admin/licstats/licenseserver/{LicenseServer.objects.get().pk}/change/"
        form = {"address": "27000@old", "site": "main", "enabled": "on", "description": ""}
        return admin_client.post(page, FIELDS | form | values)

    def by_file(**values: str) -> object:
        lines = (f'{key} = "{value}"\n' for key, value in (FIELDS | {"address": "27000@old"} | values).items())
        return apply(tmp_path, "[[server]]\n" + "".join(lines))

    return by_form if request.param == "administration" else by_file


@pytest.fixture
def polled(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> LicenseServer:
    """PL, whose catalogue was had, and which is due again in an hour."""
    monkeypatch.setattr(poll, "readings", Readings())
    server = LicenseServerFactory(
        name="PL", address="27000@old", interval=timedelta(hours=1), next_poll_at=clock.now() + timedelta(hours=1)
    )
    tool.catalogue(CATALOGUE)
    now_says(tool)
    PollServer(server).execute()
    assert Feature.objects.get().expires == date(2030, 12, 31)
    return server


def now_says(tool: Tool) -> None:
    tool.says(lmstat(clock.now().replace(tzinfo=None), {"solver": (10, ["ada 101"])}))


def test_a_new_address_is_asked_for_its_own_catalogue_at_once(
    polled: LicenseServer, tool: Tool, change: Change
) -> None:
    change(address="27000@new")

    server = LicenseServer.objects.get()
    assert (server.address, server.revision) == ("27000@new", polled.revision + 1)
    assert server.next_poll_at <= clock.now()
    tool.catalogue(CATALOGUE.replace("31-dec-2030", "30-jun-2029"))
    PollServer(server).execute()
    assert "lmstat -i -c 27000@new" in tool.asked()
    assert Feature.objects.get().expires == date(2029, 6, 30)


def test_a_new_address_without_a_catalogue_has_no_dates_of_the_former(
    polled: LicenseServer, tool: Tool, change: Change
) -> None:
    change(address="27000@new")

    tool.catalogue("", "sys.exit(1)")
    PollServer(LicenseServer.objects.get()).execute()
    assert not Feature.objects.filter(last_listed_at=None, expires=date(2030, 12, 31)).exists()


def test_another_description_keeps_the_catalogue(polled: LicenseServer, tool: Tool, change: Change) -> None:
    change(description="in Warsaw")

    server = LicenseServer.objects.get()
    assert (server.description, server.revision) == ("in Warsaw", polled.revision + 1)
    PollServer(server).execute()
    assert sum("-i" in call for call in tool.asked()) == 1


def test_a_catalogue_that_was_asked_of_the_former_address_is_not_kept_for_the_new_one(
    polled: LicenseServer, tool: Tool, change: Change
) -> None:
    QueryOutput.objects.all().delete()

    PollServer(polled).execute(look=lambda _: change(address="27000@new"))  # while its tools run
    assert tool.asked()[-1].endswith("-c 27000@old")
    tool.catalogue("", "sys.exit(1)")
    PollServer(LicenseServer.objects.get()).execute()

    assert not Feature.objects.filter(last_listed_at=None, expires=date(2030, 12, 31)).exists()
