"""The page of closed sessions, its exports, and what the administration shows of closes."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from groups_app.models import HiddenFeature, HiddenServer
from sessions_app.closing import record
from sessions_app.closing.history import CLOSES
from sessions_app.models import CloseEvent, CloseRequest, CloseState
from tests.closing.making import AT, close_request
from tests.factories import OpenSessionFactory, UserFactory
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
PAGE = "/closed-sessions/"


def made(user: str, state: str = CloseState.CLOSED, **fields: object) -> CloseRequest:
    took = timedelta(seconds=2.25)
    times = {"requested_at": AT, "moved_at": AT + took, "ended_at": AT + took} | fields
    return close_request(OpenSessionFactory(user=user), state, **times)


@pytest.fixture
def web(client: Client, login: User) -> Client:
    client.force_login(login)
    return client


def rows(web: Client, **query: object) -> list[dict[str, str]]:
    answer = web.get("/closed-sessions.csv", query)
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))


def test_it_tells_who_when_what_why_and_what_came_of_it(web: Client) -> None:
    request = made("ada", CloseState.TAKEN_AGAIN, reason="left", message="Back.", taken_again_at=AT)
    shown = web.get(PAGE).content.decode()
    for part in ("nadia", "ada", request.host, "left", "Taken again", "Back.", "2.2 s", "2026-03-16 12:00"):
        assert part in shown
    (row,) = rows(web)
    assert (row["login"], row["user"], row["reason"], row["outcome"]) == ("nadia", "ada", "left", "taken_again")
    assert (row["took"], row["asked_at"]) == ("2", "2026-03-16T12:00:00+00:00")


def test_it_filters_and_sorts_like_every_grid(web: Client) -> None:
    made("ada", reason="left")
    made("ben", CloseState.REFUSED, requested_at=AT - timedelta(hours=1))
    made("cleo", CloseState.TAKEN_AGAIN, taken_again_at=AT)
    assert [row["user"] for row in rows(web, outcome="refused")] == ["ben"]
    assert [row["user"] for row in rows(web, user="E")] == ["cleo", "ben"]
    assert [row["user"] for row in rows(web, taken_again="1")] == ["cleo"]
    assert [row["user"] for row in rows(web, sort="user", reason="lef")] == ["ada"]
    assert [row["user"] for row in rows(web, took_min="1h", sort="user")] == ["ben"]
    assert [row["user"] for row in rows(web, asked_before="2026-03-16T11:30:00Z")] == ["ben"]


def test_a_wrong_filter_shows_nothing_and_says_why(web: Client) -> None:
    made("ada")
    assert web.get("/closed-sessions.csv", {"outcome": "lost"}).status_code == 400
    assert "ada" not in web.get(PAGE, {"outcome": "lost"}).content.decode()


@pytest.mark.parametrize("name", [name for name, column in CLOSES.columns.items() if column.sortable])
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_column_sorts_both_ways(web: Client, name: str, sign: str) -> None:
    made("ada")
    made("ben", CloseState.REFUSED, checked_out_at=None)
    assert len(rows(web, sort=f"{sign}{name}", columns=",".join(CLOSES.columns))) == 2
    assert web.get(PAGE, {"sort": f"{sign}{name}", "columns": ",".join(CLOSES.columns)}).status_code == 200


def test_it_shows_what_the_login_may_see_and_no_more(web: Client, login: User) -> None:
    shown, hidden_server, hidden_feature = made("ada"), made("ben"), made("cleo")
    HiddenServer.objects.create(user=login, server=hidden_server.server)
    HiddenFeature.objects.create(user=login, server=hidden_feature.server, name=hidden_feature.feature_name)
    assert [row["user"] for row in rows(web)] == [shown.user]
    assert b"ben" not in web.get(PAGE).content


def test_its_json_has_ids_and_a_total(web: Client) -> None:
    request = made("ada")
    answer = web.get("/closed-sessions.json")
    told = json.loads(b"".join(answer.streaming_content))
    assert told["total"] == 1
    assert told["rows"][0]["id"] == request.pk


def test_names_cannot_be_formulas_in_a_spreadsheet(web: Client) -> None:
    made("=cmd|' /C calc'!A0", reason="+1")
    (row,) = rows(web)
    assert row["user"].startswith("'=")
    assert row["reason"] == "'+1"


def test_it_follows_the_closes_live(web: Client) -> None:
    request = made("ada", CloseState.VERIFYING, ended_at=None)
    version = web.get(PAGE).context["version"]
    assert web.get(PAGE, headers={"X-Version": version}).status_code == 204
    record.move(request, CloseState.CLOSED)
    assert web.get(PAGE, headers={"X-Version": version, "HX-Request": "true"}).status_code == 200


def test_a_page_costs_the_same_for_any_number_of_closes(web: Client) -> None:
    made("ada")
    of_one = queries_of(web, PAGE)
    for number in range(29):
        made(f"user{number}")
    assert queries_of(web, PAGE) == of_one


class TestAdministration:
    @pytest.fixture
    def office(self, client: Client) -> Client:
        client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))
        return client

    def test_it_shows_a_close_with_every_step(self, office: Client) -> None:
        request = made("ada", CloseState.VERIFYING, ended_at=None)
        record.move(request, CloseState.CLOSED, "The license is back.")
        shown = office.get(f"/admin/sessions_app/closerequest/{request.pk}/change/").content.decode()
        assert "The license is back." in shown
        assert 'name="_save"' not in shown
        assert "ada" in office.get("/admin/sessions_app/closerequest/?q=ada").content.decode()

    @pytest.mark.parametrize("model", ["closerequest", "closeevent"])
    def test_nobody_can_change_or_delete_it_there(self, office: Client, model: str) -> None:
        request = made("ada")
        record.note_all([CloseEvent(request=request, step="closed", by="worker", message="x")])
        pk = request.pk if model == "closerequest" else request.events.get().pk
        base = f"/admin/sessions_app/{model}/"
        assert office.get(f"{base}add/").status_code == 403
        assert office.post(f"{base}{pk}/change/", {"reason": "y"}).status_code == 403
        assert office.post(f"{base}{pk}/delete/", {"post": "yes"}).status_code == 403
        assert office.post(base, {"action": "delete_selected", "_selected_action": pk}).status_code in (302, 200)
        assert CloseRequest.objects.count() == 1
        assert request.events.count() == 1
