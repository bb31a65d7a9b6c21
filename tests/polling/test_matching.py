from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licstats.managers.reading import FeatureReading, FeatureType
from licstats.models import Feature, LicenseServer
from sessions_app.models import ClosedSession, OpenSession
from sessions_app.polling.ingest import ingest
from sessions_app.polling.matching import highest
from tests.factories import LicenseServerFactory
from tests.polling.readings import complete, feature, session

FLOATING, UNKNOWN = FeatureType.FLOATING, FeatureType.UNKNOWN


@pytest.fixture
def server(db: None) -> LicenseServer:
    return LicenseServerFactory(read_at=None, asked_at=None, status="", verdict="")


def heading(version: str = "", type_: FeatureType = UNKNOWN, *sessions: object, **fields: object) -> FeatureReading:
    values = {"version": version, "type": type_, "version_listed": False, **fields}
    return feature("solver", *sessions, **values)  # type: ignore[arg-type]


def rows() -> list[tuple[int, str, str]]:
    return list(Feature.objects.order_by("pk").values_list("pk", "version", "type"))


def test_an_idle_feature_keeps_the_version_and_type_that_it_had_in_use(server: LicenseServer) -> None:
    ingest(server, complete(0, heading()))
    ((pk, version, type_),) = rows()
    assert (version, type_) == ("", "")
    ingest(server, complete(1, heading("9.1", FLOATING, session())))
    assert rows() == [(pk, "9.1", "floating")]
    ingest(server, complete(2, heading()))
    assert rows() == [(pk, "9.1", "floating")]


def test_the_highest_version_that_was_seen_is_remembered(server: LicenseServer) -> None:
    for minute, version in enumerate(["9.2", "10.1", "9.9", ""]):
        ingest(server, complete(minute, heading(version, FLOATING)))
    assert [version for _, version, _ in rows()] == ["10.1"]


def test_two_headings_of_one_name_are_told_by_their_place(server: LicenseServer) -> None:
    both = heading("1.0", FLOATING, place=0, total=1), heading("2.0", FLOATING, place=1, total=2)
    ingest(server, complete(0, *both))
    before = list(Feature.objects.order_by("place").values_list("pk", "total"))
    ingest(server, complete(1, heading(place=0, total=1), heading(place=1, total=2)))
    assert list(Feature.objects.order_by("place").values_list("pk", "total")) == before


def test_a_catalogue_that_appears_adopts_the_row_and_its_sessions(server: LicenseServer) -> None:
    ada, bob = session("ada", "1"), session("bob", "2")
    ingest(server, complete(0, heading("2.0", FLOATING, ada, bob)))
    before = dict(OpenSession.objects.values_list("user", "id"))
    ((pk, *_),) = rows()
    ingest(server, complete(1, feature("solver", ada, version="1.0"), feature("solver", bob, version="2.0")))
    assert Feature.objects.get(version="2.0").pk == pk
    assert dict(OpenSession.objects.values_list("user", "feature__version")) == {"ada": "1.0", "bob": "2.0"}
    assert dict(OpenSession.objects.values_list("user", "id")) == before
    assert not ClosedSession.objects.exists()


def test_a_catalogue_that_cannot_be_had_any_more_makes_no_new_feature(server: LicenseServer) -> None:
    ada, bob = session("ada", "1"), session("bob", "2")
    ingest(server, complete(0, feature("solver", ada, version="1.0"), feature("solver", bob, version="2.0")))
    before = dict(OpenSession.objects.values_list("user", "id"))
    ingest(server, complete(1, heading("2.0", FLOATING, ada, bob)))
    assert Feature.objects.count() == 2
    assert dict(OpenSession.objects.values_list("user", "id")) == before
    assert set(OpenSession.objects.values_list("feature__version", flat=True)) == {"2.0"}


def test_a_listed_feature_whose_type_is_printed_only_in_use_stays_one(server: LicenseServer) -> None:
    for minute, type_ in enumerate([UNKNOWN, FLOATING, UNKNOWN]):
        ingest(server, complete(minute, feature("solver", type=type_)))
    assert [(version, type_) for _, version, type_ in rows()] == [("1.0", "floating")]


def test_a_vendor_that_is_not_printed_for_once_changes_nothing(server: LicenseServer) -> None:
    for minute, vendor in enumerate(["vendord", "", "vendord"]):
        ingest(server, complete(minute, feature("solver", session(), vendor=vendor)))
    assert Feature.objects.get().vendor == "vendord"
    assert OpenSession.objects.count() == 1


def test_a_feature_that_is_no_longer_listed_tells_since_when_and_comes_back_as_the_same(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver"), feature("mesher")))
    solver = Feature.objects.get(name="solver")
    ingest(server, complete(1, feature("mesher")))
    ingest(server, complete(2, feature("mesher")))
    gone = Feature.objects.get(name="solver")
    assert (gone.last_listed_at, gone.since) == (solver.since, None)
    ingest(server, complete(3, feature("solver"), feature("mesher")))
    assert Feature.objects.get(name="solver").pk == solver.pk
    assert Feature.objects.get(name="solver").last_listed_at is None


def test_pools_follow_the_reading_and_are_not_written_where_they_are_the_same(server: LicenseServer) -> None:
    from licstats.managers.reading import Pool

    two = (Pool(5, version="1.0"), Pool(None, permanent=True))
    ingest(server, complete(0, feature("solver", pools=two)))
    (row,) = Feature.objects.all()
    before = list(row.pools.values_list("pk", "total", "permanent"))
    assert [(total, permanent) for _, total, permanent in before] == [(5, False), (None, True)]
    ingest(server, complete(1, feature("solver", session(), pools=two)))
    assert list(row.pools.values_list("pk", "total", "permanent")) == before
    ingest(server, complete(2, feature("solver", session(), pools=two[:1])))
    assert row.pools.count() == 1


names = st.sampled_from(["solver", "mesher"])
headings = st.lists(
    st.builds(
        lambda name, vendor, version, type_, listed: FeatureReading(
            vendor, name, version, type_, total=1, version_listed=listed
        ),
        names,
        st.sampled_from(["", "acme", "zeta"]),
        st.sampled_from(["", "1.0", "2.0"]),
        st.sampled_from([UNKNOWN, FLOATING]),
        st.booleans(),
    ),
    max_size=5,
)


@given(st.lists(headings, min_size=2, max_size=4))
def test_whatever_is_listed_every_feature_gets_a_row_of_its_own(readings: list[list[FeatureReading]]) -> None:
    """In memory: rows as an ingest would leave them, reading after reading."""
    from sessions_app.polling.matching import identity, match, merged

    rows: list[Feature] = []
    for listed in readings:
        found = match(listed, rows)
        assert len({id(row) for row in found if row}) == sum(row is not None for row in found)
        for reading, row in zip(listed, found, strict=True):
            if row is None:
                rows.append(Feature(**identity(reading)._asdict(), version_listed=reading.version_listed))
            else:
                assert row.name == reading.name
                (row.vendor, row.name, row.version, row.type, row.place), row.version_listed = merged(row, reading)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1))
def test_versions_compare_as_numbers(versions: list[tuple[int, int]]) -> None:
    assert highest(*(f"{major}.{minor}" for major, minor in versions)) == "{}.{}".format(*max(versions))
