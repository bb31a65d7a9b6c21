"""The features that a group's reports know, and its pick list: each member is in one of them, and none is empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from groups_app.choices import Choices, feature_choices
from groups_app.identities import known_features
from groups_app.members import Identity, members_of
from groups_app.merging import merged_features
from groups_app.models import LicenseServerGroup
from groups_app.scope import Scope
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, UserFactory
from tests.groups.test_merging_agreement import servers

DAY = timedelta(hours=24)
NO_TYPE = {"type": ""}
NO_VERSION = {"version": "", "version_listed": False}
FIGURES = ("total", "last_update", "servers")


@pytest.fixture
def group(db: None) -> LicenseServerGroup:
    group = LicenseServerGroup.objects.create(name="XF")
    group.servers.set([LicenseServerFactory(name=name) for name in ("PL", "US", "DK")])
    return group


def serve(server: str, **feature: Any) -> Feature:
    wanted: dict[str, Any] = {"name": "WXPS", "version": "5.1"} | feature
    made: Feature = FeatureFactory(server=LicenseServer.objects.get(name=server), **wanted)
    return made


def offered(group: LicenseServerGroup, text: str = "", limit: int = 50) -> Choices:
    return feature_choices(Scope(UserFactory(), None, group), text, limit, NOON)


def details(group: LicenseServerGroup) -> list[str]:
    found = offered(group)
    assert found.total == len(found.choices)
    return [choice.detail for choice in found.choices]


class TestThePickList:
    @pytest.mark.parametrize("unknown", [NO_TYPE, NO_VERSION, NO_TYPE | NO_VERSION])
    def test_a_feature_that_joins_another_is_not_offered_beside_it(self, group, unknown: dict[str, Any]) -> None:
        serve("PL")
        serve("US", **unknown)

        assert details(group) == ["5.1 floating"]

    def test_a_feature_of_unknown_type_is_offered_where_two_types_are_known(self, group) -> None:
        serve("PL")
        serve("US", type="token")
        serve("DK", **NO_TYPE)

        assert details(group) == ["5.1", "5.1 floating", "5.1 token"]

    def test_a_feature_of_unknown_version_is_offered_where_two_versions_are_known(self, group) -> None:
        serve("PL")
        serve("US", version="6.0")
        serve("DK", **NO_VERSION, **NO_TYPE)

        assert details(group) == ["", "5.1 floating", "6.0 floating"]

    def test_a_feature_that_all_members_left_is_offered_for_its_history(self, group) -> None:
        serve("PL", last_listed_at=NOON - 2 * DAY)
        serve("US", version="4.0", last_listed_at=NOON - 90 * DAY)

        assert details(group) == ["4.0 floating", "5.1 floating"]

    def test_what_an_old_member_says_joins_only_where_nobody_else_knows(self, group) -> None:
        serve("PL", last_listed_at=NOON - 2 * DAY)
        serve("US", **NO_TYPE)

        assert details(group) == ["5.1 floating"]
        serve("DK", type="token")
        assert details(group) == ["5.1 floating", "5.1 token"]

    def test_a_feature_that_was_never_read_is_offered(self, group) -> None:
        LicenseServer.objects.filter(name="PL").update(read_at=None)
        serve("PL")

        assert details(group) == ["5.1 floating"]

    def test_those_that_joined_are_not_counted_either(self, group) -> None:
        for number in range(9):
            serve("PL", name=f"WXPS{number}")
            serve("US", name=f"WXPS{number}", **NO_TYPE)

        found = offered(group, "s", limit=4)

        assert ([choice.label for choice in found.choices], found.total) == (["WXPS0", "WXPS1", "WXPS2", "WXPS3"], 9)

    def test_it_is_one_query_and_one_for_its_license_servers_whatever_the_group_has(self, group) -> None:
        for number in range(9):
            serve("PL", name=f"WXPS{number}", **NO_TYPE)
        scope = Scope(UserFactory(), None, group)

        with CaptureQueriesContext(connection) as queries:
            feature_choices(scope, "xps", now=NOON)

        assert len(queries) == 2


class TestAgainstTheMembers(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(servers, max_size=4))
    def test_every_member_is_in_one_known_feature_and_every_known_feature_can_be_chosen(self, fleet: list[Any]) -> None:
        group = make(fleet)
        features = Feature.objects.filter(server__groups=group)
        known = list(known_features(group, NOON, figures=FIGURES).values("name", "version", "type", *FIGURES))

        members = {key: members_of(group, key, NOON) for key in map(row_identity, known)}

        assert sorted(member.feature.pk for found in members.values() for member in found) == sorted(
            features.values_list("pk", flat=True)
        )
        assert all(members.values())
        for row in known:
            assert row["servers"] == len({member.server.pk for member in members[row_identity(row)]})
        assert self.figures_of(group) <= {(row_identity(row), row["total"], row["last_update"]) for row in known}
        self.every_choice_can_be_chosen(group, list(members))

    def figures_of(self, group: LicenseServerGroup) -> set[Any]:
        rows = merged_features(group, NOON).values("name", "version", "type", "total", "last_update")
        return {(row_identity(row), row["total"], row["last_update"]) for row in rows}

    def every_choice_can_be_chosen(self, group: LicenseServerGroup, known: list[Identity]) -> None:
        login, _ = User.objects.get_or_create(username="ann")
        found = feature_choices(Scope(login, None, group), now=NOON)
        assert found.total == len(found.choices) == len(known)
        with time_machine.travel(NOON, tick=False):
            assert {Scope.read(choice.params, login).identity for choice in found.choices} == set(known)


def row_identity(row: dict[str, Any]) -> Identity:
    return Identity(row["name"], row["version"], row["type"])


def make(fleet: list[dict[str, Any]]) -> LicenseServerGroup:
    group = LicenseServerGroup.objects.create(name="any")
    for server in fleet:
        made = LicenseServerFactory(read_at=ago(server["hours_unread"]))
        group.servers.add(made)
        for feature in server["features"]:
            values = {key: value for key, value in feature.items() if key != "hours_unlisted"}
            FeatureFactory(server=made, last_listed_at=ago(feature["hours_unlisted"]), **values)
    return group


def ago(hours: int | None) -> Any:
    return None if hours is None else NOON - timedelta(hours=hours)
