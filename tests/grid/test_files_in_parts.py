"""Files are written in parts: where one part ends and the next begins no row is lost, doubled or misread."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from sessions_app.grid import copying, exports, workbook
from tests.factories import NOON, FeatureFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import USERS, Viewer, content

ROWS = 5


@pytest.fixture
def names(viewer: Viewer) -> list[str]:
    """The users of five sessions, in their order."""
    made = [f"user{number}" for number in range(ROWS)]
    feature = FeatureFactory.create()
    for name in made:
        OpenSessionFactory.create(feature=feature, user=name, checked_out_at=NOON)
    return made


def sheets(viewer: Viewer, **asked: str) -> dict[str, list[list[object]]]:
    book = load_workbook(io.BytesIO(content(viewer.file("xlsx", **asked))))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


@pytest.mark.parametrize("size", range(1, ROWS + 2))
@pytest.mark.parametrize("way", ["", "user"])
def test_json_is_whole_wherever_a_part_ends(
    viewer: Viewer, names: list[str], monkeypatch: pytest.MonkeyPatch, size: int, way: str
) -> None:
    monkeypatch.setattr(exports, "BATCH", size)
    assert [row["user"] for row in viewer.rows(sort="user", group_by=way)] == names


@pytest.mark.parametrize("size", [0, 1, 100, 10**6])
def test_csv_is_whole_wherever_a_part_ends(
    viewer: Viewer, names: list[str], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(copying, "CHUNK", size)
    monkeypatch.setattr(exports, "BATCH", max(size, 1))
    for way in ("", "user"):
        asked = {"sort": "user", "columns": "user", "group_by": way}
        assert content(viewer.file("csv", **asked)).decode().split() == ["user", *names]


@pytest.mark.parametrize(("most", "each"), [(2, [2, 2, 1]), (5, [5]), (6, [5]), (1, [1] * 5), (4, [4, 1])])
def test_a_workbook_goes_on_in_another_sheet_and_has_none_without_rows(
    viewer: Viewer, names: list[str], monkeypatch: pytest.MonkeyPatch, most: int, each: list[int]
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", most)
    found = sheets(viewer, sort="user", columns="user")
    assert [len(rows) - 1 for rows in found.values()] == each
    assert [cell for _, *rows in found.values() for (cell,) in rows] == names
    assert list(found)[1:2] == ["Realtime Sessions 2"][: len(each) - 1]
    assert len({str(header) for header, *_ in found.values()}) == 1


def test_a_workbook_of_no_rows_has_one_sheet_with_its_header(viewer: Viewer) -> None:
    (rows,) = sheets(viewer, columns="user").values()
    assert rows == [["User Name"]]


def test_times_in_a_workbook_are_in_the_zone_that_their_header_names(viewer: Viewer, names: list[str]) -> None:
    viewer.client.cookies["licstats_zone"] = "Asia/Kolkata"
    (rows,) = sheets(viewer, columns="checkout_time,used").values()
    shown = dict(zip(*rows[:2], strict=True))
    assert str(shown["Checkout Time (Asia/Kolkata)"]) == "2026-03-16 17:30:00"
    assert shown["Used"] == 1


@pytest.mark.parametrize("name", ["a\x0bb", "a\x1b[2Jb", "\x01=1+1", "a\ufffeb", "a\uffffb"])
def test_what_a_workbook_cannot_hold_is_shown_as_not_readable(viewer: Viewer, name: str) -> None:
    OpenSessionFactory.create(user=name)
    (rows,) = sheets(viewer, columns="user").values()
    assert rows[1] == [re.sub(r"[\x00-\x08\x0b\x1b\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", name)]


def test_lists_in_a_file_are_no_formulas_either(viewer: Viewer) -> None:
    for host in ("=cmd()", "ws1"):
        OpenSessionFactory.create(feature=FeatureFactory.create(name="mesh"), user="ann", host=host)
    OpenSessionFactory.create(user="bob", host="\t=x")
    _header, lines = plain.read_csv(content(viewer.file("csv", group_by="user", columns="host", sort="host")))
    (rows,) = sheets(viewer, group_by="user", columns="host", sort="host").values()
    for (cell,) in (*lines, *rows[1:]):
        assert not str(cell).startswith(exports.FORMULA), cell


@pytest.mark.parametrize(("most", "status"), [(ROWS, 200), (ROWS - 1, 400)])
def test_a_document_has_as_many_rows_as_it_takes_and_not_one_more(
    viewer: Viewer, names: list[str], monkeypatch: pytest.MonkeyPatch, most: int, status: int
) -> None:
    monkeypatch.setattr(exports, "MOST_IN_PDF", most)
    answer = viewer.file("pdf")
    assert answer.status_code == status
    if status == 400:
        assert answer.content.decode().startswith(f"A PDF takes up to {most} rows, and these are {ROWS}. Filter them")


@pytest.mark.parametrize(
    ("asked", "part", "absent"),
    [
        ({"borrowed": "1"}, "-borrowed-", "filtered"),
        ({"user": "a"}, "-filtered-", "borrowed"),
        ({"user": "a", "borrowed": "1"}, "-borrowed-filtered-", "by"),
        ({"group_by": "user"}, "-by-user-", "filtered"),
        ({}, "sessions-", "filtered"),
    ],
)
def test_the_name_of_a_file_says_what_is_left_out_of_it(
    viewer: Viewer, asked: dict[str, str], part: str, absent: str
) -> None:
    named = viewer.file("csv", **asked)["Content-Disposition"]
    assert part in named
    assert absent not in named


@pytest.mark.parametrize("path", ["/features/realtime/sessions", USERS])
@pytest.mark.parametrize("extension", exports.EXTENSIONS)
def test_what_no_file_can_be_made_of_is_told_in_lines(viewer: Viewer, path: str, extension: str) -> None:
    answer = viewer.file(extension, path, used_min="many", colour="red", sort="moon")
    lines = answer.content.decode().splitlines()
    assert answer.status_code == 400
    assert {line.partition(":")[0] for line in lines} == {"used_min", "colour", "sort"}
    assert "colour: There is no such parameter." in lines
