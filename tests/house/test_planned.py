"""licstats.planned, and that what every page asks goes by it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import DataError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from licstats.live import VERSION_HEADER
from licstats.planned import first_row

pytestmark = pytest.mark.django_db

TEXT_AFTER = "SELECT username FROM auth_user WHERE username > %s ORDER BY username"


def kept_plans(part: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{part}%"])
        return int(cursor.fetchone()[0])


def test_the_first_row_is_told_and_an_empty_one_where_there_is_none() -> None:
    User.objects.create(username="ada")
    User.objects.create(username="bob")
    assert first_row(TEXT_AFTER, ["a"]) == ("ada",)
    assert first_row(TEXT_AFTER, ["ada"]) == ("bob",)
    assert first_row(TEXT_AFTER, ["bob"]) == ()


def test_a_query_that_is_asked_often_is_planned_once_and_goes_on_to_answer_with_what_is_there_now() -> None:
    for number in range(12):
        User.objects.create(username=f"user{number:02}")
        assert first_row("SELECT count(*) FROM auth_user u WHERE u.username LIKE %s", ["user%"]) == (number + 1,)
    assert kept_plans("auth_user u WHERE u.username LIKE $1") == 1


def test_moments_come_back_as_django_gives_them() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    (found,) = first_row("SELECT %s::timestamptz", [moment])
    assert (found, found.utcoffset()) == (moment, UTC.utcoffset(None))


def test_a_query_is_logged_with_its_values_like_every_other_however_often_it_was_asked() -> None:
    for _ in range(6):
        first_row(TEXT_AFTER, ["ada"])
    with CaptureQueriesContext(connection) as asked:
        first_row(TEXT_AFTER, ["o'hara"])
    assert [each["sql"] for each in asked.captured_queries] == [TEXT_AFTER.replace("%s", "'o''hara'")]


def test_an_error_is_django_s_and_the_plan_outlives_it() -> None:
    for divisor in (1, 2, 4, 5, 10):
        assert first_row("SELECT 20 / %s::int", [divisor]) == (20 // divisor,)
    with pytest.raises(DataError, match="division by zero"), transaction.atomic():
        first_row("SELECT 20 / %s::int", [0])
    assert first_row("SELECT 20 / %s::int", [2]) == (10,)


def test_a_page_that_asks_whether_anything_changed_has_both_its_queries_planned(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada"))
    address = "/features/realtime/sessions/"
    headers = {"HX-Request": "true"}
    version = client.get(address, headers=headers).content.decode().partition('data-version="')[2].partition('"')[0]
    answers = {client.get(address, headers=headers | {VERSION_HEADER: version}).status_code for _ in range(6)}
    assert answers == {204}
    assert kept_plans("groups_app_loginsession session") == 1
    assert kept_plans("hashint8extended(id, revision)") == 1
