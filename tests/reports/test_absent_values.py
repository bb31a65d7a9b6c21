"""Whatever a row lacks, every grid has words for it: its reader sees none of the markup that they are written in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from groups_app.models import LicenseServerGroup
from licstats.models import Feature
from sessions_app.closing.history import CLOSES
from sessions_app.grid.columns import NOT_KNOWN
from sessions_app.grid.features import FEATURES
from sessions_app.grid.grids import Grid
from sessions_app.grid.history import HISTORY
from sessions_app.grid.intervals import INTERVALS
from sessions_app.grid.sessions import SESSIONS, USER_SESSIONS
from sessions_app.grid.usage import USAGE
from sessions_app.models import ClosedSession, CloseState
from sessions_app.views.preferences import GRIDS
from tests.closing.making import close_request, closer
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory, UsageIntervalFactory

MARKUP = re.compile(r"<[a-z/!]|&[a-z#]\w*;|class=")
READ = {"title", "aria-label", "alt", "placeholder"}  # attributes that are seen or heard
NAMELESS = {"user": "", "host": "", "version": "", "checked_out_at": None}
SCOPES = ("scope=all", "scope=server:PL", "scope=group:XF")
LACKING: dict[str, dict[str, Any]] = {
    "unlimited": {"total": None, "permanent": True},
    "unknown": {"used": None, "version": "", "type": "", "version_listed": False},
    "expired": {"used": 2, "expires": (NOON - timedelta(days=1)).date()},
    "empty": {"total": 0},
}


class Reader(HTMLParser):
    """What somebody reads on a page: its texts, and the attributes that stand for texts, each unescaped once."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in READ and value]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:  # a script or a style
            self.texts.append(data)


@dataclass(frozen=True)
class Report:
    """A grid by its address, and what its reader is to find there of what its rows lack."""

    grid: Grid
    address: str
    words: frozenset[str]


def reports() -> Iterator[Report]:
    """Each grid in each scope that makes other rows or columns of it, plain and in each aggregation."""
    dash, marks = frozenset({NOT_KNOWN}), frozenset({"borrowed", "linger", "unconfirmed", "expired", "permanent"})
    figures = dash | {"unlimited", "permanent", "expired"}
    for scope in SCOPES:
        sessions = f"/features/realtime/sessions/?{scope}"
        yield Report(SESSIONS, sessions, dash | marks)
        yield from (Report(SESSIONS, f"{sessions}&group_by={each.name}", dash) for each in SESSIONS.aggregations)
        usage = figures | {"1 left out"} if "group" in scope else figures
        yield Report(USAGE, f"/features/realtime/usage/?{scope}", usage)
        yield Report(FEATURES, f"/features/history/usage/?{scope}", dash)
        yield Report(HISTORY, f"/features/history/sessions/?{scope}", dash | {"open"})
        yield Report(CLOSES, f"/closed-sessions/?{scope}", dash | {"Dry run"})
    users = "/users/realtime/sessions/?scope=all"
    yield Report(USER_SESSIONS, users, dash | marks)
    yield from (Report(USER_SESSIONS, f"{users}&group_by={each.name}", dash) for each in USER_SESSIONS.aggregations)
    for scope, feature in product(SCOPES[1:], ("unlimited", "unknown")):
        yield Report(INTERVALS, f"/features/history/usage/?{scope}&feature={feature}&period=week", dash)


REPORTS = tuple(reports())


@pytest.fixture
def login(db: None) -> User:
    """One that has an X beside each session."""
    return closer()


@pytest.fixture
def fleet(login: User) -> None:
    """Every value that a row can lack, on two members of a group; a third one is left out of it."""
    now = timezone.now()
    group = LicenseServerGroup.objects.create(name="XF")
    for name, read_at in (("PL", now), ("US", now), ("DK", now - timedelta(days=3))):
        server = LicenseServerFactory.create(name=name, read_at=read_at, asked_at=read_at)
        group.servers.add(server)
        since = read_at - timedelta(hours=1)
        for feature, figures in LACKING.items():
            rows_of(FeatureFactory.create(server=server, name=feature, since=since, **figures), read_at)
        FeatureFactory.create(server=server, name="unlisted", last_listed_at=read_at, since=None)


def rows_of(feature: Feature, read_at: datetime) -> None:
    """Its sessions, open, ended and closed, and what was used of it before."""
    hour = timedelta(hours=1)
    begun = {"feature": feature, "first_seen_at": read_at - hour}
    nameless = OpenSessionFactory.create(**begun, **NAMELESS)
    OpenSessionFactory.create(**begun, borrow_expires_at=read_at + hour, linger=600)
    OpenSessionFactory.create(**begun, last_seen_at=read_at - hour / 2, linger=600)
    ended = {"id": 10_000 + feature.pk, "server": feature.server, "last_seen_at": read_at, "closed_at": read_at}
    ClosedSession.objects.create(**begun, **NAMELESS, **ended, used=1)
    for number, state in enumerate(CloseState if feature.name == "unknown" else ()):
        close_request(nameless, state, session_id=100 * nameless.pk + number)
    past = {"started_at": read_at - 2 * hour, "ended_at": read_at - hour}
    UsageIntervalFactory.create(feature=feature, **past, used=feature.used, total=feature.total)


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_of_rows_that_lack_everything_shows_words_and_no_markup(viewer: Client, fleet: None, name: str) -> None:
    reports = [report for report in REPORTS if report.grid.name == name]
    assert reports
    for report in reports:
        address = f"{report.address}&columns={','.join(report.grid.columns)}&per_page=200"

        answer = viewer.get(address, follow=True)
        texts = Reader(answer.content.decode()).texts

        state, page = answer.context["state"], answer.context["page"]
        assert (state.grid, state.errors) == (report.grid, {}), address
        assert state.shows == report.grid.offered(state.scope, state.aggregation).keys(), address
        assert page.rows, address
        assert page.pages == 1, address
        assert report.words <= {text.strip() for text in texts}, address
        assert [text for text in texts if MARKUP.search(text)] == [], address
