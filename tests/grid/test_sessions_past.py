"""The grid as it was at a past moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sessions_app.models import ClosedSession, SessionChange
from tests.factories import NOON, OpenSessionFactory
from tests.grid.conftest import SESSIONS, Viewer


def test_a_past_moment_shows_what_was_open_then_with_what_it_held(viewer: Viewer) -> None:
    def hours(count: int):  # type: ignore[no-untyped-def]
        return NOON + timedelta(hours=count)

    still = OpenSessionFactory.create(user="still", used=5, first_seen_at=hours(1), feature__server__read_at=hours(5))
    SessionChange.objects.create(session_id=still.pk, until=hours(3), used=2, borrow_expires_at=hours(9))
    OpenSessionFactory.create(user="later", first_seen_at=hours(4), feature=still.feature)
    ClosedSession.objects.create(
        id=9_000,
        closed_at=hours(3),
        last_seen_at=hours(2),
        first_seen_at=NOON,
        feature=still.feature,
        server=still.server,
        user="gone",
        host="h",
        used=1,
    )

    shown = {n: viewer.rows(at=hours(n).isoformat(), columns="user,used,borrow_expiration") for n in (0, 2, 3, 5)}

    assert [[row["user"] for row in shown[n]] for n in shown] == [
        ["gone"],
        ["gone", "still"],
        ["still"],
        ["later", "still"],
    ]
    assert [row["used"] for row in shown[2]] == [1, 2]
    assert shown[2][1]["borrow_expiration"] == "2026-03-16T21:00:00+00:00"
    assert [row["used"] for row in shown[3]] == [5]
    assert shown[3][0]["borrow_expiration"] is None
    page = viewer.page(at=hours(2).isoformat(), borrowed=1)
    assert [row["user"] for row in page.context["page"].rows] == ["still"]
    assert "as it was at" in page.content.decode()
    assert len(viewer.rows(at=hours(2).isoformat(), group_by="user")) == 2


def test_the_graph_of_a_past_moment_says_so_in_its_header_and_the_page_in_its_title(viewer: Viewer) -> None:
    OpenSessionFactory.create(feature__server__name="PL")

    text = viewer.page(scope="server:PL", at="2026-03-16T15:40Z").content.decode()

    head = text[text.index('id="sessions-graph-title"') :].partition("</header>")[0]
    assert "as it was at <time" in head
    assert 'data-chart-name="Realtime License Usage, PL, As it was at 2026-03-16 15:40"' in text  # of its picture
    assert "Realtime Sessions · PL, as it was at 2026-03-16 15:40 ·" in text.partition("</title>")[0]


@pytest.mark.parametrize("offset", ["-23:59", "+20:00", "-23:59:59"])
@pytest.mark.parametrize("name", ["at", "checked_out_before"])
def test_a_time_is_understood_with_any_offset(viewer: Viewer, name: str, offset: str) -> None:
    OpenSessionFactory.create(user="ann", feature__server__read_at=NOON + timedelta(days=5))

    assert [row["user"] for row in viewer.rows(**{name: f"2026-03-19T00:00:00{offset}"})] == ["ann"]
    assert viewer.page(**{name: f"2026-03-19T00:00:00{offset}"}).context["page"].total == 1


def test_the_longest_duration_can_be_asked_for_at_the_earliest_time(viewer: Viewer) -> None:
    OpenSessionFactory.create()

    assert viewer.rows(at="1900-01-01", time_used_min="36500d") == []


def test_the_past_leads_back_to_now_with_the_same_filters(viewer: Viewer) -> None:
    OpenSessionFactory.create(user="ada")

    then = viewer.page(at=(NOON + timedelta(hours=1)).isoformat(), user="ad")
    link = then.context["links"].now
    now = viewer.client.get(SESSIONS + "/" + link)

    assert f'href="{SESSIONS}/{link}">Show now</a>' in then.content.decode()
    assert [row["user"] for row in now.context["page"].rows] == ["ada"]
    assert "Show now" not in now.content.decode()
