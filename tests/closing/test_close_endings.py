"""How a close ends, by what the license server tells of it: no sentence claims more than is known."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone as clock

from licstats.managers.base import Answer
from licstats.managers.reading import Problem, ProblemKind, Reading, SessionReading, Verdict
from licstats.models import LicenseServer
from sessions_app.closing import work
from sessions_app.closing.ask import COMMAND_LINE, PAGE
from sessions_app.closing.identity import Identity
from sessions_app.closing.work import close_on, named
from sessions_app.models import CloseRequest, CloseState, OpenSession
from sessions_app.polling import poll
from tests.closing.making import AT, close_request, reading_with
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
CUT = Problem(ProblemKind.CUT, "The output ends within a line.")
UNTOLD = "has not told since whether the session is gone"


@pytest.fixture
def session(db: None) -> OpenSession:
    server = LicenseServerFactory(name="PL", timeout=timedelta(seconds=7))
    feature = FeatureFactory(server=server, name="mesh", vendor="vendord")
    made: OpenSession = OpenSessionFactory(
        feature=feature, user="ada", host="ws1", display=":0", server_host="lic", handle="101", checked_out_at=AT
    )
    return made


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(work, "PAUSES", ())
    monkeypatch.setattr(work, "LAST_PAUSE", 0.0)
    settings.LICSTATS_CLOSE_PROOF = 0


def listed(session: OpenSession, **fields: Any) -> SessionReading:
    """`session` as its license server prints it."""
    one = SessionReading(
        session.user,
        session.host,
        display=session.display,
        server_host=session.server_host,
        port=session.port,
        handle=session.handle,
        checked_out_at=session.checked_out_at,
    )
    return one._replace(**fields)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the license server tells from now on: one reading after another, the last one again and again."""

    def readings(*told: Reading) -> None:
        def each() -> Iterator[Reading]:
            yield from told
            while True:
                yield told[-1]

        answers = each()
        monkeypatch.setattr(poll, "query", lambda server: (next(answers), {}))
        monkeypatch.setattr(poll.PollServer, "execute", lambda self, look=None: look and look(next(answers)))

    return readings


def removed(session: OpenSession, answered: str, message: str = "The tool said so.", ago: float = 60) -> CloseRequest:
    """A close whose removal was sent so many seconds ago, and answered like that."""
    sent = clock.now() - timedelta(seconds=ago)
    return close_request(session, CloseState.VERIFYING, sent_at=sent, answered=answered, message=message)


def asked(session: OpenSession, **fields: Any) -> CloseRequest:
    """A close that somebody at a shell has just asked for."""
    return close_request(session, **({"origin": COMMAND_LINE} | fields))


def ended(request: CloseRequest) -> CloseRequest:
    close_on(request.server_id)
    request.refresh_from_db()
    assert not request.under_way
    return request


PARTIAL = {"verdict": Verdict.PARTIAL, "problems": (CUT,)}


@pytest.mark.parametrize(
    ("answered", "reading", "state", "words"),
    [
        (Answer.SENT, "gone", CloseState.CLOSED, "The license is back in the pool"),
        (Answer.SENT, "there", CloseState.TIMED_OUT, "took the removal without a word, but"),
        (Answer.SENT, "cut", CloseState.TIMED_OUT, f"A removal was sent, but PL {UNTOLD}"),
        (Answer.FAILED, "gone", CloseState.CLOSED, "The license is back in the pool"),
        (Answer.FAILED, "there", CloseState.FAILED, "The tool said so. The session is still there."),
        (Answer.FAILED, "cut", CloseState.FAILED, f"The tool said so. PL {UNTOLD}"),
        (Answer.GONE, "gone", CloseState.ALREADY_GONE, "The tool said so."),
        (Answer.GONE, "there", CloseState.FAILED, "The tool said so. The session is still there."),
        (Answer.GONE, "cut", CloseState.FAILED, f"The tool said so. PL {UNTOLD}"),
        ("", "gone", CloseState.CLOSED, "The license is back in the pool"),
        ("", "there", CloseState.FAILED, "it was not removed again"),
        ("", "cut", CloseState.TIMED_OUT, f"A removal was sent, but PL {UNTOLD}"),
    ],
)
def test_every_answer_with_every_reading_after_it_has_an_end_of_its_own(
    session: OpenSession, says: Any, answered: str, reading: str, state: CloseState, words: str
) -> None:
    told = {
        "gone": reading_with(),
        "there": reading_with(listed(session)),
        "cut": reading_with(**PARTIAL),
    }
    says(told[reading])
    request = ended(removed(session, answered))
    assert request.state == state
    assert words in request.message


@pytest.mark.parametrize(
    ("answered", "patience"),
    [(Answer.SENT, 30), (Answer.FAILED, 5), (Answer.GONE, 5), ("", 5 + 7)],
)
def test_a_proof_is_waited_for_as_long_as_the_answer_lets_hope(
    session: OpenSession, settings: Any, answered: str, patience: float
) -> None:
    """A tool whose worker ended may live on for its own time-out."""
    settings.LICSTATS_CLOSE_PROOF = 30
    turns = work.Turns(session.server)
    request = removed(session, answered, ago=0)
    assert turns._patience(request) == request.sent_at + timedelta(seconds=patience)


class TestBeforeTheRemoval:
    @pytest.fixture(autouse=True)
    def nothing_is_removed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def remove(removals: Iterable[Any]) -> None:
            raise AssertionError("a removal was sent")

        monkeypatch.setattr(work, "remove_all", remove)

    def test_an_answer_that_may_hide_it_is_not_taken_for_its_end(self, session: OpenSession, says: Any) -> None:
        says(reading_with(**PARTIAL))
        request = ended(asked(session))
        assert request.state == CloseState.FAILED
        assert "The answer of PL is not whole or lists the feature no more" in request.message
        assert "Nothing was removed" in request.message

    def test_what_ended_by_itself_is_said_to_have(self, session: OpenSession, says: Any) -> None:
        says(reading_with())
        request = ended(asked(session))
        assert request.state == CloseState.ALREADY_GONE
        assert "PL does not list it any more" in request.message

    @pytest.mark.parametrize(
        ("heir", "named"),
        [
            ({"user": "ben", "host": "ws2"}, True),
            ({"user": "ben", "host": "ws2", "server_host": "other"}, False),
            ({"user": "ben", "host": "ws2", "port": "1"}, False),
            ({"user": "ben", "host": "ws2", "handle": "7"}, False),
        ],
    )
    def test_only_the_same_handle_of_the_same_daemon_has_an_heir(
        self, session: OpenSession, says: Any, heir: dict[str, str], named: bool
    ) -> None:
        says(reading_with(listed(session, **heir)))
        request = ended(asked(session))
        assert request.state == CloseState.ALREADY_GONE
        assert ("its handle 101 belongs to ben on ws2 now" in request.message) is named

    def test_without_a_handle_nobody_inherits(self, session: OpenSession, says: Any) -> None:
        OpenSession.objects.update(handle="")
        session.refresh_from_db()
        says(reading_with(listed(session, user="ben")))
        assert "belongs to" not in ended(asked(session)).message

    def test_what_is_borrowed_now_is_named_before_what_else_would_go(self, session: OpenSession, says: Any) -> None:
        borrowed = listed(session, user="ben", host="ws2", borrow_expires_at=AT)
        says(reading_with(listed(session), borrowed))
        request = ended(asked(session))
        assert request.state == CloseState.REFUSED
        assert "is borrowed now (ben on ws2, mesh)" in request.message

    def test_a_handle_that_two_share_takes_the_other_only_where_it_was_shown(
        self, session: OpenSession, says: Any
    ) -> None:
        other = listed(session, user="ben", host="ws2")
        says(reading_with(listed(session), other))
        request = ended(asked(session))
        assert "did not show: ben on ws2, mesh" in request.message

    def test_a_login_that_does_not_see_it_any_more_closes_nothing(
        self, session: OpenSession, says: Any, login: Any
    ) -> None:
        from groups_app.models import HiddenServer

        says(reading_with(listed(session)))
        request = asked(session, login=login, origin=PAGE)
        HiddenServer.objects.create(user=login, server=session.server)
        assert ended(request).state == CloseState.REFUSED
        assert "your login does not see" in request.message

    def test_from_a_shell_there_is_no_login_that_could_be_deleted(
        self, session: OpenSession, says: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[Any] = []
        says(reading_with(listed(session)), reading_with())
        request = asked(session)

        def remove(removals: Iterable[Any]) -> None:
            sent.extend(removals)
            CloseRequest.objects.update(
                state=CloseState.VERIFYING, sent_at=clock.now(), answered=Answer.SENT, attempt=uuid.uuid4()
            )

        monkeypatch.setattr(work, "remove_all", remove)
        assert ended(request).state == CloseState.CLOSED
        (removal,) = sent
        assert removal.argv[-5:] == ["-h", "mesh", "lic", "27000", "101"]

    def test_an_address_that_was_changed_after_the_click_is_the_one_that_is_asked(
        self, session: OpenSession, says: Any
    ) -> None:
        says(reading_with(listed(session)), reading_with())
        request = asked(session, dry_run=True)
        turns = work.Turns(LicenseServer.objects.get())
        LicenseServer.objects.update(address="27001@new")
        turns.execute()
        request.refresh_from_db()
        assert request.state == CloseState.DRY_RUN
        assert "27001@new" in request.command


def test_whoever_asked_before_a_poll_that_is_under_way_is_asked_again_soon(
    session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grids would show for an interval what is gone."""

    def busy(self: object, look: object = None) -> None:
        raise poll.AlreadyPolled

    monkeypatch.setattr(poll.PollServer, "execute", busy)
    monkeypatch.setattr(work, "POLL_PAUSE", 0.0)
    LicenseServer.objects.update(next_poll_at=clock.now() + timedelta(hours=1))
    work.Turns(session.server)._tell_grids()
    assert LicenseServer.objects.get().next_poll_at <= clock.now()


def test_a_proof_is_had_though_another_poll_is_under_way(session: OpenSession, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = count(1)

    def busy(self: object, look: object = None) -> None:
        assert next(tries) < 50, "it is tried for ever"
        raise poll.AlreadyPolled

    monkeypatch.setattr(poll.PollServer, "execute", busy)
    monkeypatch.setattr(poll, "query", lambda server: (reading_with(), {}))
    monkeypatch.setattr(work, "POLL_PAUSE", 0.0)
    assert ended(removed(session, Answer.SENT, ago=0)).state == CloseState.CLOSED


def test_a_license_that_was_in_use_unseen_before_the_removal_may_be_so_after_it(
    session: OpenSession, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after(unseen: int) -> Reading:
        reading = reading_with()
        return replace(reading, features=(replace(reading.features[0], used=unseen, adds_up=False),))

    turns = work.Turns(session.server)
    request = removed(session, Answer.SENT)
    identity = Identity.of_request(request)
    for gap, state in ((2, CloseState.CLOSED), (1, CloseState.TIMED_OUT)):
        turns.gaps[request.pk] = gap
        step = turns._after(request, work.Glance.of(after(2)))
        assert step is not None
        assert step.state == state, identity


def test_many_of_one_name_are_named_once_and_those_of_other_features_are_counted() -> None:
    request = CloseRequest(vendor="vendord", feature_name="mesh")
    one = Identity("vendord", "mesh", "ben", "ws2", ":0", "lic", "27000", "101", AT)
    other = replace(one, feature="solve")
    assert named([one, replace(one, handle="102")], request) == "ben on ws2, mesh"
    assert named([one, other], request) == "ben on ws2, mesh; 1 session of another feature"
    assert named([other, replace(other, vendor="x")], request) == "2 sessions of other features"
    assert named([replace(one, vendor="otherd")], request) == "1 session of another feature"
