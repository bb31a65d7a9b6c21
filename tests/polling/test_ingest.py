from __future__ import annotations

from datetime import date

import pytest

from licstats.aggregates import LARGEST, WholeSum
from licstats.managers.reading import Problem, ProblemKind
from licstats.models import Feature, LicenseServer, ServerReport
from sessions_app.models import ClosedSession, OpenSession, SessionChange, UsageHour, UsageInterval
from sessions_app.polling.figures import A_MOMENT
from sessions_app.polling.ingest import ingest
from sessions_app.usage import add_up
from tests.factories import LicenseServerFactory
from tests.polling.readings import complete, failed, feature, minute, partial, session

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> LicenseServer:
    return LicenseServerFactory(read_at=None, asked_at=None, status="", verdict="")


def open_users() -> list[str]:
    return list(OpenSession.objects.order_by("user", "id").values_list("user", flat=True))


def test_a_first_reading_opens_its_sessions(server: LicenseServer) -> None:
    stored = ingest(server, complete(0, feature("solver", session("ada", "1"), session("bob", "2", used=3))))
    assert stored.sessions.opened == 2
    ada, bob = OpenSession.objects.order_by("user")
    assert (ada.user, ada.host, ada.display, ada.handle) == ("ada", "ws-ada", ":0.0", "1")
    assert (ada.feature.name, ada.server, ada.checked_out_at) == ("solver", server, minute(-60))
    assert (ada.first_seen_at, ada.last_seen_at) == (minute(0), None)
    assert bob.used == 3
    server.refresh_from_db()
    assert (server.status, server.verdict, server.read_at, server.failures) == ("up", "complete", minute(0), 0)


def test_a_session_that_is_seen_again_stays_the_same_row(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"))))
    before = OpenSession.objects.get()
    ingest(server, complete(1, feature("solver", session("ada"))))
    after = OpenSession.objects.get()
    assert (after.id, after.first_seen_at, after.last_seen_at) == (before.id, minute(0), None)
    assert not ClosedSession.objects.exists()


def test_a_session_that_is_gone_is_closed_at_the_first_reading_without_it(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"), session("bob", "2"))))
    ada = OpenSession.objects.get(user="ada")
    ingest(server, complete(1, feature("solver", session("bob", "2"))))
    closed = ClosedSession.objects.get()
    assert (closed.id, closed.user, closed.first_seen_at) == (ada.id, "ada", minute(0))
    assert (closed.closed_at, closed.last_seen_at) == (minute(1), minute(0))
    assert open_users() == ["bob"]


def test_a_failed_reading_changes_no_session(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"))))
    ingest(server, failed(1))
    assert open_users() == ["ada"]
    assert OpenSession.objects.get().last_seen_at is None
    server.refresh_from_db()
    assert (server.verdict, server.failures, server.reason) == ("failed", 1, "time-out after 15 s")
    assert (server.read_at, server.asked_at) == (minute(0), minute(1))


def test_usage_has_a_gap_while_the_server_does_not_answer(server: LicenseServer) -> None:
    one = feature("solver", session("ada"))
    for reading in (complete(0, one), complete(1, one), failed(2), failed(3), complete(4, one)):
        ingest(server, reading)
    interval = UsageInterval.objects.get()
    assert (interval.started_at, interval.ended_at, interval.used) == (minute(0), minute(1), 1)
    assert Feature.objects.get().since == minute(4)


def test_usage_has_a_gap_where_nobody_polled_for_long(server: LicenseServer) -> None:
    one = feature("solver", session("ada"))
    for reading in (complete(0, one), complete(1, one), complete(9, one)):
        ingest(server, reading)
    interval = UsageInterval.objects.get()
    assert (interval.started_at, interval.ended_at) == (minute(0), minute(1))
    assert Feature.objects.get().since == minute(9)


def test_a_reading_that_stands_alone_between_two_gaps_is_kept(server: LicenseServer) -> None:
    one = feature("solver", session("ada"))
    for reading in (complete(0, one), failed(1), complete(2, one)):
        ingest(server, reading)
    interval = UsageInterval.objects.get()
    assert (interval.started_at, interval.ended_at, interval.used) == (minute(0), minute(0) + A_MOMENT, 1)
    assert Feature.objects.get().since == minute(2)


def test_figures_that_change_just_before_a_gap_are_kept_and_those_before_them_too(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"))))
    ingest(server, complete(1, feature("solver", session("ada"), session("bob", "2"))))
    ingest(server, failed(2))
    kept = UsageInterval.objects.order_by("ended_at").values_list("started_at", "ended_at", "used")
    assert list(kept) == [(minute(0), minute(1), 1), (minute(1), minute(1) + A_MOMENT, 2)]
    add_up(minute(0), minute(2))
    assert UsageHour.objects.get().used_max == 2  # the highest before a crash is what one looks for


def test_figures_that_stay_are_not_written_again(server: LicenseServer) -> None:
    one = feature("solver", session("ada"))
    for at in range(5):
        ingest(server, complete(at, one))
    assert not UsageInterval.objects.exists()
    assert Feature.objects.get().since == minute(0)


def test_figures_that_change_end_an_interval(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"), reserved=1)))
    ingest(server, complete(1, feature("solver", session("ada"), reserved=1)))
    ingest(server, complete(2, feature("solver", session("ada"), session("bob", "2"), queued=4)))
    interval = UsageInterval.objects.get()
    assert (interval.started_at, interval.ended_at) == (minute(0), minute(2))
    assert (interval.used, interval.reserved, interval.queued, interval.total) == (1, 1, 0, 10)
    now = Feature.objects.get()
    assert (now.since, now.used, now.reserved, now.queued) == (minute(2), 2, 0, 4)


def test_a_cut_output_closes_nothing_and_marks_what_it_does_not_show(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"), session("bob", "2")), feature("mesher")))
    ingest(server, partial(1, feature("solver", session("ada"), used=2, adds_up=False)))
    bob = OpenSession.objects.get(user="bob")
    assert bob.last_seen_at == minute(0)
    assert OpenSession.objects.get(user="ada").last_seen_at is None


def test_an_unconfirmed_session_that_is_seen_again_is_the_same_row(server: LicenseServer) -> None:
    both = feature("solver", session("ada"), session("bob", "2"))
    ingest(server, complete(0, both))
    before = OpenSession.objects.get(user="bob").id
    ingest(server, partial(1))
    ingest(server, complete(2, both))
    bob = OpenSession.objects.get(user="bob")
    assert (bob.id, bob.last_seen_at, bob.missed) == (before, None, 0)


def test_an_unconfirmed_session_is_closed_by_a_reading_that_accounts_for_it(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"))))
    ingest(server, partial(1))
    ingest(server, complete(2, feature("solver")))
    closed = ClosedSession.objects.get()
    assert (closed.closed_at, closed.last_seen_at) == (minute(2), minute(0))


def test_a_session_of_a_feature_that_does_not_add_up_is_closed_at_the_third_complete_reading(
    server: LicenseServer,
) -> None:
    ingest(server, complete(0, feature("solver", session("ada"), session("bob", "2"))))
    short = feature("solver", session("ada"), used=2, adds_up=False)
    ingest(server, complete(1, short))
    ingest(server, complete(2, short))
    assert open_users() == ["ada", "bob"]
    ingest(server, complete(3, short))
    assert open_users() == ["ada"]
    assert ClosedSession.objects.get().last_seen_at == minute(0)


def test_a_cut_reading_in_between_begins_the_count_again(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"))))
    short = feature("solver", used=1, adds_up=False)
    for reading in (complete(1, short), complete(2, short), partial(3), complete(4, short), complete(5, short)):
        ingest(server, reading)
    assert open_users() == ["ada"]


def test_a_change_of_the_licenses_used_is_an_update_with_its_history(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada"))))
    before = OpenSession.objects.get().id
    ingest(server, complete(1, feature("solver", session("ada", used=5))))
    now = OpenSession.objects.get()
    assert (now.id, now.used) == (before, 5)
    change = SessionChange.objects.get()
    assert (change.session_id, change.until, change.used) == (before, minute(1), 1)


def test_a_borrow_expiration_that_wobbles_by_a_minute_is_no_change(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada", borrow_expires_at=minute(5000)))))
    ingest(server, complete(1, feature("solver", session("ada", borrow_expires_at=minute(5001)))))
    assert OpenSession.objects.get().borrow_expires_at == minute(5000)
    assert not SessionChange.objects.exists()
    ingest(server, complete(2, feature("solver", session("ada"))))
    assert OpenSession.objects.get().borrow_expires_at is None
    assert SessionChange.objects.get().borrow_expires_at == minute(5000)


def test_sessions_that_print_the_same_are_as_many_as_were_printed(server: LicenseServer) -> None:
    same = session("ada", "")
    ingest(server, complete(0, feature("solver", same, same, same)))
    ids = sorted(OpenSession.objects.values_list("id", flat=True))
    assert sorted(OpenSession.objects.values_list("place", flat=True)) == [0, 1, 2]
    ingest(server, complete(1, feature("solver", same, same)))
    assert sorted(OpenSession.objects.values_list("id", flat=True)) == ids[:2]
    assert ClosedSession.objects.count() == 1


def test_sessions_without_a_checkout_time_are_told_apart_and_found_again(server: LicenseServer) -> None:
    two = feature("solver", session("ada", checked_out_at=None), session("ada", "2", checked_out_at=None))
    ingest(server, complete(0, two))
    ids = set(OpenSession.objects.values_list("id", flat=True))
    ingest(server, complete(1, two))
    assert set(OpenSession.objects.values_list("id", flat=True)) == ids


def test_the_revision_moves_on_only_when_something_changed(server: LicenseServer) -> None:
    one = feature("solver", session("ada"))
    revisions = [ingest(server, reading).revision for reading in (complete(0, one), complete(1, one))]
    assert revisions[0] == revisions[1] == 1
    server.refresh_from_db()
    assert server.read_at == minute(1)
    assert ingest(server, complete(2, feature("solver"))).revision == 2
    assert ingest(server, failed(3)).revision == 3
    assert ingest(server, failed(4)).revision == 3


def test_text_that_no_column_takes_is_stored_as_far_as_it_goes(server: LicenseServer) -> None:
    odd = session("tab\tback\\slash\nline\r", "\\N", host="x" * 5000, raw="r" * 9000, used=10**30, display="ü" * 3000)
    wide = feature("f" * 900, odd, session("ada"), version="9" * 400, total=10**40, used=-(10**40))
    ingest(server, complete(0, wide))
    ingest(server, complete(1, wide))
    stored = OpenSession.objects.get(handle="\\N")
    assert stored.user == "tab\tback\\slash\nline\r"
    assert (len(stored.host), len(stored.raw), stored.used) == (160, 9000, LARGEST)
    assert len(Feature.objects.get().name) == 300
    assert not ClosedSession.objects.exists()


def test_absurd_counts_are_still_added_up(server: LicenseServer) -> None:
    sessions = [session("ada", str(handle), used=10**30) for handle in range(20)]
    ingest(server, complete(0, feature("solver", *sessions, total=10**30, used=10**30)))
    assert OpenSession.objects.aggregate(all=WholeSum("used"))["all"] == 20 * LARGEST
    stored = Feature.objects.get()
    assert (stored.total, stored.used) == (LARGEST, LARGEST)


def test_a_clock_that_was_set_back_does_not_turn_time_around(server: LicenseServer) -> None:
    ingest(server, complete(10, feature("solver", session("ada"))))
    ingest(server, complete(5, feature("solver")))
    closed = ClosedSession.objects.get()
    assert closed.closed_at == minute(10)
    assert not UsageInterval.objects.filter(ended_at__lt=minute(10)).exists()


def test_sessions_of_a_feature_that_vanished_wait_for_three_readings(server: LicenseServer) -> None:
    ingest(server, complete(0, feature("solver", session("ada")), feature("mesher")))
    for at in (1, 2):
        ingest(server, complete(at, feature("mesher")))
        assert OpenSession.objects.get().last_seen_at
    ingest(server, complete(3, feature("mesher")))
    assert ClosedSession.objects.get().last_seen_at == minute(0)


def test_a_broken_daemon_keeps_only_its_own_sessions(server: LicenseServer) -> None:
    ada = feature("solver", session("ada"), vendor="acme")
    bob = feature("viewer", session("bob", "2"), vendor="zeta")
    ingest(server, complete(0, ada, bob))
    down = Problem(ProblemKind.DAEMON, "The desired vendor daemon is down. (-97,121)", vendor="acme")
    for at in (1, 2, 3):
        ingest(server, partial(at, feature("viewer", vendor="zeta"), problem=down))
    assert open_users() == ["ada"]
    assert OpenSession.objects.get().last_seen_at == minute(0)


def test_what_servers_shows_is_kept_and_changes_the_revision_only_if_it_differs(server: LicenseServer) -> None:
    odd = Problem(ProblemKind.LINE, "not understood", line=7, text="???")
    revisions = [ingest(server, partial(at, feature("solver"), problem=odd)).revision for at in (0, 1)]
    assert revisions == [1, 1]
    report = ServerReport.objects.get(server=server)
    assert report.problem_count == 1
    assert (report.problems[0]["kind"], report.problems[0]["line"], report.problems[0]["text"]) == ("line", 7, "???")
    server.refresh_from_db()
    assert server.reason == "line 7: not understood"
    assert ingest(server, complete(2, feature("solver"))).revision == 2
    assert ServerReport.objects.get(server=server).problem_count == 0


@pytest.mark.parametrize(
    ("zone", "last_valid", "expired"),
    [("UTC", 719, 720), ("America/Los_Angeles", 719 + 7 * 60, 720 + 7 * 60), ("Asia/Tokyo", 179, 180)],
)
def test_licenses_have_expired_by_the_clock_of_their_license_server(
    server: LicenseServer, zone: str, last_valid: int, expired: int
) -> None:
    server.timezone = zone
    server.save()
    for minutes, by_then in ((last_valid, False), (expired, True)):
        ingest(server, complete(minutes, feature("solver", expires=date(2026, 3, 16))))
        assert Feature.objects.get().expired is by_then
    ingest(server, complete(expired + 1, feature("solver", expires=None, permanent=True)))
    assert not Feature.objects.get().expired
