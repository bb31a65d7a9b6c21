from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from licstats.managers.base import Output
from licstats.managers.reading import Problem, ProblemKind, Reading, Status, Verdict
from licstats.models import Feature, LicenseServer, Pool
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory

ADD = "/admin/licstats/licenseserver/add/"
LIST = "/admin/licstats/licenseserver/"
FORM = {
    "name": "PL",
    "manager": "flexnet",
    "address": "27000@pl",
    "timezone": "Europe/Warsaw",
    "site": "krakow",
    "interval": "90s",
    "timeout": "15 s",
    "enabled": "on",
    "description": "",
}


def edit(client: Client, server: LicenseServer, **fields: str):
    return client.post(f"/admin/licstats/licenseserver/{server.pk}/change/", FORM | {"name": server.name} | fields)


def said(answer) -> list[str]:
    """The messages that this answer left for the next page, which are read with it."""
    return [str(message) for message in list(get_messages(answer.wsgi_request))[-1:]]


def test_a_license_server_is_added_and_due_at_once(admin_page: Client) -> None:
    assert admin_page.post(ADD, FORM).status_code == 302
    server = LicenseServer.objects.get()
    assert (server.name, server.manager, server.timezone) == ("PL", "flexnet", "Europe/Warsaw")
    assert (server.interval, server.timeout) == (timedelta(seconds=90), timedelta(seconds=15))
    assert server.status == ""


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("address", "pl; rm -rf /", "27000@"),
        ("address", "-c evil", "27000@"),
        ("timezone", "Mars/Olympus", "Select a valid choice"),
        ("manager", "abacus", "Select a valid choice"),
        ("interval", "soon", "is not a duration"),
        ("interval", "60", "is not a duration"),
        ("interval", "4 s", "It must be 5 s or longer."),
        ("interval", "25 h", "It must be 1 d or shorter."),
        ("timeout", "0 s", "It must be 1 s or longer."),
        ("timeout", "2h", "It must be 10 min or shorter."),
        ("name", "a/b", "no line break, tab, slash"),
        ("name", "P\u200bL", "take U+200B out of it"),
        ("site", "Kraków!", "small letters, digits"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(
    admin_page: Client, field: str, value: str, message: str
) -> None:
    page = admin_page.post(ADD, FORM | {field: value}).content.decode()
    errors = re.findall(r'<ul class="errorlist"[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert len(errors) == 1, errors
    assert message in errors[0]
    assert not LicenseServer.objects.exists()


def test_the_form_begins_with_the_defaults_and_offers_titles(admin_page: Client) -> None:
    page = admin_page.get(ADD).content.decode()
    assert 'name="interval" value="60 s"' in page
    assert 'name="timeout" value="15 s"' in page
    assert '<option value="UTC" selected>' in page
    assert ">FlexNet</option>" in page


def test_a_change_leaves_alone_what_a_poll_wrote_meanwhile(admin_page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from licstats.admin import LicenseServerForm

    server = LicenseServerFactory(name="PL", status="up", revision=7)
    clean = LicenseServerForm.clean

    def polled_meanwhile(form: LicenseServerForm):
        LicenseServer.objects.filter(pk=server.pk).update(status="down", verdict="failed", failures=1, revision=8)
        return clean(form)

    monkeypatch.setattr(LicenseServerForm, "clean", polled_meanwhile)
    assert edit(admin_page, server, site="boston").status_code == 302
    server.refresh_from_db()
    assert (server.site, server.status, server.verdict, server.failures) == ("boston", "down", "failed", 1)
    assert server.revision == 9


def test_saving_without_a_change_changes_no_interval(admin_page: Client) -> None:
    server = LicenseServerFactory(interval=timedelta(seconds=90), timeout=timedelta(seconds=61))
    page = admin_page.get(f"/admin/licstats/licenseserver/{server.pk}/change/").content.decode()
    shown = dict(re.findall(r'name="(interval|timeout)" value="([^"]*)"', page))
    edit(admin_page, server, **shown)
    server.refresh_from_db()
    assert (server.interval, server.timeout) == (timedelta(seconds=90), timedelta(seconds=61))


def test_what_a_query_found_is_shown_and_cannot_be_set(admin_page: Client) -> None:
    server = LicenseServerFactory(name="PL", reason="time-out after 15 s")
    page = admin_page.get(f"/admin/licstats/licenseserver/{server.pk}/change/").content.decode()
    assert "time-out after 15 s" in page
    assert not re.search(r'name="(status|verdict|reason|read_at|revision|digest)"', page)


def test_deleting_asks_with_what_goes(admin_page: Client) -> None:
    feature = FeatureFactory()
    OpenSessionFactory.create_batch(3, feature=feature)
    address = f"/admin/licstats/licenseserver/{feature.server.pk}/delete/"
    page = admin_page.get(address).content.decode()
    assert "3 open sessions" in page
    assert "1 feature" in page
    assert LicenseServer.objects.exists()
    admin_page.post(address, {"post": "yes"})
    assert not LicenseServer.objects.exists()
    assert not Feature.objects.exists()


def test_servers_are_disabled_and_enabled_together(admin_page: Client) -> None:
    servers = LicenseServerFactory.create_batch(2)
    chosen = [server.pk for server in servers]
    answer = admin_page.post(LIST, {"action": "disable", "_selected_action": chosen})
    assert said(answer) == ["2 license servers disabled."]
    assert not LicenseServer.objects.filter(enabled=True).exists()
    answer = admin_page.post(LIST, {"action": "enable", "_selected_action": chosen[:1]})
    assert said(answer) == ["1 license server enabled."]
    assert list(LicenseServer.objects.order_by("pk").values_list("revision", flat=True)) == [2, 1]


def test_a_test_asks_and_shows_the_verdict_and_stores_nothing(
    admin_page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def query(server: LicenseServer) -> tuple[Reading, dict[str, Output]]:
        problem = Problem(ProblemKind.TOOL, f"cannot connect to {server.address}")
        return Reading(Status.DOWN, Verdict.FAILED, NOON, problems=(problem,)), {}

    monkeypatch.setattr("sessions_app.server_admin.query", query)
    server = LicenseServerFactory(name="PL", address="27000@pl")
    answer = admin_page.post(LIST, {"action": "test", "_selected_action": [server.pk]})
    assert said(answer) == ["PL: failed. cannot connect to 27000@pl"]
    server.refresh_from_db()
    assert (server.status, server.revision) == ("up", 0)


def test_a_test_of_too_many_is_refused(admin_page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.server_admin.query", lambda server: pytest.fail("was asked"))
    servers = LicenseServerFactory.create_batch(6)
    answer = admin_page.post(LIST, {"action": "test", "_selected_action": [server.pk for server in servers]})
    assert said(answer) == ["Choose up to 5 license servers to test at once."]


def test_a_test_with_a_real_tool_that_is_missing_says_so(admin_page: Client, settings: object) -> None:
    settings.LICSTATS_TOOLS = {"lmutil": "/nowhere/lmutil"}  # type: ignore[attr-defined]
    server = LicenseServerFactory(name="PL")
    answer = admin_page.post(LIST, {"action": "test", "_selected_action": [server.pk]})
    assert said(answer)[0].startswith("PL: failed. ")
    assert "/nowhere/lmutil" in said(answer)[0]


def test_query_now_from_the_list_makes_due_what_is_enabled(admin_page: Client) -> None:
    later = NOON + timedelta(days=10_000)
    on, off = LicenseServerFactory(next_poll_at=later), LicenseServerFactory(next_poll_at=later, enabled=False)
    answer = admin_page.post(LIST, {"action": "ask_now", "_selected_action": [on.pk, off.pk]})
    assert said(answer) == ["1 will be queried within seconds. 1 disabled left out."]
    on.refresh_from_db()
    off.refresh_from_db()
    assert on.next_poll_at < later == off.next_poll_at


@pytest.mark.parametrize("model", ["feature", "pool"])
def test_features_and_pools_are_only_looked_at(admin_page: Client, model: str) -> None:
    feature = FeatureFactory(name="solver")
    pool = Pool.objects.create(feature=feature, place=0, total=5)
    key = feature.pk if model == "feature" else pool.pk
    assert b"solver" in admin_page.get(f"/admin/licstats/{model}/?q=solv").content
    page = admin_page.get(f"/admin/licstats/{model}/{key}/change/").content.decode()
    assert "_save" not in page
    assert admin_page.get(f"/admin/licstats/{model}/add/").status_code == 403
    assert admin_page.post(f"/admin/licstats/{model}/{key}/delete/", {"post": "yes"}).status_code == 403


def test_administration_leads_back_and_signs_out_where_all_pages_do(admin_page: Client) -> None:
    page = admin_page.get("/admin/").content.decode()
    assert "Back to licstats" in page
    assert 'action="/logout/"' in page
    assert "licstats/admin.css" in page
