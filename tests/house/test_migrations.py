"""Migrations that change rows, on rows."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone as clock
from django_test_migrations.migrator import Migrator

from groups_app.merging import merged_features
from groups_app.models import LicenseServerGroup


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

    migrator.apply_tested_migration([("licstats", "0004_whole_sum"), ("groups_app", "0005_kinds_without_statistics")])

    rows = merged_features(LicenseServerGroup.objects.get(name="XF"), clock.now())
    assert [(row.name, row.version, row.total, row.used) for row in rows] == [
        ("Mesh", "1.0", 20, 2),
        ("Mesh1", ".0", 20, 2),
    ]
