"""What stands on the pages of a PDF, and where: nothing over anything else, and nothing torn that belongs together."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

import pytest
import time_machine
from fpdf import FPDF

from licstats.durations import format_duration
from sessions_app.grid.sessions import SESSIONS
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import Viewer, Written, content

ALL = ",".join(plain.PLAIN_COLUMNS)


def texts(written: list[Written]) -> list[str]:
    return [each.text for each in written]


def assert_beside_each_other(written: list[Written]) -> None:
    """No text of a line begins before the one at its left ends, and none leaves the page."""
    place = attrgetter("page", "y")
    for _line, group in groupby(sorted(written, key=attrgetter("page", "y", "x")), key=place):
        line = list(group)
        assert all(one.end < other.x for one, other in pairwise(line)), line
        assert line[-1].end < FPDF("landscape", "pt", "A4").w - 20, line[-1]


def save(viewer: Viewer, **asked: Any) -> None:
    with time_machine.travel(NOON, tick=False):
        assert content(viewer.file("pdf", **asked)).startswith(b"%PDF")


USERS = ["ann", "christopher.longname", "chr", "someone-of-another-company-with-a-name@example.com"]


@pytest.mark.parametrize("rows", [0, 3, 40])
@pytest.mark.parametrize("server", ["PL", "The license server of the northern site"])
@pytest.mark.parametrize("feature", ["solver", "ADVANCED_SOLVER_WITH_EXTRAS_AND_A_NAME_THAT_TAKES_HALF_A_PAGE"])
def test_times_durations_and_titles_of_all_columns_are_whole_and_beside_each_other(
    viewer: Viewer, written: list[Written], rows: int, server: str, feature: str
) -> None:
    listed = FeatureFactory.create(server=LicenseServerFactory.create(name=server), name=feature)
    used = [timedelta(minutes=7**number) for number in range(7)]
    for number in range(rows):
        checked_out = NOON - used[number % 7]
        user, host = USERS[number % 4], f"ws{number}.engineering.example.com"
        borrowed = {"borrow_expires_at": NOON + timedelta(days=number)}
        OpenSessionFactory.create(feature=listed, user=user, host=host, checked_out_at=checked_out, **borrowed)

    save(viewer, columns=ALL)

    assert_beside_each_other(written)
    found = texts(written)
    for number in range(rows):
        assert format_duration(used[number % 7]) in found
        assert f"{NOON - used[number % 7]:%Y-%m-%d %H:%M}" in found
        assert f"{NOON + timedelta(days=number):%Y-%m-%d %H:%M}" in found
        assert {USERS[number % 4], f"ws{number}.engineering.example.com", feature} <= set(found)
    words = {word for text in found for word in text.split()}
    assert words >= {word for name in plain.PLAIN_COLUMNS for word in SESSIONS.columns[name].title.split()}
    assert min(each.size for each in written) >= 5


def test_names_that_only_later_rows_have_are_whole_too(viewer: Viewer, written: list[Written]) -> None:
    """Where rows are sorted by user, the first pages know nothing of the others."""
    feature = FeatureFactory.create()
    for number in range(250):
        OpenSessionFactory.create(feature=feature, user="ann", host=f"ws{number}")
    OpenSessionFactory.create(feature=feature, user="christopher.longname", host="workstation.example.com")

    save(viewer, columns=ALL, sort="user")

    assert {"christopher.longname", "workstation.example.com"} <= set(texts(written))


def test_a_name_that_no_page_has_room_for_is_broken_where_it_must_be(viewer: Viewer, written: list[Written]) -> None:
    name = "".join(f"W{number:04}" for number in range(100))
    OpenSessionFactory.create(user=name, host="ws1.engineering.example.com")

    save(viewer, columns=ALL)

    assert_beside_each_other(written)
    parts = [text for text in texts(written) if text and text in name and text not in ("1", "0")]
    assert "".join(parts) == name


def test_hosts_of_a_row_stand_in_as_many_lines_as_they_take_each_whole(viewer: Viewer, written: list[Written]) -> None:
    feature = FeatureFactory.create()
    hosts = [f"ws{number:02}.engineering.example.com" for number in range(30)]
    for host in hosts:
        OpenSessionFactory.create(feature=feature, user="ann", host=host)

    save(viewer, group_by="user")

    assert_beside_each_other(written)
    assert {word.strip(";") for text in texts(written) for word in text.split()} >= set(hosts)


LOST = "Some letters are not in the font of this file and stand as �: save as CSV or XLSX to have them."


def test_names_that_the_font_cannot_write_are_told_of_once_before_the_first_row(
    viewer: Viewer, written: list[Written]
) -> None:
    feature = FeatureFactory.create()
    for number in range(100):
        OpenSessionFactory.create(feature=feature, user=f"user{number:02}")
    for name in ("山田太郎", "鈴木花子"):
        OpenSessionFactory.create(feature=feature, user=name)

    save(viewer, sort="user")

    found = texts(written)
    assert found.count("����") == 2
    assert found.count(LOST) == 1
    assert found.index(LOST) < found.index("user00")
    assert_beside_each_other(written)


def test_words_of_the_head_that_the_font_cannot_write_are_told_of(viewer: Viewer, written: list[Written]) -> None:
    save(viewer, user_is="山田太郎")

    assert texts(written).count(LOST) == 1


@pytest.mark.parametrize("name", ["Žofie Čermáková", "Ζωή", "Юлия", "as the license manager wrote it: �"])
def test_nothing_is_told_of_names_that_are_written_whole(viewer: Viewer, written: list[Written], name: str) -> None:
    OpenSessionFactory.create(user=name)

    save(viewer, user_is=name)

    assert "".join(name.split()) in "".join("".join(texts(written)).split())
    assert LOST not in texts(written)


@pytest.mark.parametrize(("rows", "told"), [(0, "0 rows at "), (1, "1 row at "), (2, "2 rows at ")])
def test_the_head_says_how_many_rows_follow(viewer: Viewer, written: list[Written], rows: int, told: str) -> None:
    OpenSessionFactory.create_batch(rows)

    save(viewer)

    assert any(text.startswith(told) for text in texts(written))
