"""What the trail and the log say of closes that move together, and of what was never done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone as clock

from licstats.models import LicenseServer
from sessions_app.closing import record
from sessions_app.closing.record import Step
from sessions_app.models import CloseEvent, CloseRequest, CloseState
from tests.closing.making import close_request
from tests.factories import FeatureFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
Committing = Callable[..., Any]


def two(state: CloseState = CloseState.VERIFYING) -> list[CloseRequest]:
    feature = FeatureFactory()
    return [close_request(OpenSessionFactory(feature=feature, user=name), state) for name in ("ada", "ben")]


@pytest.mark.parametrize(
    ("ada", "ben"),
    [
        (CloseState.CLOSED, CloseState.TIMED_OUT),
        (CloseState.FAILED, CloseState.CLOSED),
        (CloseState.CLOSED, CloseState.CLOSED),
    ],
)
def test_two_that_end_in_one_moment_each_have_their_own_outcome_and_time(ada: CloseState, ben: CloseState) -> None:
    requests = two()
    steps = [Step(one, state, f"{one.user}: {state}") for one, state in zip(requests, (ada, ben), strict=True)]
    assert len(record.move_all(steps)) == 2
    stored = list(CloseRequest.objects.order_by("user"))
    assert [(one.state, one.message) for one in stored] == [(ada, f"ada: {ada}"), (ben, f"ben: {ben}")]
    assert all(one.ended_at and one.ended_at == one.moved_at for one in stored)


def test_fields_that_only_one_has_change_of_that_one_alone() -> None:
    requests = two(CloseState.REMOVING)
    answers = ({"exit_status": 193, "answer": "denied"}, {})
    record.move_all([Step(one, CloseState.FAILED, "No.", given) for one, given in zip(requests, answers, strict=True)])
    stored = CloseRequest.objects.order_by("user").values_list("exit_status", "answer", "message")
    assert list(stored) == [(193, "denied", "No."), (None, "", "No.")]


def test_a_step_that_is_taken_back_is_in_no_log(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Committing
) -> None:
    (request, _) = two()
    caplog.set_level("INFO")

    def move_and_fail() -> None:
        with transaction.atomic():
            record.move(request, CloseState.CLOSED, "The license is back.")
            raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        move_and_fail()
    assert "The license is back." not in caplog.text
    assert not CloseEvent.objects.exists()


def test_the_log_says_who_what_where_and_how_long_after_the_click(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Committing
) -> None:
    request = close_request(
        OpenSessionFactory(user="ada"), CloseState.VERIFYING, requested_at=clock.now() - timedelta(seconds=90)
    )
    caplog.set_level("INFO")
    with django_capture_on_commit_callbacks(execute=True):
        record.move(request, CloseState.CLOSED, "The license is back.")
    (line,) = [one.msg for one in caplog.records if one.name == "licstats.closing" and isinstance(one.msg, dict)]
    told = {name: line[name] for name in ("event", "step", "by", "user", "host", "login", "server", "message")}
    assert told == {
        "event": "close",
        "step": "closed",
        "by": record.worker(),
        "user": "ada",
        "host": request.host,
        "login": "nadia",
        "server": request.server_name,
        "message": "The license is back.",
    }
    assert 90 <= line["seconds"] < 120


def test_who_is_named_where_no_login_acts_is_the_worker() -> None:
    (request, _) = two()
    record.move(request, CloseState.CLOSED)
    assert request.events.get().by.startswith("worker ")


def test_of_those_that_somebody_else_moved_meanwhile_nothing_is_written() -> None:
    first, second = two()
    before = LicenseServer.objects.get().revision
    record.move(CloseRequest.objects.get(pk=first.pk), CloseState.FAILED, "by somebody else")
    moved = record.move_all([Step(one, CloseState.CLOSED, "by us") for one in (first, second)])
    assert moved == [second]
    first.refresh_from_db()
    assert (first.state, first.message) == (CloseState.FAILED, "by somebody else")
    assert [event.message for event in CloseEvent.objects.order_by("pk")] == ["by somebody else", "by us"]
    assert LicenseServer.objects.get().revision == before + 2


def test_a_close_whose_license_server_is_gone_can_still_end() -> None:
    (request, _) = two()
    LicenseServer.objects.all().delete()
    request.refresh_from_db()
    assert record.move(request, CloseState.FAILED, "Its license server was deleted.")
    assert CloseEvent.objects.get().message == "Its license server was deleted."
