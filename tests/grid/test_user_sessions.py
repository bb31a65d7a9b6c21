"""Users: Realtime: Sessions, and the names and limits of files."""

from __future__ import annotations

import pytest
import time_machine

from groups_app.choices import SHOWN
from groups_app.models import UserGroup
from sessions_app.grid.words import in_words
from sessions_app.models import OpenSession
from tests.factories import NOON, FeatureFactory, LicenseServerFactory, OpenSessionFactory
from tests.grid import plain
from tests.grid.conftest import SESSIONS, USERS, Viewer, content

HISTORY = "/features/history/sessions"


def test_a_user_group_adds_up_its_users_by_feature(viewer: Viewer) -> None:
    UserGroup.objects.create(name="design", members="ann\nbo*")
    feature = FeatureFactory.create()
    for user in ("ann", "bob", "boris", "eve"):
        OpenSessionFactory.create(feature=feature, user=user, used=2)

    by_feature = viewer.rows(USERS, scope="group:design", group_by="feature")
    by_both = viewer.rows(USERS, scope="group:design", group_by="feature,user")
    page = viewer.page(USERS, scope="group:design")

    assert [(row["used"], row["host_quantity"]) for row in by_feature] == [(6, 3)]
    assert [(row["user"], row["used"]) for row in by_both] == [("ann", 2), ("bob", 2), ("boris", 2)]
    assert (page.context["person"].users, page.context["person"].licenses) == (3, 6)


def test_a_row_of_a_user_group_leads_to_its_sessions(viewer: Viewer) -> None:
    UserGroup.objects.create(name="design", members="bo*")
    session = OpenSessionFactory.create(user="bob")
    OpenSessionFactory.create(user="eve", feature=session.feature)

    text = viewer.page(USERS, scope="group:design", group_by="feature").content.decode()
    link = text.partition('" title="Show the sessions of this row"')[0].rpartition('href="')[2].replace("&amp;", "&")
    found = viewer.client.get(link).context["page"]

    assert link.startswith("/features/realtime/sessions/?")
    assert [row["user"] for row in found.rows] == ["bob"]


@pytest.mark.parametrize(
    ("restricted", "hint"),
    [
        ({}, ""),
        ({"group_by": "user,host"}, "-by-user-host"),
        ({"borrowed": "1"}, "-borrowed"),
        ({"group_by": "user", "borrowed": "1", "user": "a", "host": "b"}, "-by-user-borrowed-filtered"),
    ],
)
def test_a_file_says_in_its_name_what_it_holds(viewer: Viewer, restricted: dict[str, str], hint: str) -> None:
    server = LicenseServerFactory.create(name="PL")
    for version in ("2025.2", "2026.1"):
        FeatureFactory.create(server=server, name="solver", version=version)
    with time_machine.travel(NOON, tick=False):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        chosen = {"scope": "server:PL", "feature": "solver", "version": "2026.1", "type": "floating"}
        response = viewer.file("csv", **chosen, **restricted)

    name = f"sessions-PL-solver-2026.1-floating{hint}-2026-03-16-1200.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    ("path", "question", "name"),
    [
        (SESSIONS, {"at": "2026-03-15T15:40Z"}, "sessions-All-license-servers-at-2026-03-15-1540.csv"),
        (HISTORY, {"period": "today"}, "history-All-license-servers-of-2026-03-16-saved-2026-03-16-1200.csv"),
        (
            HISTORY,
            {"period": "last-month"},
            "history-All-license-servers-of-2026-02-01-to-2026-02-28-saved-2026-03-16-1200.csv",
        ),
        (
            HISTORY,
            {"from": "2026-03-01T08:00", "to": "2026-03-02T17:30"},
            "history-All-license-servers-of-2026-03-01-0800-to-2026-03-02-1730-saved-2026-03-16-1200.csv",
        ),
    ],
)
def test_a_file_name_says_which_time_the_rows_are_of(
    viewer: Viewer, path: str, question: dict[str, str], name: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        response = viewer.file("csv", path, **question)

    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    ("path", "question", "said"),
    [
        (SESSIONS, {"at": "2026-03-15T15:40Z"}, "As it was at 2026-03-15 15:40"),
        (HISTORY, {"period": "last-month"}, "Period 2026-02-01 to 2026-02-28"),
    ],
)
def test_the_head_of_a_document_says_which_time_the_rows_are_of(
    viewer: Viewer, path: str, question: dict[str, str], said: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        page = viewer.page(path, **question)

    assert said in in_words(page.context["state"])


def test_a_file_name_is_never_too_long_to_be_stored_and_tells_its_time_all_the_same(viewer: Viewer) -> None:
    with time_machine.travel(NOON, tick=False):
        viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")
        response = viewer.file("csv", USERS, scope=f"user:{'x' * 300}", group_by="feature,user", borrowed="1")

    name = response["Content-Disposition"].partition('filename="')[2].rstrip('"')
    assert name.endswith("-by-feature-user-borrowed-2026-03-16-1200.csv")
    assert len(name) < 200


def test_the_pick_list_of_users_says_what_is_chosen(viewer: Viewer) -> None:
    page = viewer.client.get("/pick/users/?report=user-sessions").content.decode()

    assert "<h1>Choose a user or a user group</h1>" in page


def test_the_pick_list_of_users_names_nobody_for_sessions_without_a_user(viewer: Viewer) -> None:
    for user in ("", "ann"):
        OpenSessionFactory.create(user=user)

    sections = viewer.client.get("/pick/users/?report=user-sessions").context["sections"]

    assert [option.label for option in sections[-1].options] == ["ann"]


def test_a_workbook_has_the_words_of_the_screen_and_csv_the_values(viewer: Viewer) -> None:
    OpenSessionFactory.create()
    columns = ["type"]

    assert plain.read_xlsx(content(viewer.file("xlsx", columns="type")), columns) == [["Floating"]]
    assert content(viewer.file("csv", columns="type")).decode() == "type\nfloating\n"


def test_a_pdf_with_more_rows_than_anybody_reads_is_refused_with_a_way_out(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.grid.exports.MOST_IN_PDF", 2)
    OpenSession.objects.bulk_create(
        OpenSessionFactory.build(feature=f, server=f.server) for f in [FeatureFactory.create()] * 3
    )

    response = viewer.file("pdf")
    menu = viewer.page().content.decode()

    assert response.status_code == 400
    assert "save them as CSV or XLSX" in response.content.decode()
    assert "sessions.csv" in menu
    assert "sessions.pdf" not in menu
    assert "A PDF takes up to 2 rows, and these are 3." in menu


def test_the_list_of_users_says_how_many_more_there_are(viewer: Viewer) -> None:
    feature = FeatureFactory.create()
    for number in range(SHOWN + 7):
        for _session in range(2):
            OpenSessionFactory.create(feature=feature, user=f"user{number:02}")
    viewer.client.force_login(viewer.login, backend="groups_app.logins.LoginBackend")

    whole = viewer.client.get("/pick/users/?report=user-sessions").content.decode()
    part = viewer.client.get("/pick/users/?report=user-sessions&q=user0").content.decode()

    assert whole.count(">user") == SHOWN
    assert "and 7 more" in whole
    assert "more: type" not in part
