"""Intervals, gaps and identities at their bounds, and texts and counts that no tool should print but some do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from licstats.aggregates import LARGEST
from licstats.managers.reading import FeatureReading, FeatureType, Pool, SessionReading
from licstats.models import Feature, LicenseServer
from sessions_app.models import ClosedSession, OpenSession, SessionChange, UsageInterval
from sessions_app.polling.figures import INTERVALS_TO_A_GAP
from sessions_app.polling.ingest import ingest
from sessions_app.polling.rows import LONGEST
from tests.factories import LicenseServerFactory
from tests.polling.readings import complete, failed, feature, minute, partial, session

pytestmark = pytest.mark.django_db
SECOND = 1 / 60  # minutes


@pytest.fixture
def server() -> LicenseServer:
    made: LicenseServer = LicenseServerFactory(
        read_at=None, asked_at=None, status="", verdict="", interval=timedelta(minutes=1)
    )
    return made


def intervals() -> list[tuple[float, float, int | None]]:
    """(from, until, used) in minutes after noon."""
    rows = UsageInterval.objects.order_by("started_at")
    return [
        (
            round((row.started_at - minute(0)).total_seconds() / 60, 3),
            round((row.ended_at - minute(0)).total_seconds() / 60, 3),
            row.used,
        )
        for row in rows
    ]


@pytest.mark.parametrize(
    ("later", "found"),
    [
        (INTERVALS_TO_A_GAP, [(0, 5, 0)]),  # the figures stood until they were seen to be others
        (INTERVALS_TO_A_GAP + SECOND, [(0, 0.5, 0)]),  # who knows when: they stood until they were last seen
    ],
)
def test_a_gap_is_what_is_longer_than_five_intervals(server: LicenseServer, later: float, found: object) -> None:
    ingest(server, complete(0, feature("solver")))
    begun = 0.0
    if later > INTERVALS_TO_A_GAP:
        begun = 0.5
        ingest(server, complete(begun, feature("solver")))
    ingest(server, complete(begun + later, feature("solver", session("ada"))))
    assert intervals() == found
    assert Feature.objects.get().since == minute(begun + later)


def test_a_gap_ends_an_interval_though_the_figures_are_the_same_after_it(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver")))
    ingest(server, complete(1, feature("solver")))
    ingest(server, complete(60, feature("solver")))
    assert intervals() == [(0, 1, 0)]
    assert Feature.objects.get().since == minute(60)


def test_what_is_no_longer_listed_is_known_until_it_was_listed_last_whatever_comes_after(server: LicenseServer) -> None:
    both = (feature("mesh"), feature("solver"))
    ingest(server, complete(0, *both))
    ingest(server, complete(1, *both))
    for minutes in (2, 3, 4):
        ingest(server, complete(minutes, both[1]))
    gone = Feature.objects.get(name="mesh")
    assert (gone.last_listed_at, gone.since) == (minute(1), None)
    assert intervals() == [(0, 1, 0)]

    ingest(server, complete(5, *both))
    gone.refresh_from_db()
    assert (gone.last_listed_at, gone.since) == (None, minute(5))


def test_figures_that_change_within_one_moment_leave_no_interval_of_no_length(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver")))
    ingest(server, complete(0, feature("solver", session("ada"))))
    assert intervals() == []


def test_a_clock_that_was_set_back_leaves_what_was_read_last_in_place(server: LicenseServer) -> None:
    ingest(server, complete(10, feature("solver")))
    ingest(server, complete(5, feature("solver", session("ada"))))
    server.refresh_from_db()
    assert server.read_at == minute(10)
    assert Feature.objects.get().since == minute(10)
    ingest(server, complete(11, feature("solver")))
    assert ClosedSession.objects.get().closed_at == minute(11)
    assert intervals() == [(10, 11, 1)]


def test_names_that_are_equal_where_they_are_cut_stay_as_many_features_as_they_were(server: LicenseServer) -> None:
    three = [feature("n" * 400 + name, session(name)) for name in "abc"]
    ingest(server, complete(0, *three))
    features, sessions = (set(model.objects.values_list("pk", flat=True)) for model in (Feature, OpenSession))
    for minutes in (1, 2, 3):
        ingest(server, complete(minutes, *three, feature("mesh", session(f"user{minutes}"))))
    assert set(Feature.objects.exclude(name="mesh").values_list("pk", flat=True)) == features
    assert set(OpenSession.objects.exclude(feature__name="mesh").values_list("pk", flat=True)) == sessions
    assert sorted(Feature.objects.exclude(name="mesh").values_list("place", flat=True)) == [0, 1, 2]


@pytest.mark.parametrize(("count", "stored"), [(10**30, LARGEST), (-(10**30), -LARGEST), (LARGEST, LARGEST)])
def test_absurd_figures_are_kept_as_far_as_they_can_be_added_up(server: LicenseServer, count: int, stored: int) -> None:
    pool = Pool(total=count)
    absurd = replace(feature("solver"), total=count, used=count, reserved=count, queued=count, pools=(pool,))
    ingest(server, complete(0, absurd))
    row = Feature.objects.get()
    assert (row.total, row.used, row.reserved, row.queued, row.pools.get().total) == (stored,) * 5


@pytest.mark.parametrize("field", ["used", "linger"])
def test_absurd_counts_of_a_session_are_kept_likewise(server: LicenseServer, field: str) -> None:
    ingest(server, complete(0, feature("solver", session("ada", **{field: 10**30}))))
    assert getattr(OpenSession.objects.get(), field) == LARGEST


@pytest.mark.parametrize("apart", [120, 121])
def test_a_borrow_expiration_that_differs_by_two_minutes_is_the_same(server: LicenseServer, apart: int) -> None:
    ends = minute(600)
    ingest(server, complete(0, feature("solver", session("ada", borrow_expires_at=ends))))
    later = ends + timedelta(seconds=apart)
    ingest(server, complete(1, feature("solver", session("ada", borrow_expires_at=later))))
    assert OpenSession.objects.get().borrow_expires_at == (ends if apart == 120 else later)
    assert SessionChange.objects.count() == (apart > 120)


def test_borrowing_and_giving_back_is_a_change_with_its_history(server: LicenseServer) -> None:
    ends = minute(600)
    for minutes, borrowed in ((0, None), (1, ends), (2, None)):
        ingest(server, complete(minutes, feature("solver", session("ada", borrow_expires_at=borrowed))))
    changes = SessionChange.objects.order_by("until").values_list("until", "borrow_expires_at")
    assert list(changes) == [(minute(1), None), (minute(2), ends)]


def test_a_session_that_was_not_confirmed_ends_when_it_was_seen_last(server: LicenseServer) -> None:
    shown = feature("solver", session("ada"))
    ingest(server, complete(0, shown))
    ingest(server, complete(1, shown))
    ingest(server, partial(2, feature("solver")))
    ingest(server, partial(3, feature("solver")))
    assert OpenSession.objects.get().last_seen_at == minute(1)
    ingest(server, complete(4, feature("solver")))
    closed = ClosedSession.objects.get()
    assert (closed.last_seen_at, closed.closed_at) == (minute(1), minute(4))


def test_what_was_missed_counts_anew_once_the_session_was_seen_again(server: LicenseServer) -> None:
    shown = feature("solver", session("ada"))
    hidden = replace(feature("solver"), used=1, adds_up=False)
    ingest(server, complete(0, shown))
    for minutes, reading in enumerate((hidden, hidden, shown, hidden, hidden), 1):
        ingest(server, complete(minutes, reading))
    assert OpenSession.objects.get().last_seen_at == minute(3)
    ingest(server, complete(6, hidden))
    assert not OpenSession.objects.exists()


def split(*sessions: SessionReading) -> list[FeatureReading]:
    """A heading `solver` in its two versions, of which the second has these sessions."""
    one, two = (replace(feature("solver"), version=version, version_listed=True) for version in ("1.0", "2.0"))
    return [one, replace(two, sessions=sessions, used=len(sessions))]


def test_a_session_whose_heading_is_split_stays_the_same(server: LicenseServer) -> None:
    ingest(server, complete(0, replace(feature("solver", session("ada")), version_listed=False)))
    before = OpenSession.objects.get()
    ingest(server, complete(1, *split(session("ada"))))
    after = OpenSession.objects.get()
    assert (after.pk, after.feature.version) == (before.pk, "2.0")


def test_one_of_another_name_is_another_session_whatever_was_split_meanwhile(server: LicenseServer) -> None:
    ingest(server, complete(0, replace(feature("solver", session("ada")), version_listed=False), feature("mesh")))
    before = OpenSession.objects.get()
    ingest(server, complete(1, *split(), feature("mesh", session("ada"))))
    after = OpenSession.objects.get()
    assert (after.feature.name, after.first_seen_at) == ("mesh", minute(1))
    assert ClosedSession.objects.get().id == before.pk != after.pk


def test_a_name_that_is_longer_than_a_column_is_found_again_where_only_what_differs_is_compared(
    server: LicenseServer,
) -> None:
    first = complete(0, feature("solver", session("u" * 400), session("ben", "7")))
    ingest(server, first)
    second = complete(1, feature("solver", session("u" * 400, used=3), *first.features[0].sessions[1:]))
    stored = ingest(server, second, previous=first)
    assert (stored.sessions.opened, stored.sessions.closed, stored.sessions.changed) == (0, 0, 1)
    assert OpenSession.objects.get(user="u" * LONGEST).used == 3


def test_after_failures_the_first_answer_is_stored_though_it_is_the_same(server: LicenseServer) -> None:
    reading = complete(0, feature("solver", session("ada")))
    ingest(server, reading, digest=lambda: b"same")
    ingest(server, failed(1))
    ingest(server, replace(reading, at=minute(2)), digest=lambda: b"same")
    server.refresh_from_db()
    assert (server.failures, server.verdict) == (0, "complete")
    assert Feature.objects.get().since == minute(2)
    assert intervals() == [(0, 0, 1)]  # the reading before the failure stands alone


def test_after_a_gap_the_first_answer_is_stored_though_it_is_the_same(server: LicenseServer) -> None:
    reading = complete(0, feature("solver"))
    for minutes in (0, 1, 90):
        ingest(server, replace(reading, at=minute(minutes)), digest=lambda: b"same")
    assert intervals() == [(0, 1, 0)]


def test_the_difference_of_clocks_is_how_far_that_of_the_license_server_is_ahead(server: LicenseServer) -> None:
    ingest(server, replace(complete(0, feature("solver")), reported_at=minute(7)))
    assert server.clock_offset == timedelta(minutes=7)


texts = st.text(max_size=LONGEST // 4)
SEVERE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@SEVERE
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("user", "host", "display", "ip", "raw"), texts)), max_size=4))
def test_any_text_is_stored_as_it_was_printed_and_found_again(db: None, printed: list[dict[str, str]]) -> None:
    server = LicenseServerFactory(read_at=None)
    sessions = [session(handle=str(number), **fields) for number, fields in enumerate(printed)]
    ingest(server, complete(0, feature("solver", *sessions)))

    def stored() -> list[tuple[str, ...]]:
        rows = OpenSession.objects.filter(server=server).order_by("handle")
        return list(rows.values_list("user", "host", "display", "ip", "raw", "pk"))

    first = stored()
    expected = [
        tuple(
            fields[name].replace("\0", "\N{REPLACEMENT CHARACTER}") for name in ("user", "host", "display", "ip", "raw")
        )
        for fields in printed
    ]
    assert [row[:-1] for row in first] == expected
    ingest(server, complete(1, feature("solver", *reversed(sessions))))
    assert stored() == first, "the very same rows"


def test_a_feature_whose_name_and_place_are_longer_than_a_column_is_kept_and_found_again(server: LicenseServer) -> None:
    long = replace(feature("n" * 1000, session("ada")), vendor="v" * 1000, version="1" * 1000, place=10**6)
    for minutes in (0, 1):
        ingest(server, complete(minutes, replace(long, type=FeatureType.TOKEN)))
    row = Feature.objects.get()
    assert (len(row.vendor), len(row.name), len(row.version), row.place) == (200, 300, 100, 32767)
    assert OpenSession.objects.get().first_seen_at == minute(0)
