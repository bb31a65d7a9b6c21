"""Migrations that change rows, on rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone as clock

from groups_app.merging import merged_features
from groups_app.models import LicenseServerGroup

Migrate = Callable[..., Apps]


@pytest.fixture
def migrate(transactional_db: None) -> Iterator[Migrate]:
    """`migrate((app, name), ...)` brings the database there and gives the models of that time."""

    def go(*targets: tuple[str, str]) -> Apps:
        executor = MigrationExecutor(connection)
        executor.migrate(list(targets))
        return MigrationExecutor(connection).loader.project_state(list(targets)).apps

    yield go
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_features_that_were_there_before_kinds_are_merged_by_them(migrate: Migrate) -> None:
    before = migrate(("licstats", "0002_orders_of_the_grids"), ("groups_app", "0004_statistics_of_feature_kinds"))
    group = before.get_model("groups_app", "LicenseServerGroup").objects.create(name="XF")
    for name in ("PL", "US"):
        server: Any = before.get_model("licstats", "LicenseServer").objects.create(
            name=name, manager="flexnet", address=f"27000@{name}", read_at=clock.now(), interval=timedelta(minutes=1)
        )
        group.servers.add(server)
        for feature, version in (("Mesh", "1.0"), ("Mesh1", ".0")):  # the same letters in a row
            server.features.create(vendor="vendord", name=feature, version=version, type="floating", total=10, used=1)

    migrate(("licstats", "0003_kind_of_feature"), ("groups_app", "0005_kinds_without_statistics"))

    rows = merged_features(LicenseServerGroup.objects.get(name="XF"), clock.now())
    assert [(row.name, row.version, row.total, row.used) for row in rows] == [
        ("Mesh", "1.0", 20, 2),
        ("Mesh1", ".0", 20, 2),
    ]
