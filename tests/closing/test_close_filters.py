"""Every filter of the page of closed sessions filters what its column shows; none can be forgotten."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape

from sessions_app.closing.history import CLOSES
from sessions_app.models import CloseRequest, CloseState
from tests.closing.making import AT, close_request
from tests.factories import FeatureFactory, LicenseServerFactory, OpenSessionFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FILTERS = {  # for each filter a value that only the second of two closes passes
    "asked_after": "2026-03-16T13:00Z",
    "asked_before": None,
    "login": "SKAR",
    "server": "sk",
    "vendor": "ZETA",
    "feature_name": "sol",
    "feature_version": "2.",
    "user": "OB",
    "host": "eta",
    "display": ":7",
    "used_min": "3",
    "used_max": None,
    "checked_out_after": "2026-03-16T09:00Z",
    "checked_out_before": None,
    "reason": "crash",
    "outcome": "taken_again",
    "took_min": "3 s",
    "took_max": None,
    "taken_again_after": "2026-03-16T13:30Z",
    "taken_again_before": "2026-03-16T15:00Z",
    "what_happened": "back",
    "answer": "flexera",
    "taken_again": "1",
    "user_is": "bob",
    "host_is": "beta",
}
ONLY_THE_FIRST = {
    "asked_before": "2026-03-16T13:00Z",
    "used_max": "2",
    "checked_out_before": "2026-03-16T09:00Z",
    "took_max": "2 s",
}


def made(user: str, host: str, state: CloseState, at: int, took: int, **fields: object) -> CloseRequest:
    """A close that was asked for so many hours after AT and took so many seconds."""
    feature = FeatureFactory(
        server=LicenseServerFactory(name=fields.pop("server")),
        vendor=fields.pop("vendor"),
        name=fields.pop("feature"),
        version=fields["feature_version"],
    )
    asked = AT + at * HOUR
    session = OpenSessionFactory(
        feature=feature,
        user=user,
        host=host,
        display=fields.pop("display"),
        used=fields.pop("used"),
        checked_out_at=asked - 4 * HOUR,
    )
    ended = asked + timedelta(seconds=took)
    return close_request(session, state, requested_at=asked, moved_at=ended, ended_at=ended, **fields)


@pytest.fixture
def two(db: None) -> list[CloseRequest]:
    """That differ in every column."""
    first = made(
        "ann",
        "alpha",
        CloseState.REFUSED,
        at=0,
        took=2,
        server="AMS",
        vendor="acme",
        feature="mesh",
        feature_version="1.0",
        display=":0",
        used=2,
        login_name="nadia",
        reason="left",
        message="No.",
        answer="denied",
    )
    second = made(
        "bob",
        "beta",
        CloseState.TAKEN_AGAIN,
        at=1,
        took=3,
        server="DSK",
        vendor="Zeta",
        feature="solver",
        feature_version="2.0",
        display=":7",
        used=3,
        login_name="oskar",
        reason="crashed",
        message="It is back.",
        answer="Flexera",
        taken_again_at=AT + 2 * HOUR,
    )
    return [first, second]


@pytest.fixture
def web(client: Client, login: User) -> Client:
    client.force_login(login)
    return client


def users(web: Client, **query: str) -> list[str]:
    answer = web.get("/closed-sessions.json", query)
    assert answer.status_code == 200, answer.content
    return [row["user"] for row in json.loads(answer.getvalue())["rows"]]


def test_every_filter_has_its_example() -> None:
    assert FILTERS.keys() == CLOSES.filters.base_filters.keys()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", [name for name, value in FILTERS.items() if value])
def test_a_filter_leaves_what_fits(web: Client, name: str) -> None:
    assert users(web, **{name: str(FILTERS[name])}) == ["bob"]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("name", ONLY_THE_FIRST)
def test_a_filter_leaves_what_is_less(web: Client, name: str) -> None:
    assert users(web, **{name: ONLY_THE_FIRST[name]}) == ["ann"]


@pytest.mark.usefixtures("two")
def test_the_newest_is_first(web: Client) -> None:
    assert users(web) == ["bob", "ann"]


def test_an_outcome_leads_to_its_steps_and_says_on_hover_what_happened(web: Client, two: list[CloseRequest]) -> None:
    CloseRequest.objects.filter(pk=two[1].pk).update(message='It is "back" <now>.')
    shown = web.get("/closed-sessions/").content.decode()
    cell = shown[: shown.index("Taken again</span></a>")].rpartition("<a ")[2]
    assert "sign-warn" in cell
    assert f"/close/progress/?request={two[1].pk}" in cell
    assert f'title="{escape(CloseRequest.objects.get(pk=two[1].pk).message)}"' in cell


@pytest.mark.parametrize(
    ("state", "sign"),
    [
        (CloseState.CLOSED, "sign-good"),
        (CloseState.ALREADY_GONE, "sign-good"),
        (CloseState.TIMED_OUT, "sign-warn"),
        (CloseState.REFUSED, "sign-bad"),
        (CloseState.FAILED, "sign-bad"),
        (CloseState.DRY_RUN, "sign-idle"),
        (CloseState.VERIFYING, "sign-idle"),
    ],
)
def test_no_outcome_looks_better_than_it_is(web: Client, state: CloseState, sign: str) -> None:
    close_request(state=state)
    shown = web.get("/closed-sessions/").content.decode()
    cell = shown[: shown.index(f"{state.label.capitalize()}</span></a>")].rpartition("<a ")[2]
    assert f'class="sign {sign}"' in cell
