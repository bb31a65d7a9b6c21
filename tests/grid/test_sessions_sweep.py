"""Every column sorts both ways and every filter filters: taken from the declarations, so none can be forgotten."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from groups_app.models import HostGroup, UserGroup
from sessions_app.grid.sessions import SESSIONS, USER_SESSIONS
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid.conftest import SESSIONS as PATH
from tests.grid.conftest import USERS, Viewer

SORTABLE = [name for name, column in SESSIONS.columns.items() if column.sortable]
ONE, OTHER = {"user": "ann", "host": "alpha"}, {"user": "bob", "host": "beta"}
FILTERS: dict[str, Any] = {  # for each filter a value that only the second of two sessions passes
    "server": "sk",
    "vendor": "ZETA",
    "feature_name": "sol",
    "feature_version": "2.",
    "feature_type": "token",
    "expiration_after": "2027-01-01",
    "expiration_before": None,
    "user": "OB",
    "host": "bet",
    "ip": ".2",
    "host_quantity_min": None,
    "host_quantity_max": None,
    "used_min": "3",
    "used_max": None,
    "checked_out_after": "2026-03-16 11:00",
    "checked_out_before": None,
    "time_used_min": None,
    "time_used_max": None,
    "borrow_after": "2026-03-16",
    "borrow_before": "2027-03-16",
    "borrowed": "1",
    "server_is": "DSK",
    "vendor_is": "Zeta",
    "feature_is": "solver",
    "version_is": "2.0",
    "type_is": "token",
    "place_is": "1",
    "user_is": "bob",
    "user_group": "bobs",
    "host_is": "beta",
    "host_group": "betas",
}
FIRST_ONLY = {  # and for the rest one that only the first passes
    "expiration_before": "2027-01-01",
    "used_max": "1",
    "checked_out_before": "2026-03-16 11:00",
    "time_used_min": "1 d",
}


@pytest.fixture
def two(viewer: Viewer) -> None:
    """Two sessions that differ in every column."""
    UserGroup.objects.create(name="bobs", members="b*b")
    HostGroup.objects.create(name="betas", members="be?a")
    first = FeatureFactory.create(
        server=LicenseServerFactory.create(name="AMS"),
        vendor="acme",
        name="mesh",
        version="1.0",
        type="floating",
        expires=date(2026, 12, 31),
    )
    second = FeatureFactory.create(
        server=LicenseServerFactory.create(name="DSK"),
        vendor="Zeta",
        name="solver",
        version="2.0",
        type="token",
        place=1,
        expires=date(2027, 6, 30),
    )
    OpenSessionFactory.create(feature=first, **ONE, ip="10.0.0.1", used=1, checked_out_at=NOON - timedelta(days=3))
    OpenSessionFactory.create(
        feature=second, **OTHER, ip="10.0.0.2", used=3, checked_out_at=NOON, borrow_expires_at=NOON + timedelta(days=9)
    )


def test_every_filter_has_its_example() -> None:
    assert set(FILTERS) == set(SESSIONS.filters.base_filters)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", [name for name, value in FILTERS.items() if value])
def test_a_filter_leaves_what_fits(viewer: Viewer, name: str) -> None:
    assert [row["user"] for row in viewer.rows(**{name: FILTERS[name]})] == ["bob"]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", FIRST_ONLY)
def test_a_filter_leaves_what_is_less(viewer: Viewer, name: str) -> None:
    rows = [row["user"] for row in viewer.rows(**{name: FIRST_ONLY[name]})]

    assert "ann" in rows
    assert rows == ["ann"] or name == "time_used_min"  # both are long ago by now


@pytest.mark.usefixtures("two")
def test_time_used_has_an_upper_bound(viewer: Viewer) -> None:
    assert viewer.rows(time_used_max="1 min") == []
    assert len(viewer.rows(time_used_max="36000 d")) == 2


@pytest.mark.usefixtures("two")
def test_host_quantity_filters_aggregated_rows(viewer: Viewer) -> None:
    assert len(viewer.rows(group_by="user", host_quantity_min=1, host_quantity_max=1)) == 2
    assert viewer.rows(group_by="user", host_quantity_min=2) == []
    assert viewer.rows(group_by="user", host_quantity_max=0) == []


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", SORTABLE)
def test_a_column_sorts_both_ways(viewer: Viewer, name: str) -> None:
    up = [row["user"] for row in viewer.rows(sort=name)]
    down = [row["user"] for row in viewer.rows(sort=f"-{name}")]

    assert sorted(up) == sorted(down) == ["ann", "bob"]
    if name not in ("host_quantity", "borrow_expiration"):  # equal in both; unknown in one, which comes last
        assert up == down[::-1]
    if name == "time_used":
        assert up == ["bob", "ann"]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", SORTABLE)
def test_what_is_not_known_comes_last_both_ways(viewer: Viewer, name: str) -> None:
    column = SESSIONS.columns[name]
    if not column.nullable:
        pytest.skip("is always known")
    OpenSessionFactory.create(
        feature=FeatureFactory.create(server=LicenseServerFactory.create(name="ZZZ"), expires=None),
        user="unknown",
        checked_out_at=None,
    )

    for sort in (name, f"-{name}"):
        assert viewer.rows(sort=sort)[-1]["user"] in ("unknown", "ann")
        assert viewer.page(sort=sort).context["page"].rows[-1]["user"] in ("unknown", "ann")


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("aggregation", [each.name for each in SESSIONS.aggregations])
def test_aggregated_rows_sort_by_each_of_their_columns(viewer: Viewer, aggregation: str) -> None:
    declared = SESSIONS.aggregation(aggregation)
    assert declared is not None
    for name in SORTABLE:
        response = viewer.page(group_by=aggregation, sort=name)
        assert bool(response.context["state"].errors) == (not declared.sorts(name))
        if declared.sorts(name) and name != "host_quantity":
            up, down = (viewer.rows(group_by=aggregation, sort=sort) for sort in (name, f"-{name}"))
            assert [row["host"] for row in up] == [row["host"] for row in down][::-1]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("extension", ["csv", "json", "xlsx", "pdf"])
@pytest.mark.parametrize("path", [PATH, USERS])
def test_every_column_has_a_cell_and_a_value(viewer: Viewer, path: str, extension: str) -> None:
    columns = ",".join(SESSIONS.columns)

    assert viewer.page(path, columns=columns).context["page"].total == 2
    assert viewer.file(extension, path, columns=columns).status_code == 200


@pytest.mark.usefixtures("two")
def test_users_have_the_same_filters(viewer: Viewer) -> None:
    assert set(USER_SESSIONS.filters.base_filters) == set(FILTERS)
    assert [row["user"] for row in viewer.rows(USERS, used_min=3)] == ["bob"]
