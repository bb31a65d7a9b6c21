"""How the figures of a merged feature come about, as sentences: what counts, what does not, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from groups_app.members import Explanation, explain
from groups_app.models import LicenseServerGroup
from groups_app.status import GroupStatus, Online, status_of
from licstats.models import Feature, LicenseServer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


def group_of(**members: dict[str, Any]) -> LicenseServerGroup:
    """A group whose license servers have 10 of WXPF each, unless they say otherwise."""
    group = LicenseServerGroup.objects.create(name="XF")
    for name, feature in members.items():
        group.servers.add(FeatureFactory(server__name=name, name="WXPF", **feature).server)
    return group


def explained(group: LicenseServerGroup, version: str = "1.0", kind: str = "floating", now=NOON) -> Explanation:
    return explain(group, "WXPF", version, kind, now)


def reasons(explanation: Explanation) -> dict[str, str]:
    return {str(member.server): member.reason for member in explanation.members}


class TestReasons:
    UNKNOWN = {"version": "", "type": "", "version_listed": False}

    def test_one_that_counts_as_it_is(self) -> None:
        assert reasons(explained(group_of(PL={}))) == {"PL": "Its last reading is not older than 24 h."}

    def test_one_of_unknown_version_that_joined_the_only_one(self) -> None:
        told = reasons(explained(group_of(PL={}, US=self.UNKNOWN)))
        assert told["US"] == "Its version is not known yet; the group has just this one."

    def test_one_of_unknown_version_is_not_said_to_have_joined_where_there_are_two(self) -> None:
        group = group_of(PL={}, US=self.UNKNOWN, DK={"version": "2.0"})
        assert reasons(explained(group, "", "")) == {"US": "Its version is not known yet."}

    def test_one_of_unknown_type_is_not_said_to_have_joined_where_there_are_two(self) -> None:
        group = group_of(PL={}, US={"type": ""}, DK={"type": "token"})
        assert reasons(explained(group, "1.0", "")) == {"US": "Its type is not known yet."}

    def test_one_that_nobody_knows_more_of_is_alone(self) -> None:
        assert reasons(explained(group_of(US=self.UNKNOWN), "", "")) == {"US": "Its version is not known yet."}

    @pytest.mark.parametrize(
        ("age", "says"),
        [
            (DAY + timedelta(seconds=1), "DK left out: last reading 1 day ago"),
            (2 * DAY - timedelta(seconds=1), "DK left out: last reading 1 day ago"),
            (2 * DAY, "DK left out: last reading 2 days ago"),
        ],
    )
    def test_one_that_is_left_out_has_its_age_in_days(self, age: timedelta, says: str) -> None:
        group = group_of(PL={}, DK={})
        LicenseServer.objects.filter(name="DK").update(read_at=NOON - age)
        assert reasons(explained(group))["DK"] == says

    def test_one_that_expired_yesterday_has_expired_and_one_of_today_has_not(self) -> None:
        group = group_of(PL={"expires": date(2026, 3, 15)}, US={"expires": date(2026, 3, 16)})
        told = reasons(explained(group))
        assert told["PL"] == "Expired on 2026-03-15: its licenses are in the total only where all have expired."
        assert told["US"] == "Its last reading is not older than 24 h."


class TestArithmetic:
    def test_thousands_are_told_apart_and_servers_stand_in_their_order(self) -> None:
        explanation = explained(group_of(US={"total": 1_234}, PL={"total": 1_000_000}))
        assert explanation.arithmetic("total") == "1,001,234 = PL 1,000,000 + US 1,234"

    def test_what_is_zero_throughout_is_left_out_but_the_total_and_the_use(self) -> None:
        explanation = explained(group_of(PL={"reserved": 1}, US={}))
        assert [figure for figure, _ in explanation.lines] == ["total", "used", "reserved"]
        assert explanation.text == "Total: 20 = PL 10 + US 10\nUsed: 0 = PL 0 + US 0\nReserved: 1 = PL 1 + US 0"

    def test_a_feature_that_is_on_one_server_in_two_blocks_counts_with_both(self) -> None:
        group = group_of(PL={"vendor": "a"})
        FeatureFactory(server=LicenseServer.objects.get(), name="WXPF", vendor="b", total=5)
        assert explained(group).arithmetic("total") == "15 = PL 10 + PL 5"

    def test_without_a_sum_there_is_none_to_tell(self) -> None:
        group = group_of(PL={}, DK={})
        LicenseServer.objects.filter(name="DK").update(read_at=None)
        explanation = explained(group)
        assert (explanation.sum("total"), explanation.arithmetic("total"), explanation.lines) == (None, "", [])
        assert explanation.sentences == ["DK never had a realtime reading of it, so there is no sum."]

    def test_one_never_read_is_told_before_one_that_is_left_out(self) -> None:
        group = group_of(PL={}, DK={}, US={"last_listed_at": NOON - 9 * DAY})
        LicenseServer.objects.filter(name="DK").update(read_at=None)
        assert [sentence[:2] for sentence in explained(group).sentences] == ["DK", "US"]

    def test_a_feature_that_no_member_has_has_no_sum(self) -> None:
        explanation = explained(group_of(PL={}), "9.9")
        assert (explanation.members, explanation.has_sum, explanation.text) == ((), False, "")

    def test_what_is_in_use_of_expired_licenses_is_summed_and_their_total_is_not(self) -> None:
        group = group_of(PL={"used": 3, "expires": date(2026, 1, 1)}, US={"used": 4, "total": None})
        explanation = explained(group)
        assert explanation.lines == [("total", "unlimited = US unlimited"), ("used", "7 = PL 3 + US 4")]
        Feature.objects.update(expires=date(2026, 1, 1), expired=True)
        assert explained(group).arithmetic("total") == "unlimited = PL 10 + US unlimited"


class TestStatus:
    @pytest.mark.parametrize(
        ("online", "members", "text"),
        [
            (0, 0, "no license servers"),
            (0, 1, "none online (0 of 1)"),
            (1, 1, "all online (1 of 1)"),
            (1, 2, "some online (1 of 2)"),
            (2, 2, "all online (2 of 2)"),
        ],
    )
    def test_it_is_a_word_and_how_many(self, online: int, members: int, text: str) -> None:
        assert str(GroupStatus(online, members)) == text

    @pytest.mark.parametrize(
        "server", [{"enabled": False}, {"status": "down"}, {"status": ""}, {"failures": 1}], ids=lambda each: str(each)
    )
    def test_one_that_does_not_answer_or_is_not_asked_is_not_online(self, server: dict[str, Any]) -> None:
        group = LicenseServerGroup.objects.create(name="XF")
        group.servers.add(LicenseServerFactory(), LicenseServerFactory(**server))
        assert (status_of(group).word, status_of(group).online) == (Online.SOME, 1)

    def test_members_are_counted_once_whatever_other_groups_they_are_in(self) -> None:
        server = LicenseServerFactory()
        for name in ("A", "B", "C"):
            LicenseServerGroup.objects.create(name=name).servers.add(server)
        assert str(status_of(LicenseServerGroup.objects.get(name="B"))) == "all online (1 of 1)"
