"""The two examples of license server groups, on the pages, in the exports and in JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from openpyxl import load_workbook

from groups_app.hiding import SetVisibility
from groups_app.models import LicenseServerGroup
from groups_app.roles import AddLogin
from licstats.models import LicenseServer
from tests.factories import NOON, FeatureFactory, OpenSessionFactory, UsageIntervalFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
GROUP = "scope=group:XF"
FEATURE = "feature=WXPF&version=1.0&type=floating"


@pytest.fixture(autouse=True)
def fleet() -> LicenseServerGroup:
    """PL, US and DK have 10 licenses of WXPF each, of which one is in use, and are the group XF."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name in ("PL", "US", "DK"):
        feature = FeatureFactory(server__name=name, name="WXPF", used=1)
        OpenSessionFactory(feature=feature, user=f"user of {name}")
        group.servers.add(feature.server)
    return group


def make_login(name: str) -> User:
    AddLogin(name, "viewer").execute()
    return User.objects.get(username=name)


def sebastian() -> User:
    return make_login("sebastian")


def peter() -> User:
    login = make_login("peter")
    SetVisibility(login, servers=[LicenseServer.objects.get(name="US")]).execute()
    return login


def anna() -> User:
    login = make_login("anna")
    servers = LicenseServer.objects.filter(name__in=["PL", "DK"])
    SetVisibility(login, features=[(server, "WXPF") for server in servers]).execute()
    return login


class Reports:
    """What one login reads, at a time."""

    def __init__(self, user: User, now: datetime = NOON) -> None:
        self.client = Client()
        with time_machine.travel(now, tick=False):
            self.client.force_login(user)
        self.now = now

    def get(self, name: str, query: str, extension: str = ""):
        address = reverse(f"{name}-export" if extension else name, kwargs={"extension": extension} if extension else {})
        with time_machine.travel(self.now, tick=False):
            response = self.client.get(f"{address}?{query}")
            assert response.status_code == 200, response.content
            return response if not response.streaming else b"".join(response.streaming_content)

    def get_group(self) -> str:
        with time_machine.travel(self.now, tick=False):
            pk = LicenseServerGroup.objects.get().pk
            return self.client.get(reverse("group", args=[pk])).content.decode()

    def json_totals(self, query: str) -> list[int]:
        return [row["total"] for row in json.loads(self.get("realtime-usage", query, "json"))["rows"]]

    def csv_totals(self, query: str) -> list[int]:
        text = self.get("realtime-usage", query, "csv").decode("utf-8-sig")
        return [int(row["total"]) for row in csv.DictReader(io.StringIO(text))]

    def xlsx_totals(self, query: str) -> list[int]:
        sheet = load_workbook(io.BytesIO(self.get("realtime-usage", query, "xlsx"))).active
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        head = next(row for row in rows if any(str(cell).lower() == "total" for cell in row))
        place = [str(cell).lower() for cell in head].index("total")
        return [row[place] for row in rows[rows.index(head) + 1 :] if isinstance(row[place], int)]

    def page_total(self, query: str) -> int:
        """The sum of the totals on the page, with the arithmetic that it shows for what is available."""
        text = self.get("realtime-usage", query).content.decode()
        return sum(int(found) for found in re.findall(r"= (\d+) total - ", text))


@pytest.mark.parametrize("who", [sebastian, peter, anna])
def test_every_login_sees_thirty_in_the_group(who) -> None:
    reports = Reports(who())

    assert reports.json_totals(GROUP) == [30]
    assert reports.csv_totals(GROUP) == [30]
    assert reports.xlsx_totals(GROUP) == [30]
    assert reports.page_total(GROUP) == 30
    assert reports.json_totals(f"{GROUP}&{FEATURE}") == [30]


@pytest.mark.parametrize(("who", "total"), [(sebastian, 30), (peter, 20), (anna, 10)])
def test_reports_of_single_servers_hide_what_a_login_hides(who, total: int) -> None:
    reports = Reports(who())

    assert sum(reports.json_totals("scope=all")) == total
    assert sum(reports.csv_totals("scope=all")) == total
    assert sum(reports.xlsx_totals("scope=all")) == total
    assert reports.page_total("scope=all") == total


@pytest.mark.parametrize("who", [sebastian, peter, anna])
def test_every_login_sees_all_sessions_of_the_group(who) -> None:
    rows = json.loads(Reports(who()).get("realtime-sessions", GROUP, "json"))["rows"]

    assert {row["user"] for row in rows} == {"user of PL", "user of US", "user of DK"}


class TestTheRetiredServer:
    """DK is asked no more; PL and US go on."""

    @pytest.fixture(autouse=True)
    def _others_go_on(self) -> None:
        LicenseServer.objects.filter(name__in=["PL", "US"]).update(read_at=NOON + 3 * DAY)

    @pytest.mark.parametrize(("later", "total"), [(DAY - MINUTE, 30), (DAY, 30), (DAY + MINUTE, 20)])
    def test_it_counts_for_24_hours(self, later: timedelta, total: int) -> None:
        reports = Reports(sebastian(), NOON + later)

        assert reports.json_totals(GROUP) == [total]
        assert reports.page_total(GROUP) == total

    @pytest.mark.parametrize(("later", "who"), [(DAY, ["DK", "PL", "US"]), (DAY + MINUTE, ["PL", "US"])])
    @pytest.mark.parametrize("chosen", [GROUP, f"{GROUP}&{FEATURE}"])
    def test_its_sessions_are_shown_in_the_group_as_long_as_its_figures_count(
        self, chosen: str, later: timedelta, who: list[str]
    ) -> None:
        reports = Reports(sebastian(), NOON + later)

        rows = json.loads(reports.get("realtime-sessions", f"{chosen}&sort=user", "json"))["rows"]
        assert [row["user"] for row in rows] == [f"user of {name}" for name in who]
        assert "user of DK" in reports.get("realtime-sessions", "scope=server:DK").content.decode()
        named = (
            "DK is left out: its last reading was 1 d ago" in reports.get("realtime-sessions", chosen).content.decode()
        )
        assert named == ("DK" not in who)

    def test_without_any_member_that_counts_the_group_says_so_and_leads_to_its_history(self) -> None:
        page = Reports(sebastian(), NOON + 9 * DAY).get("realtime-sessions", GROUP).content.decode()

        assert "No realtime data. None of the license servers of XF was read in the last 24 h." in page
        assert "None of the license servers of XF was read in the last 24 h." in page.partition('class="empty')[2]
        assert "/features/history/usage/?scope=group%3AXF" in page
        assert "No session of XF is open" not in page

    def test_it_comes_back_with_its_next_reading(self) -> None:
        login = sebastian()
        assert Reports(login, NOON + 2 * DAY).json_totals(GROUP) == [20]

        LicenseServer.objects.filter(name="DK").update(read_at=NOON + 2 * DAY)

        assert Reports(login, NOON + 2 * DAY).json_totals(GROUP) == [30]

    def test_its_history_stays(self) -> None:
        feature = LicenseServer.objects.get(name="DK").features.get()
        UsageIntervalFactory(
            feature=feature, started_at=NOON - timedelta(hours=5), ended_at=NOON - timedelta(hours=1),
            used=7,
        )  # fmt: skip
        period = f"from={NOON - DAY:%Y-%m-%dT%H:%MZ}&to={NOON + 3 * DAY:%Y-%m-%dT%H:%MZ}"

        page = Reports(sebastian(), NOON + 3 * DAY).get("history-usage", f"{GROUP}&{FEATURE}&{period}")

        assert ">7<" in page.content.decode()

    def test_the_arithmetic_is_shown_and_says_why_it_is_left_out(self) -> None:
        reports = Reports(sebastian(), NOON + 3 * DAY)

        page = reports.get("merged-feature", f"{GROUP}&{FEATURE}").content.decode()
        text = strip_tags(page)

        assert "20 = PL 10 + US 10" in text
        assert '<span class="term">US 10</span>' in page  # no line ends between a license server and its figure
        assert "DK left out: last reading 3 days ago" in text

    def test_never_read_it_blanks_the_row_and_is_named(self) -> None:
        LicenseServer.objects.filter(name="DK").update(read_at=None)
        reports = Reports(sebastian(), NOON)

        assert reports.json_totals(GROUP) == []
        assert "DK never had a realtime reading" in reports.get("merged-feature", f"{GROUP}&{FEATURE}").content.decode()
        group = reports.get_group()
        assert "DK never had a realtime reading: 1 feature has no realtime figures" in group
