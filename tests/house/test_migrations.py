"""Migrations that change rows, on rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore as DjangoSessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone as clock
from django_test_migrations.migrator import Migrator

from groups_app.merging import merged_features
from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from sessions_app import usage
from sessions_app.polling import partitions


def test_features_that_were_there_before_kinds_are_merged_by_them(migrator: Migrator) -> None:
    before = migrator.apply_initial_migration(
        [("licstats", "0002_orders_of_the_grids"), ("groups_app", "0004_statistics_of_feature_kinds")]
    )
    group = before.apps.get_model("groups_app", "LicenseServerGroup").objects.create(name="XF")
    for name in ("PL", "US"):
        server = before.apps.get_model("licstats", "LicenseServer").objects.create(
            name=name, manager="flexnet", address=f"27000@{name}", read_at=clock.now(), interval=timedelta(minutes=1)
        )
        group.servers.add(server)
        for feature, version in (("Mesh", "1.0"), ("Mesh1", ".0")):  # the same letters in a row
            server.features.create(vendor="vendord", name=feature, version=version, type="floating", total=10, used=1)

    migrator.apply_tested_migration(
        [("licstats", "0007_feature_expired"), ("groups_app", "0005_kinds_without_statistics")]
    )

    rows = merged_features(LicenseServerGroup.objects.get(name="XF"), clock.now())
    assert [(row.name, row.version, row.total, row.used) for row in rows] == [
        ("Mesh", "1.0", 20, 2),
        ("Mesh1", ".0", 20, 2),
    ]


def test_licenses_that_had_expired_have_expired_when_that_gets_a_column(migrator: Migrator) -> None:
    before = migrator.apply_initial_migration(("licstats", "0006_bounds_in_our_words"))
    server = before.apps.get_model("licstats", "LicenseServer").objects.create(
        name="PL", manager="flexnet", address="27000@PL"
    )
    today = clock.localdate()
    for name, expires in (("past", today - timedelta(days=1)), ("last day", today), ("permanent", None)):
        server.features.create(vendor="vendord", name=name, expires=expires)

    migrator.apply_tested_migration(("licstats", "0007_feature_expired"))

    assert [feature.name for feature in Feature.objects.filter(expired=True)] == ["past"]


def test_who_is_signed_in_stays_so_when_sessions_get_a_table_of_their_own(migrator: Migrator) -> None:
    before = migrator.apply_initial_migration(("groups_app", "0006_names_can_be_read"))
    login = before.apps.get_model("auth", "User").objects.create(username="vic", password="!")
    data = {
        SESSION_KEY: str(login.pk),
        BACKEND_SESSION_KEY: "groups_app.logins.LoginBackend",
        HASH_SESSION_KEY: User(password="!").get_session_auth_hash(),
    }
    for key, until in (("still", timedelta(days=1)), ("ended", -timedelta(days=1))):
        before.apps.get_model("sessions", "Session").objects.create(
            session_key=key * 4, session_data=DjangoSessionStore().encode(data), expire_date=clock.now() + until
        )

    migrator.apply_tested_migration(("groups_app", "0007_login_sessions"))

    def answer(key: str) -> int:
        client = Client()
        client.cookies["sessionid"] = key * 4
        return client.get("/password/").status_code

    assert answer("still") == 200
    assert answer("ended") == 302
    assert not Session.objects.exists()


def test_intervals_that_were_there_before_are_read_from_their_index(migrator: Migrator) -> None:
    before = migrator.apply_initial_migration(("sessions_app", "0008_sums_from_an_index_of_their_own"))
    partitions.maintain()
    server = before.apps.get_model("licstats", "LicenseServer").objects.create(
        name="PL", manager="flexnet", address="27000@PL"
    )
    feature = server.features.create(vendor="vendord", name="mesh", total=10)
    begin = clock.now() - timedelta(hours=9)
    old = datetime(2020, 2, 1, 12, 0, 0, 123457, tzinfo=UTC)  # in no partition of a month
    starts = [old, *(begin + timedelta(minutes=minute) for minute in range(500))]
    before.apps.get_model("sessions_app", "UsageInterval").objects.bulk_create(
        before.apps.get_model("sessions_app", "UsageInterval")(
            feature_id=feature.pk, started_at=at, ended_at=at + timedelta(minutes=1), used=used,
            borrowed=0, reserved=0, queued=0, total=10,
        )
        for used, at in enumerate(starts)
    )  # fmt: skip

    migrator.apply_tested_migration(("sessions_app", "0009_intervals_are_read_from_their_index"))

    found = list(usage.intervals([feature.pk], old, clock.now()))
    assert [(each.started_at, each.used) for each in found] == [(at, used) for used, at in enumerate(starts)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'sessions_app_usageinterval%pkey'")
        indexes = [definition for (definition,) in cursor.fetchall()]
    assert len(indexes) > 2  # the table, its default partition, and the months
    assert all("INCLUDE (started_at, used, borrowed, reserved, queued, total)" in index for index in indexes)
