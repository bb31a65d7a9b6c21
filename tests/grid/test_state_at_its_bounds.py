"""What a grid makes of the last value that is taken and the first that is not, and what it says of both."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine

from sessions_app.grid.aggregation import Names
from sessions_app.models import OpenSession
from tests.factories import NOON, FeatureFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import SESSIONS, Viewer, content

MINUTE = timedelta(minutes=1)
HISTORY = "/features/history/sessions"


def users(viewer: Viewer, **asked: Any) -> list[str]:
    return [row["user"] for row in viewer.rows(**asked)]


def chips(viewer: Viewer, **asked: Any) -> list[str]:
    return [chip.text for chip in viewer.page(**asked).context["state"].chips]


@pytest.mark.parametrize(
    ("asked", "wrong", "words"),
    [
        ({"user": "u" * 301}, "user", "at most 300 characters"),
        ({"place_is": "-1"}, "place_is", "greater than or equal to 0"),
        ({"place_is": str(2**63)}, "place_is", "less than or equal to"),
        ({"used_min": f"-{10**30}"}, "used_min", "That number is too small."),
        ({"used_max": str(2**63)}, "used_max", "That number is too large."),
        ({"page": "9999999999"}, "page", "That number is too large."),
        ({"page": "1000000001"}, "page", "That number is too large."),
        ({"page": "000"}, "page", "'000' is not a whole number from 1."),
        ({"per_page": "19"}, "per_page", "A page has 20, 50, 100, 200 rows."),
        ({"expiration_after": "soon"}, "expiration_after", "'soon' is not a day. Write 2026-11-21."),
        ({"user": ["ann", "b\0b"]}, "user", "cannot hold the character NUL"),
        ({"feature_type": ["token", "x\0"]}, "feature_type", "cannot hold the character NUL"),
    ],
)
def test_what_is_one_too_many_is_refused_and_said(
    viewer: Viewer, asked: dict[str, Any], wrong: str, words: str
) -> None:
    OpenSessionFactory.create()
    errors = viewer.page(**asked).context["state"].errors
    assert errors.keys() == {wrong}
    assert words in " ".join(errors[wrong])


@pytest.mark.parametrize(
    "asked",
    [
        {"user": "u" * 300},
        {"place_is": str(2**63 - 1)},
        {"used_min": str(-(2**63 - 1))},
        {"used_max": str(2**63 - 1)},
        {"page": "1000000000"},
        {"page": "0000000000000001"},
        {"per_page": "0200"},
    ],
)
def test_the_last_that_can_be_asked_for_is_answered(viewer: Viewer, asked: dict[str, Any]) -> None:
    OpenSessionFactory.create(user="u" * 300)
    assert viewer.page(**asked).context["state"].errors == {}
    assert viewer.file("csv", **asked).status_code == 200


def test_a_page_number_with_zeros_before_it_is_that_page(viewer: Viewer) -> None:
    OpenSessionFactory.create_batch(21, feature=FeatureFactory.create())
    assert viewer.page(page="002").context["page"].number == 2


def test_a_space_at_the_end_of_a_name_is_a_part_of_it(viewer: Viewer) -> None:
    for name in ("ann", "ann ", " ann"):
        OpenSessionFactory.create(user=name)
    assert users(viewer, user_is="ann ") == ["ann "]
    assert chips(viewer, user_is="ann ") == ["User Name is ann"]


def test_a_checkout_by_a_clock_that_is_ahead_has_been_used_for_no_time_and_not_for_less(viewer: Viewer) -> None:
    OpenSessionFactory.create(user="ahead", checked_out_at=NOON + MINUTE)
    OpenSessionFactory.create(user="now", checked_out_at=NOON)
    OpenSessionFactory.create(user="unknown", checked_out_at=None)
    with time_machine.travel(NOON, tick=False):
        assert sorted(users(viewer, time_used_min="0s")) == ["ahead", "now"]
        assert sorted(users(viewer, time_used_max="0s")) == ["ahead", "now"]
        assert users(viewer, time_used_min="1s") == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("time_used_min", "5 min", ["five", "long"]),
        ("time_used_max", "5 min", ["five", "four"]),
        ("checked_out_after", "2026-03-16T11:55Z", ["five", "four"]),
        ("checked_out_before", "2026-03-16T11:55Z", ["long"]),
    ],
)
def test_a_bound_of_time_that_is_met_exactly(viewer: Viewer, name: str, value: str, found: list[str]) -> None:
    for user, minutes in {"four": 4, "five": 5, "long": 500}.items():
        OpenSessionFactory.create(user=user, checked_out_at=NOON - minutes * MINUTE)
    with time_machine.travel(NOON, tick=False):
        assert sorted(users(viewer, **{name: value})) == found


def test_chips_tell_times_by_the_viewers_clock_and_words_as_the_rows_have_them(viewer: Viewer) -> None:
    viewer.client.cookies["licstats_zone"] = "Asia/Kolkata"
    assert chips(viewer, checked_out_after="2026-03-16T12:00Z") == ["Checkout Time after 2026-03-16 17:30"]
    assert chips(viewer, feature_type=["floating", "token"]) == ["Feature Type is Floating or Token"]
    assert chips(viewer, expiration_before="2026-03-16") == ["Feature Expiration Date before 2026-03-16"]
    assert chips(viewer, used_min="2", used_max="5") == ["Used from 2 to 5"]
    assert chips(viewer, used_min="5", used_max="5") == ["Used is 5"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("2026-03-16T12:00:00Z", "2026-03-16 17:30"),
        ("2026-03-16T12:00:07Z", "2026-03-16 17:30:07"),
        ("2026-03-16 12:00", "2026-03-16 12:00"),
        ("2026-03-16", "2026-03-16 00:00"),
    ],
)
def test_the_box_of_a_time_has_it_as_the_viewer_would_type_it(viewer: Viewer, typed: str, shown: str) -> None:
    viewer.client.cookies["licstats_zone"] = "Asia/Kolkata"
    assert viewer.page(checked_out_after=typed).context["state"].value("checked_out_after") == shown


def test_the_grid_can_be_asked_as_it_is_at_this_very_moment_and_not_a_second_later(viewer: Viewer) -> None:
    OpenSessionFactory.create(first_seen_at=NOON - MINUTE, user="ann")
    with time_machine.travel(NOON, tick=False):
        assert users(viewer, at="2026-03-16T12:00:00Z") == ["ann"]
        later = viewer.page(at="2026-03-16T12:00:01Z").context["state"]
    assert later.errors == {"at": ["2026-03-16T12:00:01Z has not come yet."]}


def test_of_a_column_that_is_named_twice_the_first_order_holds(viewer: Viewer) -> None:
    for used in (1, 3, 2):
        OpenSessionFactory.create(used=used)
    assert [row["used"] for row in viewer.rows(sort="-used,used")] == [3, 2, 1]


def test_keys_of_an_aggregation_may_stand_apart(viewer: Viewer) -> None:
    OpenSessionFactory.create(user="ann")
    assert len(viewer.rows(group_by="feature, user")) == 1
    state = viewer.page(group_by="user,feature,moon").context["state"]
    assert "Rows cannot be aggregated by 'user,feature,moon'. It can be 'user'" in state.errors["group_by"][0]


@pytest.mark.parametrize(
    ("asked", "wrong", "words"),
    [
        ({"to": "2026-03-17"}, "from", "Choose when the period begins."),
        ({"period": "custom"}, "from", "Choose when the period begins."),
        ({"from": "2026-03-17", "to": "2026-03-16"}, "to", "The period ends before it begins."),
        ({"period": "fortnight"}, "period", "'fortnight' is not a period."),
    ],
)
def test_a_period_that_is_none_is_said_where_it_is_chosen(
    viewer: Viewer, asked: dict[str, str], wrong: str, words: str
) -> None:
    page = viewer.page(HISTORY, **asked)
    assert page.context["state"].errors.keys() == {wrong}
    assert words in unescape(page.content.decode())
    assert viewer.file("csv", HISTORY, **asked).status_code == 400


class TestWhatEndsMeanwhile:
    """The groups of a page are found first, and what is in them is looked up after that."""

    def test_a_row_whose_sessions_have_ended_is_left_out(self, viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
        feature = FeatureFactory.create()
        for user in ("ann", "bob"):
            OpenSessionFactory.create(feature=feature, user=user)
        of = Names.of

        def later(groups: Any) -> Names:
            OpenSession.objects.filter(user="ann").delete()
            return of(groups)

        monkeypatch.setattr(Names, "of", later)
        page = viewer.page(group_by="user")
        assert [row["user"] for row in page.context["page"].rows] == ["bob"]
        OpenSessionFactory.create(feature=feature, user="ann")
        assert users(viewer, group_by="user") == ["bob"]

    def test_a_row_whose_feature_has_gone_has_no_name_and_breaks_nothing(self, db: None) -> None:
        described = Names.of([{"feature_id": 4711}]).described({"feature_id": 4711})
        assert described["feature__name"] == described["server__name"] == ""


class TestAddressesOfARow:
    """Lists in a cell end at fifty; what is beyond is counted."""

    def test_one_that_comes_after_many_hosts_of_another_is_there(self, viewer: Viewer) -> None:
        feature = FeatureFactory.create()
        for number in range(60):
            address = "10.0.0.1" if number < 55 else "10.0.0.2"
            OpenSessionFactory.create(feature=feature, user="ann", host=f"ws{number:02}", ip=address)
        text = viewer.page(group_by="user", columns="ip").content.decode()
        assert "10.0.0.1" in text
        assert "10.0.0.2" in text

    def test_hosts_without_one_are_not_counted_among_those_beyond(self, viewer: Viewer) -> None:
        feature = FeatureFactory.create()
        for number in range(70):
            address = f"10.0.0.{number:03}" if number < 60 else ""
            OpenSessionFactory.create(feature=feature, user="ann", host=f"ws{number:02}", ip=address)
        assert "and 10 more" in viewer.page(group_by="user", columns="ip").content.decode()
        assert "and 20 more" in viewer.page(group_by="user", columns="host").content.decode()
        header, ((addresses,),) = plain.read_csv(content(viewer.file("csv", SESSIONS, group_by="user", columns="ip")))
        assert (header, len(addresses.split("; "))) == (["ip"], 60)
