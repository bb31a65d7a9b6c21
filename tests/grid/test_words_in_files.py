"""Files that are read, and not computed with, say in words what has no figure; the others leave it out."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from sessions_app.grid.columns import NOT_KNOWN
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import SESSIONS, Viewer, Written, content

USAGE = "/features/realtime/usage"
HISTORY = "/features/history/sessions"


@pytest.fixture
def three(db: None) -> None:
    """Features with a total that expires, without a limit for ever, and of which little is known; each in use."""
    server = LicenseServerFactory.create(name="PL", read_at=timezone.now())
    day = (timezone.now() + timedelta(days=90)).date()
    figures: dict[str, dict[str, Any]] = {
        "a-limited": {"total": 10, "expires": day, "used": 1},
        "b-unlimited": {"total": None, "permanent": True, "used": 1},
        "c-unknown": {"total": 5, "used": None, "version": ""},
    }
    for name, given in figures.items():
        feature = FeatureFactory.create(server=server, name=name, **given)
        OpenSessionFactory.create(feature=feature, first_seen_at=timezone.now() - timedelta(minutes=1))


def shown(viewer: Viewer, path: str, **asked: str) -> list[list[str]]:
    """The cells of each row, its number first; a dash without the reason that is read out with it."""
    rows = plain.read_page(viewer.page(path, **asked).content.decode())
    return [[NOT_KNOWN if cell.startswith(NOT_KNOWN) else cell.strip() for cell in row] for row in rows]


def in_workbook(viewer: Viewer, path: str, **asked: str) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(content(viewer.file("xlsx", path, **asked)))).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True, min_row=2)]


def in_document(viewer: Viewer, written: list[Written], path: str, **asked: str) -> list[list[str]]:
    """The cells of each row, its number first."""
    del written[:]
    content(viewer.file("pdf", path, **asked))
    lines: dict[float, list[str]] = {}
    for each in written:
        lines.setdefault(each.y, []).append(each.text)
    return [line for line in lines.values() if line[0].isdecimal()]


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (USAGE, "feature,version,expiration,used,total,available"),
        (SESSIONS, "feature,version,expiration,borrow_expiration"),
        (HISTORY, "feature,version,end"),
    ],
)
def test_a_pdf_has_the_words_of_the_page(
    viewer: Viewer, three: None, written: list[Written], path: str, columns: str
) -> None:
    asked = {"sort": "feature", "columns": columns}
    names = slice(0, 1 + len(columns.split(",")))  # without the X of a session

    page = [[cell for cell in row[names] if cell] for row in shown(viewer, path, **asked)]

    assert in_document(viewer, written, path, **asked) == page
    assert len(page) == 3


def test_unlimited_permanent_and_not_known_are_told_apart_in_a_workbook(viewer: Viewer, three: None) -> None:
    asked = {"sort": "feature", "columns": "feature,expiration,used,total"}

    limited, unlimited, unknown = in_workbook(viewer, USAGE, **asked)

    assert limited[1:] == [limited[1], 1, 10]
    assert limited[1].date() == (timezone.now() + timedelta(days=90)).date()
    assert unlimited == ["b-unlimited", "permanent", 1, "unlimited"]
    assert unknown == ["c-unknown", None, None, 5]


def test_a_session_that_is_open_says_so_in_a_workbook(viewer: Viewer, three: None) -> None:
    assert [row[-1] for row in in_workbook(viewer, HISTORY, columns="feature,end")] == ["open"] * 3
    (permanent,) = in_workbook(viewer, SESSIONS, columns="expiration,borrow_expiration", feature_name="unlimited")
    assert permanent == ["permanent", None]


def test_what_is_computed_with_has_no_words(viewer: Viewer, three: None) -> None:
    asked = {"sort": "feature", "columns": "expiration,used,total"}

    _limited, unlimited, unknown = viewer.rows(USAGE, **asked)

    assert unlimited == {"expiration": None, "used": 1, "total": None}
    assert unknown == {"expiration": None, "used": None, "total": 5}
    _header, lines = plain.read_csv(content(viewer.file("csv", USAGE, **asked)))
    assert lines[1:] == [["", "1", ""], ["", "", "5"]]
