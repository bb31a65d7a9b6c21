from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from licstats.managers.base import STATUS, Output
from licstats.managers.flexnet import FlexNet
from licstats.managers.flexnet.catalogue import Catalogue
from licstats.managers.reading import FeatureType, Pool, ProblemKind, Reading, Verdict
from tests.managers.lmstat_text import HEAD, NOW, ZONE, block, checkout, heading, read

NOTE = """\
NOTE: lmstat -i does not give information from the server,
      but only reads the license file.  For this reason,
      lmstat -a is recommended instead.

"""
VENDOR_LAST = NOTE + (
    "Feature                         Version     #licenses    Expires      Vendor\n"
    "_______                         _________   _________    __________   ______\n"
)
VENDOR_FIRST = NOTE + (
    "Feature                         Version     #licenses    Vendor        Expires\n"
    "_______                         _________   _________    ______        ________\n"
)


def listed(*rows: str) -> str:
    return VENDOR_LAST + "".join(f"{row}\n" for row in rows)


def with_catalogue(text: str, *rows: str) -> Reading:
    return read(HEAD + text + "\n", catalogue=listed(*rows))


def test_both_orders_of_columns_and_dates_that_never_come() -> None:
    one = Catalogue(listed("mesh  2.0   5   31-dec-2026  toold", "view two 1.0 1 permanent(no expiration date) toold"))
    two = Catalogue(
        VENDOR_FIRST + "mesh  2.0   5   toold  31-dec-2026\nview two 1.0 1 toold permanent(no expiration date)\n"
    )
    assert [(r.feature, r.version, r.count, r.vendor, r.expiry) for r in one.rows] == [
        (r.feature, r.version, r.count, r.vendor, r.expiry) for r in two.rows
    ]
    assert [row.feature for row in one.rows] == ["mesh", "view two"]
    assert one.problems == two.problems == []


def test_an_idle_feature_has_its_version_from_the_catalogue() -> None:
    [mesh] = with_catalogue(heading("mesh", 7, 0), "mesh 2.0 5 31-dec-2026 toold").features
    assert (mesh.version, mesh.version_listed, mesh.type) == ("2.0", True, FeatureType.UNKNOWN)
    assert mesh.total == 7  # of a single row the heading's figures count
    assert mesh.pools == (Pool(5, date(2026, 12, 31), version="2.0"),)


def test_each_version_is_a_feature_with_its_own_licenses_and_use() -> None:
    reading = with_catalogue(
        heading("mesh", 8, 3) + block("mesh", "2.00") + checkout("anna ws01 :0", 1, tail=", 3 licenses"),
        "mesh 1.0 3 31-dec-2026 toold",
        "mesh 2.0 5 30-jun-2026 toold",
    )
    assert reading.problems == ()
    one, two = reading.features
    assert (one.version, one.total, one.used, one.type) == ("1.0", 3, 0, FeatureType.UNKNOWN)
    assert (two.version, two.total, two.used, two.type) == ("2.0", 5, 3, FeatureType.FLOATING)
    assert [session.user for session in two.sessions] == ["anna"]


def test_rows_that_do_not_add_up_are_told_with_their_arithmetic() -> None:
    reading = with_catalogue(heading("mesh", 9, 0), "mesh 1.0 3 31-dec-2026 toold", "mesh 2.0 5 31-dec-2026 toold")
    [problem] = reading.problems
    assert problem.kind is ProblemKind.CATALOGUE
    assert problem.message == "mesh has 9 licenses, but lmstat -i lists 3 + 5 = 8."
    assert reading.verdict is Verdict.COMPLETE


def test_expired_rows_do_not_count_unless_all_are_expired() -> None:
    rows = ["mesh 1.0 3 17-mar-2026 toold", "mesh 1.0 5 18-mar-2026 toold", "mesh 1.0 2 31-dec-2026 toold"]
    rows += ["mesh 2.0 4 1-jan-2026 toold", "mesh 2.0 6 1-feb-2026 toold"]
    reading = with_catalogue(heading("mesh", 20, 0), *rows)
    assert reading.problems == ()
    assert [(one.version, one.total, str(one.expires)) for one in reading.features] == [
        ("1.0", 7, "2026-03-18"),
        ("2.0", 10, "2026-01-01"),
    ]


def test_two_types_of_one_version_are_two_features_by_the_dates_of_their_rows() -> None:
    reading = with_catalogue(
        heading("mesh", 8, 2)
        + block("mesh", "1.0", "30-jun-2026", 'nodelocked license, locked to "ID=1"')
        + checkout("anna ws01 :0", 1)
        + block("mesh", "1.0", "31-dec-2026")
        + checkout("bert ws02 :0", 2),
        "mesh 1.0 3 31-dec-2026 toold",
        "mesh 1.0 5 30-jun-2026 toold",
    )
    assert [(one.type, one.total, one.used) for one in reading.features] == [
        (FeatureType.NODE_LOCKED, 5, 1),
        (FeatureType.FLOATING, 3, 1),
    ]


def test_a_version_that_is_not_listed_has_what_the_others_leave() -> None:
    reading = with_catalogue(
        heading("mesh", 8, 1) + block("mesh", "3.0") + checkout("anna ws01 :0"), "mesh 1.0 3 31-dec-2026 toold"
    )
    assert [(one.version, one.total, one.used) for one in reading.features] == [("1.0", 3, 0), ("3.0", 5, 1)]
    assert reading.problems[0].kind is ProblemKind.CATALOGUE


def test_a_heading_that_is_not_listed_is_a_feature_by_itself_and_the_catalogue_is_asked_again() -> None:
    text = HEAD + heading("mesh", 7, 0) + heading("new", 2, 0)
    catalogue = listed("mesh 2.0 5 31-dec-2026 toold", "gone 1.0 1 31-dec-2026 toold")
    reading = read(text, catalogue=catalogue)
    assert [(one.name, one.version_listed) for one in reading.features] == [("mesh", True), ("new", False)]
    assert "gone" in reading.problems[0].message

    def wanted(age: timedelta) -> list[str]:
        outputs = {STATUS: Output(text, at=NOW), "catalogue": Output(catalogue, at=NOW - age)}
        return list(FlexNet().wants_again(FlexNet().read(outputs, NOW, ZONE), outputs))

    assert wanted(timedelta(minutes=30)) == ["catalogue"]
    assert wanted(timedelta(seconds=5)) == []  # it was asked just now and will say the same


def test_without_a_catalogue_nothing_is_asked_again() -> None:
    outputs = {STATUS: Output(HEAD + heading("mesh", 7, 0))}
    for extra in ({}, {"catalogue": Output("", failure="time-out")}, {"catalogue": Output("what is this\n")}):
        given = outputs | extra
        reading = FlexNet().read(given, NOW, ZONE)
        assert list(FlexNet().wants_again(reading, given)) == []
        assert not reading.features[0].version_listed


def test_letter_case_does_not_matter_between_report_and_catalogue() -> None:
    [mesh] = with_catalogue(heading("mesh", 7, 0), "MESH 2.0 7 31-dec-2026 TOOLD").features
    assert (mesh.name, mesh.vendor, mesh.version) == ("mesh", "toold", "2.0")


def test_a_catalogue_alone_lists_features_whose_use_is_unknown() -> None:
    reading = read(listed("mesh 2.0 5 31-dec-2026 toold", "mesh 2.0 3 permanent toold", "view 1.0 1 1-jan-0 other"))
    assert reading.verdict is Verdict.PARTIAL
    assert [(one.vendor, one.name, one.total, one.used) for one in reading.features] == [
        ("toold", "mesh", 8, None),
        ("other", "view", 1, None),
    ]
    assert "lmstat -i" in reading.problems[0].message


@pytest.mark.parametrize(("hour", "total"), [(22, 8), (23, 3)])
def test_licenses_of_a_catalogue_alone_expire_at_midnight_where_the_license_server_is(hour: int, total: int) -> None:
    at = datetime(2026, 12, 31, hour, 30, tzinfo=UTC)
    catalogue = listed("mesh 2.0 5 31-dec-2026 toold", "mesh 2.0 3 permanent toold")

    assert [feature.total for feature in read(catalogue, at=at, zone=ZoneInfo("Europe/Warsaw")).features] == [total]


@pytest.mark.parametrize("line", ["mesh 2.0 five 31-dec-2026 toold", "mesh", "x" * 5_000])
def test_lines_of_a_catalogue_that_are_not_understood_are_told(line: str) -> None:
    catalogue = Catalogue(listed("mesh 2.0 5 31-dec-2026 toold", line))
    assert len(catalogue.rows) == 1
    [problem] = catalogue.problems
    assert problem.line == 8
