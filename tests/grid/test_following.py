"""What an open page follows by itself: readings that find nothing new, the clock, and what its login hides."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from licstats.models import Feature, LicenseServer
from sessions_app.polling.ingest import ingest
from tests.factories import NOON, LicenseServerFactory
from tests.grid.conftest import SESSIONS, Viewer
from tests.polling.readings import complete, feature, session

USAGE = "/features/realtime/usage"
HISTORY_USAGE = "/features/history/usage"
GRAPH = {"X-Part": "graph"}


class Open:
    """A page that is open in a browser and asks again and again whether it is still right."""

    def __init__(self, viewer: Viewer, path: str = SESSIONS, headers: dict[str, str] | None = None, **question: Any):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        self.viewer, self.path, self.headers, self.question = viewer, path, headers or {}, question
        self.version = ""
        self.shown = self.asked()

    def asked(self) -> Any:
        """The page as it is drawn again, or None where it stays as it is."""
        sent = self.headers | ({"X-Version": self.version} if self.version else {})
        response = self.viewer.fragment(self.path, headers=sent, **self.question)
        if response.status_code == 204:
            return None
        self.version = response.context["version"]
        return response.context


@pytest.fixture
def server(db: None) -> LicenseServer:
    """Read once; whatever is read of it later is the same."""
    server = LicenseServerFactory.create(name="PL", read_at=None, asked_at=None, status="", verdict="")
    read(server, 0)
    return server


def read(server: LicenseServer, minute: int) -> None:
    ingest(server, complete(minute, feature("solver", session("ada"))))


def solver() -> dict[str, str]:
    found = Feature.objects.get()
    return {"scope": "server:PL", "feature": found.name, "version": found.version, "type": found.type}


def test_what_stands_since_the_first_reading_is_in_the_history_after_the_second(
    viewer: Viewer, server: LicenseServer
) -> None:
    year = {"period": "custom", "from": "2026-01-01", "to": "2026-12-31"}
    page = Open(viewer, HISTORY_USAGE, **solver(), **year)
    assert page.shown["page"].total == 0

    read(server, 1)

    shown = page.asked()["page"]
    assert shown.total == len(shown.rows) == len(viewer.rows(HISTORY_USAGE, **solver(), **year)) == 1
    read(server, 2)
    assert page.asked()["page"].rows[0]["ended_at"] == NOON + timedelta(minutes=2)


def test_a_filter_by_the_last_update_counts_what_it_shows(viewer: Viewer, server: LicenseServer) -> None:
    before = {"last_update_before": (NOON + timedelta(seconds=30)).isoformat()}
    page = Open(viewer, HISTORY_USAGE, **before)
    assert page.shown["page"].total == 1

    read(server, 1)

    shown = page.asked()["page"]
    assert shown.total == len(shown.rows) == 0


@pytest.mark.parametrize("path", [USAGE, HISTORY_USAGE])
def test_a_curve_goes_on_while_readings_find_nothing_new(viewer: Viewer, server: LicenseServer, path: str) -> None:
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
        read(server, 1)
        graph = Open(viewer, path, headers=GRAPH, **solver())
        assert end_of_line(graph.shown) == "2026-03-16T12:01:00"

        read(server, 2)

        assert end_of_line(graph.asked()) == "2026-03-16T12:02:00"
        assert graph.asked() is None


def end_of_line(shown: Any) -> str:
    (used,) = [trace for trace in json.loads(shown["figure"])["data"] if trace["name"] == "Used"]
    return str(max(at for at, value in zip(used["x"], used["y"], strict=True) if value is not None))


@pytest.mark.parametrize("question", [{}, {"scope": "server:PL"}, {"group_by": "user"}])
@pytest.mark.parametrize("headers", [{}, GRAPH])
def test_open_sessions_stay_as_they_are_while_readings_find_nothing_new(
    viewer: Viewer, server: LicenseServer, headers: dict[str, str], question: dict[str, str]
) -> None:
    page = Open(viewer, SESSIONS, headers, **question)

    read(server, 1)

    assert page.asked() is None
