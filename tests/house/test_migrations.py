"""Migrations that change rows, on rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore as DjangoSessionStore
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection
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


OF_THE_TABLE = {
    "columns": "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity,"
    " generation_expression FROM information_schema.columns WHERE table_name = 'licstats_feature'",
    "constraints": "SELECT conrelid::regclass::text, conname, PG_GET_CONSTRAINTDEF(oid), condeferred FROM pg_constraint"
    " WHERE 'licstats_feature'::regclass IN (conrelid, confrelid)",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename = 'licstats_feature'",
    "triggers": "SELECT PG_GET_TRIGGERDEF(oid) FROM pg_trigger"
    " WHERE tgrelid = 'licstats_feature'::regclass AND NOT tgisinternal",
    "privileges": "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
    " WHERE table_name = 'licstats_feature'",
}


def found_by(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


ROWS = "SELECT TO_JSONB(f) FROM licstats_feature f ORDER BY id"


def ordered_columns() -> list[str]:
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'licstats_feature'::regclass AND attnum > 0 ORDER BY attnum"
    )
    return [name for (name,) in found_by(query)]


def test_features_keep_all_that_they_have_when_their_figures_are_put_before_their_names(migrator: Migrator) -> None:
    migrator.apply_initial_migration(("licstats", "0007_feature_expired"))
    before = migrator.apply_tested_migration(("sessions_app", "0009_intervals_are_read_from_their_index"))
    partitions.maintain()
    server = before.apps.get_model("licstats", "LicenseServer").objects.create(
        name="PL", manager="flexnet", address="27000@PL"
    )
    mesh, gone, _old, newest = (
        server.features.create(vendor="vendord", name=name, total=10, queue=[{"user": "vic"}], **more)
        for name, more in (
            ("mesh", {"version": "1.0", "type": "token", "used": 3, "since": clock.now()}),
            ("gone", {}),
            ("old", {"last_listed_at": clock.now(), "expired": True, "denied": 3, "place": 1}),
            ("newest", {}),
        )
    )
    mesh.pools.create(place=0, total=10)
    before.apps.get_model("sessions_app", "UsageInterval").objects.create(
        feature_id=mesh.pk, started_at=clock.now() - timedelta(hours=1), ended_at=clock.now(),
        used=1, borrowed=0, reserved=0, queued=0, total=10,
    )  # fmt: skip
    next_id = newest.pk + 1
    for feature in (gone, newest):
        feature.delete()
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON licstats_feature TO PUBLIC")
    was = {what: sorted(found_by(query), key=str) for what, query in OF_THE_TABLE.items()}
    rows = found_by(ROWS)

    migrator.apply_tested_migration(("licstats", "0008_figures_before_names"))

    for what, query in OF_THE_TABLE.items():
        assert sorted(found_by(query), key=str) == was[what]
    assert all(was.values())
    assert found_by(ROWS) == rows
    order = ordered_columns()
    added_up = [order.index(name) for name in ("server_id", "kind", "expired", "last_listed_at", "total", "used")]
    assert max(added_up) < min(order.index(name) for name in ("vendor", "name", "version", "type", "queue"))
    assert Feature.objects.create(server_id=server.pk, vendor="vendord", name="next").pk == next_id
    with pytest.raises(IntegrityError):
        Feature.objects.create(server_id=server.pk, vendor="vendord", name="next")
    Feature.objects.get(name="mesh").pools.all().delete()
    assert found_by("SELECT COUNT(*) FROM sessions_app_usageinterval") == [(1,)]
    found_by("DELETE FROM licstats_feature WHERE name = 'mesh' RETURNING id")
    assert found_by("SELECT COUNT(*) FROM sessions_app_usageinterval") == [(0,)]


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
