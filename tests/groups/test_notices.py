"""What reports say about data that is missing or old: the reader must learn what happened, where, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from groups_app.models import LicenseServerGroup
from groups_app.notices import group_notices, reason_without_data
from groups_app.scope import Scope
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ONE_MORE = "was never read, is left out, is not queried any more or does not answer"
MORE = "were never read, are left out, are not queried any more or do not answer"


def group_of(**members: dict[str, Any]) -> LicenseServerGroup:
    """A group whose members were read at noon, unless they say otherwise; each has one feature."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name, server in members.items():
        group.servers.add(FeatureFactory(server=LicenseServerFactory(name=name, **server)).server)
    return group


def reason(**features: Any) -> str:
    servers = LicenseServer.objects.annotate(told=F("reason"))
    return reason_without_data(servers, Feature.objects.filter(**features))


class TestNoticesOfAGroup:
    def test_nothing_is_said_of_members_that_answer(self) -> None:
        assert group_notices(group_of(PL={}, US={}), NOON) == []

    def test_a_member_that_blanks_features_is_named_with_how_many(self) -> None:
        group = group_of(PL={}, DK={"read_at": None})
        assert group_notices(group, NOON) == [
            "DK never had a realtime reading: 1 feature has no realtime figures in this group because of it."
        ]
        FeatureFactory(server=LicenseServer.objects.get(name="DK"))
        assert "2 features have no realtime figures" in group_notices(group, NOON)[0]

    def test_a_member_that_was_never_read_and_lists_nothing_blanks_nothing(self) -> None:
        group = group_of(DK={"read_at": None})
        Feature.objects.all().delete()
        assert group_notices(group, NOON) == ["DK never had a realtime reading."]

    def test_a_member_is_left_out_after_24_hours_and_not_before(self) -> None:
        group = group_of(PL={}, DK={"read_at": NOON - DAY})
        assert group_notices(group, NOON) == []
        assert group_notices(group, NOON + timedelta(minutes=1)) == ["DK is left out: its last reading was 1 d ago."]

    @pytest.mark.parametrize(
        ("server", "says"),
        [
            ({"enabled": False}, "DK is not queried any more: its last reading was 2 h ago."),
            ({"failures": 3}, "DK does not answer: its last reading was 2 h ago."),
        ],
    )
    def test_a_member_that_still_counts_but_is_not_read_is_named(self, server: dict[str, Any], says: str) -> None:
        group = group_of(PL={}, DK={"read_at": NOON - timedelta(hours=2), **server})
        assert group_notices(group, NOON) == [says]

    @pytest.mark.parametrize(
        ("members", "others"),
        [
            (5, []),
            (6, [f"1 more license server {ONE_MORE}."]),
            (8, [f"3 more license servers {MORE}."]),
        ],
    )
    def test_of_many_members_the_first_are_named_and_the_others_counted(self, members: int, others: list[str]) -> None:
        group = group_of(**{f"S{n}": {"failures": 1} for n in range(members)})
        notices = group_notices(group, NOON)
        assert [notice[:2] for notice in notices[:5]] == ["S0", "S1", "S2", "S3", "S4"]
        assert notices[5:] == others


class TestReasonsWithoutData:
    def test_there_is_none_where_the_last_reading_has_it_however_old_it_is(self) -> None:
        FeatureFactory(server__read_at=NOON - 40 * DAY)
        assert reason() == ""

    def test_no_server_is_there(self) -> None:
        assert reason() == "No license server is there to be shown."

    def test_a_group_without_members_says_so(self) -> None:
        group = LicenseServerGroup.objects.create(name="XF")
        assert Scope(UserFactory(), group=group).reason_without_data() == "The license server group XF has no members."

    def test_servers_that_were_never_read_tell_why(self) -> None:
        LicenseServerFactory(name="A", read_at=None, reason="")
        LicenseServerFactory(name="B", read_at=None, reason="no answer within 15 s")
        LicenseServerFactory(name="C", read_at=None, enabled=False)
        FeatureFactory(server__name="D", server__read_at=None)
        assert reason(name="none") == (
            "A was never read; its first query is due. B was never read: no answer within 15 s. "
            "C was never read and is not enabled. D was never read; its first query is due."
        )
        assert reason().endswith("D has imported data only.")

    def test_of_many_servers_the_first_tell_and_the_others_are_counted(self) -> None:
        for number in range(8):
            LicenseServerFactory(name=f"S{number}", read_at=None, reason="")
        assert reason().endswith("S4 was never read; its first query is due. So it is with 3 more.")

    def test_a_feature_that_is_no_longer_reported_tells_since_when(self) -> None:
        FeatureFactory(server__name="DK", last_listed_at=NOON - 2 * DAY)
        assert reason() == "No longer reported by DK since 2026-03-14 12:00."

    def test_of_features_that_many_servers_no_longer_report_each_has_its_own_day(self) -> None:
        for number in range(7):
            FeatureFactory(server__name=f"S{number}", last_listed_at=NOON - number * DAY)
        assert reason() == (
            "No longer reported by S0 since 2026-03-16 12:00, S1 since 2026-03-15 12:00, S2 since 2026-03-14 12:00, "
            "S3 since 2026-03-13 12:00, S4 since 2026-03-12 12:00 and 2 more."
        )

    def test_a_reading_that_listed_nothing_says_so(self) -> None:
        LicenseServerFactory(name="PL")
        assert reason() == "The last reading of PL listed no feature."

    def test_what_was_not_read_is_not_said_to_have_listed_nothing(self) -> None:
        LicenseServerFactory(name="DK", read_at=None, reason="")
        LicenseServerFactory(name="PL")
        FeatureFactory(server__name="US", last_listed_at=NOON - DAY)
        assert reason() == (
            "No longer reported by US since 2026-03-15 12:00. The last reading of PL listed no feature. "
            "DK was never read; its first query is due."
        )
