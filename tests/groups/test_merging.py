"""The rules of merging, one by one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups_app.members import explain
from groups_app.merging import merged_features
from groups_app.models import LicenseServerGroup, MergedFeature
from licstats.ages import Age
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


def make_group(*names: str, **feature: Any) -> LicenseServerGroup:
    """A group of license servers that were read at noon and have 10 of WXPF each."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name in names:
        group.servers.add(FeatureFactory(server__name=name, name="WXPF", **feature).server)
    return group


def only_row(group: LicenseServerGroup, now=NOON) -> MergedFeature:
    return merged_features(group, now).get()


@pytest.mark.django_db
class TestSums:
    def test_three_servers_with_ten_make_thirty(self) -> None:
        group = make_group("PL", "US", "DK", used=2, borrowed=1, reserved=3, queued=4)

        row = only_row(group)

        assert (row.total, row.used, row.borrowed, row.reserved, row.queued) == (30, 6, 3, 9, 12)
        assert (row.available, row.utilization, row.members, row.vendor) == (15, 20.0, 3, "vendord")
        assert explain(group, "WXPF", "1.0", "floating", NOON).arithmetic("total") == "30 = DK 10 + PL 10 + US 10"

    @pytest.mark.parametrize("other", [{"name": "wxpf"}, {"version": "2.0"}, {"type": "token"}])
    def test_what_differs_in_name_version_or_type_is_another_feature(self, other: dict[str, str]) -> None:
        group = make_group("PL")
        group.servers.add(FeatureFactory(**{"name": "WXPF", **other}).server)

        assert [row.total for row in merged_features(group, NOON)] == [10, 10]

    def test_a_server_that_is_no_member_does_not_count(self) -> None:
        group = make_group("PL")
        FeatureFactory(name="WXPF")

        assert only_row(group).total == 10

    @pytest.mark.parametrize("others", [0, 1, 5])
    @pytest.mark.parametrize("figure", ["total", "last_update"])
    def test_license_servers_count_that_are_members_whether_most_are_or_few(self, others: int, figure: str) -> None:
        group = make_group("PL", "US")
        FeatureFactory.create_batch(others, name="WXPF")

        assert merged_features(group, NOON, figures=[figure]).values_list("members", flat=True).get() == 2

    @pytest.mark.parametrize("others", [0, 5])
    def test_a_license_server_that_is_imported_while_a_group_is_added_up_is_not_in_it(self, others: int) -> None:
        group = make_group("PL", "US")
        FeatureFactory.create_batch(others, name="WXPF")
        rows = merged_features(group, NOON, figures=["total"])

        FeatureFactory(name="WXPF")

        assert rows.values_list("total", flat=True).get() == 20

    def test_a_member_that_is_read_while_a_group_is_added_up_counts_once(self) -> None:
        group = make_group("PL", "US")
        group.servers.filter(name="US").update(read_at=NOON - DAY - MINUTE)
        rows = merged_features(group, NOON, figures=["total"])

        group.servers.filter(name="US").update(read_at=NOON)

        assert rows.values_list("total", "members", "left_out").get() == (20, 2, 0)

    def test_one_unlimited_member_makes_the_total_unlimited(self) -> None:
        group = make_group("PL", "US", used=1)
        Feature.objects.filter(server__name="US").update(total=None)

        row = only_row(group)

        assert (row.total, row.available, row.utilization, row.used) == (None, None, None, 2)
        assert explain(group, "WXPF", "1.0", "floating", NOON).arithmetic("total") == (
            "unlimited = PL 10 + US unlimited"
        )

    def test_use_that_one_member_does_not_tell_is_not_known(self) -> None:
        group = make_group("PL", "US", used=1)
        Feature.objects.filter(server__name="US").update(used=None)

        row = only_row(group)

        assert (row.used, row.available, row.utilization, row.total) == (None, None, None, 20)
        assert "unknown = PL 1 + US unknown" in explain(group, "WXPF", "1.0", "floating", NOON).text

    def test_the_soonest_expiration_is_shown(self) -> None:
        group = make_group("PL", "US", "DK", expires=date(2027, 5, 1))
        Feature.objects.filter(server__name="US").update(expires=date(2026, 5, 1))
        Feature.objects.filter(server__name="DK").update(expires=None, permanent=True)

        assert (only_row(group).expires, only_row(group).permanent) == (date(2026, 5, 1), False)

    def expired(self, *names: str) -> None:
        Feature.objects.filter(server__name__in=names).update(expires=NOON.date() - timedelta(days=1), expired=True)

    def test_licenses_that_expired_are_not_in_the_total_but_what_is_in_use_of_them_is_in_use(self) -> None:
        group = make_group("PL", "US", "DK", used=2, expires=date(2027, 5, 1))
        self.expired("DK")

        row = only_row(group)

        assert (row.total, row.used, row.available, row.expired_used) == (20, 6, 16, 2)
        assert row.expires == date(2027, 5, 1)
        explanation = explain(group, "WXPF", "1.0", "floating", NOON)
        assert explanation.arithmetic("total") == "20 = PL 10 + US 10"
        assert explanation.arithmetic("used") == "6 = DK 2 + PL 2 + US 2"
        assert explanation.text.endswith("DK expired on 2026-03-15: its licenses are not in the total.")

    def test_where_all_have_expired_all_are_summed_and_the_oldest_date_is_shown(self) -> None:
        group = make_group("PL", "US", used=2, expires=date(2026, 3, 1))
        self.expired("US")

        row = only_row(group)

        assert (row.total, row.expires, row.expired_used, row.permanent) == (20, date(2026, 3, 1), 4, False)
        explanation = explain(group, "WXPF", "1.0", "floating", NOON)
        assert explanation.arithmetic("total") == "20 = PL 10 + US 10"
        assert explanation.not_in_it == []

    def test_an_expired_member_says_nothing_about_permanent_and_unlimited_ones(self) -> None:
        group = make_group("PL", "US", expires=None, permanent=True)
        self.expired("US")
        Feature.objects.filter(server__name="US").update(total=None, permanent=False)

        row = only_row(group)

        assert (row.total, row.expires, row.permanent) == (10, None, True)

    def test_licenses_are_in_the_total_until_a_reading_says_that_they_expired(self) -> None:
        """Of pools the soonest date is told: when that is past, only the next reading tells what is left."""
        group = make_group("PL", "US", expires=NOON.date())

        assert only_row(group, NOON + DAY).total == 20
        self.expired("US")
        assert only_row(group, NOON + DAY).total == 10

    def test_a_total_of_zero_has_no_utilization(self) -> None:
        assert only_row(make_group("PL", total=0)).utilization is None

    def test_two_vendors_are_both_named(self) -> None:
        group = make_group("PL", "US")
        Feature.objects.filter(server__name="US").update(vendor="acad")

        assert only_row(group).vendor == "acad, vendord"

    def test_the_age_is_that_of_the_oldest_member_in_its_own_intervals(self) -> None:
        group = make_group("PL", "US")
        LicenseServer.objects.filter(name="PL").update(interval=DAY, read_at=NOON - 20 * MINUTE)
        LicenseServer.objects.filter(name="US").update(interval=MINUTE, read_at=NOON - 3 * MINUTE)

        row = only_row(group)

        assert row.last_update == NOON - 20 * MINUTE
        assert Age.of(row.last_update, row.interval, NOON) is Age.LATE

    def test_a_clock_that_was_set_back_leaves_the_row_fresh(self) -> None:
        row = only_row(make_group("PL"), NOON - MINUTE)

        assert Age.of(row.last_update, row.interval, NOON - MINUTE) is Age.FRESH


@pytest.mark.django_db
class TestTheDay:
    """The license server DK is retired: its last reading ages while PL and US go on."""

    @pytest.fixture
    def group(self) -> LicenseServerGroup:
        group = make_group("PL", "US", "DK")
        LicenseServer.objects.filter(name__in=["PL", "US"]).update(read_at=NOON + 3 * DAY)
        return group

    @pytest.mark.parametrize(
        ("later", "total"), [(DAY - MINUTE, 30), (DAY, 30), (DAY + timedelta(microseconds=1), 20), (DAY + MINUTE, 20)]
    )
    def test_a_member_counts_up_to_and_including_24_hours(self, group, later: timedelta, total: int) -> None:
        row = only_row(group, NOON + later)

        assert row.total == total
        assert (row.members, row.left_out) == ((3, 0) if total == 30 else (2, 1))
        assert explain(group, "WXPF", "1.0", "floating", NOON + later).sum("total") == total

    def test_a_member_comes_back_with_its_next_reading(self, group) -> None:
        assert only_row(group, NOON + 2 * DAY).total == 20
        LicenseServer.objects.filter(name="DK").update(read_at=NOON + 2 * DAY)

        assert only_row(group, NOON + 2 * DAY).total == 30

    def test_a_member_that_is_left_out_is_named_with_its_age(self, group) -> None:
        explanation = explain(group, "WXPF", "1.0", "floating", NOON + 3 * DAY)

        assert explanation.arithmetic("total") == "20 = PL 10 + US 10"
        assert [member.reason for member in explanation.left_out] == ["DK left out: last reading 3 days ago"]
        assert explanation.text.endswith("DK left out: last reading 3 days ago")

    def test_a_server_that_answers_without_the_feature_makes_the_feature_old(self, group) -> None:
        LicenseServer.objects.filter(name="DK").update(read_at=NOON + 3 * DAY)
        Feature.objects.filter(server__name="DK").update(last_listed_at=NOON)

        assert only_row(group, NOON + DAY).total == 30
        counts = "No longer reported by DK since 2026-03-16 12:00; its last reading counts for 24 h."
        explanation = explain(group, "WXPF", "1.0", "floating", NOON + DAY)
        assert explanation.sentences == [counts]
        assert counts in [member.reason for member in explanation.counted]
        assert only_row(group, NOON + DAY + MINUTE).total == 20
        [member] = explain(group, "WXPF", "1.0", "floating", NOON + DAY + MINUTE).left_out
        assert member.reason == "DK left out: no longer reported since 2026-03-16 12:00"

    def test_a_feature_that_all_members_left_has_no_row(self, group) -> None:
        assert not merged_features(group, NOON + 5 * DAY).exists()

    def test_a_member_that_was_never_read_blanks_the_row_and_is_named(self, group) -> None:
        LicenseServer.objects.filter(name="DK").update(read_at=None)

        assert not merged_features(group, NOON).exists()
        explanation = explain(group, "WXPF", "1.0", "floating", NOON)
        assert explanation.lines == []
        assert explanation.text == "DK never had a realtime reading of it, so there is no sum."

    def test_a_member_that_was_never_read_blanks_nothing_else(self, group) -> None:
        FeatureFactory(server=LicenseServer.objects.get(name="PL"), name="other")
        LicenseServer.objects.filter(name="DK").update(read_at=None)

        assert only_row(group).name == "other"


@pytest.mark.django_db
class TestVersionsThatAreNotKnownYet:
    UNKNOWN = {"version": "", "type": "", "version_listed": False}

    def idle(self, group: LicenseServerGroup, name: str, **kwargs: Any) -> None:
        group.servers.add(FeatureFactory(server__name=name, name="WXPF", **{**self.UNKNOWN, **kwargs}).server)

    def test_such_a_member_joins_the_only_version(self) -> None:
        group = make_group("PL", "US")
        self.idle(group, "DK")

        row = only_row(group)

        assert (row.version, row.type, row.total) == ("1.0", "floating", 30)
        explanation = explain(group, "WXPF", "1.0", "floating", NOON)
        assert explanation.arithmetic("total") == "30 = DK 10 + PL 10 + US 10"
        assert "not known yet" in explanation.counted[0].reason

    def test_with_two_versions_it_stays_alone(self) -> None:
        group = make_group("PL", "US")
        Feature.objects.filter(server__name="US").update(version="2.0")
        self.idle(group, "DK")

        assert [(row.version, row.total) for row in merged_features(group, NOON)] == [
            ("", 10),
            ("1.0", 10),
            ("2.0", 10),
        ]

    def test_a_known_type_must_agree(self) -> None:
        group = make_group("PL")
        self.idle(group, "DK", type="token")

        assert [(row.version, row.type) for row in merged_features(group, NOON)] == [("", "token"), ("1.0", "floating")]

    def test_a_member_of_unknown_type_joins_the_only_type_of_its_version(self) -> None:
        group = make_group("PL", "US")
        self.idle(group, "DK", version="1.0")

        row = only_row(group)

        assert (row.version, row.type, row.total) == ("1.0", "floating", 30)
        explanation = explain(group, "WXPF", "1.0", "floating", NOON)
        assert explanation.arithmetic("total") == "30 = DK 10 + PL 10 + US 10"
        assert explanation.counted[0].reason == "Its type is not known yet; the group has just this one."

    def test_a_member_of_unknown_type_joins_no_other_version(self) -> None:
        group = make_group("PL")
        self.idle(group, "DK", version="2.0")

        assert [(row.version, row.type) for row in merged_features(group, NOON)] == [("1.0", "floating"), ("2.0", "")]

    def test_a_version_of_two_types_takes_in_no_member_of_unknown_type(self) -> None:
        group = make_group("PL", "US")
        Feature.objects.filter(server__name="US").update(type="token")
        self.idle(group, "DK", version="1.0")

        assert [row.type for row in merged_features(group, NOON)] == ["", "floating", "token"]

    def test_one_that_tells_nothing_joins_the_only_version_of_which_one_member_tells_the_type(self) -> None:
        group = make_group("PL")
        self.idle(group, "DK", version="1.0")
        self.idle(group, "US")

        assert [(row.version, row.type, row.total) for row in merged_features(group, NOON)] == [("1.0", "floating", 30)]

    def test_a_version_that_is_empty_on_purpose_joins_nothing(self) -> None:
        group = make_group("PL")
        self.idle(group, "DK", version_listed=True)

        assert merged_features(group, NOON).count() == 2

    @pytest.mark.parametrize("unknown", [{}, {"version": "1.0"}])
    def test_a_feature_stays_what_it_is_when_those_that_knew_are_left_out(self, unknown: dict[str, str]) -> None:
        group = make_group("PL", "US")
        self.idle(group, "DK", **unknown)
        LicenseServer.objects.filter(name="DK").update(read_at=NOON + DAY)

        for now, total in ((NOON + DAY, 30), (NOON + DAY + MINUTE, 10)):
            row = only_row(group, now)
            assert (row.version, row.type, row.total) == ("1.0", "floating", total)
        explanation = explain(group, "WXPF", "1.0", "floating", NOON + DAY + MINUTE)
        assert explanation.arithmetic("total") == "10 = DK 10"
        assert [member.server.name for member in explanation.left_out] == ["PL", "US"]

    def test_versions_of_members_that_are_left_out_say_nothing_against_those_that_count(self) -> None:
        group = make_group("PL", "US")
        Feature.objects.filter(server__name="US").update(version="0.9", last_listed_at=NOON - 2 * DAY)
        self.idle(group, "DK")

        assert [(row.version, row.total) for row in merged_features(group, NOON)] == [("1.0", 20)]


@pytest.mark.django_db
class TestQueryset:
    @pytest.fixture
    def rows(self):
        group = make_group("PL", "US", used=5)
        for number in range(5):
            FeatureFactory(server=group.servers.first(), name=f"f{number}", used=number)
        return merged_features(group, NOON)

    def test_it_filters_orders_counts_and_cuts_in_the_database(self, rows) -> None:
        with CaptureQueriesContext(connection) as queries:
            found = list(rows.filter(name__icontains="F", used__gte=2).order_by("-used", "name")[:3])
            count = rows.filter(utilization__gt=20.0).count()

        assert [row.name for row in found] == ["WXPF", "f4", "f3"]
        assert count == 3
        assert len(queries) == 2

    def test_it_gives_dictionaries_and_tuples(self, rows) -> None:
        assert rows.values("name", "used").order_by("-used")[0] == {"name": "WXPF", "used": 10}
        assert list(rows.values_list("name", flat=True)) == ["WXPF", "f0", "f1", "f2", "f3", "f4"]

    def test_two_groups_in_one_statement_keep_their_own_parameters(self, rows) -> None:
        other = LicenseServerGroup.objects.create(name="other")
        other.servers.add(FeatureFactory(name="alone").server)

        both = rows.values_list("name").union(merged_features(other, NOON).values_list("name"))

        assert ("alone",) in both
        assert len(both) == 7

    def test_it_can_be_a_subquery(self, rows) -> None:
        named = rows.filter(used__gte=4).values("name")

        assert set(Feature.objects.filter(name__in=named).values_list("name", flat=True)) == {"WXPF", "f4"}
