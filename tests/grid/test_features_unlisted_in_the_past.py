"""A past moment at which a license server was read without a feature: its sessions are unconfirmed, as then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from groups_app.models import LicenseServerGroup
from licstats.managers.reading import FeatureReading, Problem, ProblemKind, Reading
from licstats.models import Feature, LicenseServer
from sessions_app.charts.curve import usage_curve
from sessions_app.polling.ingest import ingest
from tests.factories import LicenseServerFactory
from tests.grid.conftest import USERS, Viewer
from tests.polling.readings import complete, failed, feature, minute, partial, session

SILENT = Problem(ProblemKind.DAEMON, "vendord does not answer", vendor="vendord")
UNCONFIRMED = "Last seen 2026-03-16 13:03:00; later readings could not be trusted about it"

Shown = dict[str, str]  # by user, since when its row is said to be unconfirmed; empty where it is not


def listed(name: str, *users: str, **fields: Any) -> FeatureReading:
    return feature(name, *(session(user, user) for user in users), **fields)


@pytest.fixture
def pl(db: None) -> LicenseServer:
    server: LicenseServer = LicenseServerFactory(name="PL", read_at=None)
    LicenseServerGroup.objects.create(name="XF").servers.set([server])
    return server


def read(server: LicenseServer, *readings: Reading) -> None:
    for reading in readings:
        ingest(server, reading)


def of_silent_daemon(minutes: float) -> Reading:
    return partial(minutes, listed("mesher", "eve", vendor="other"), problem=SILENT)


def answered(minutes: float, *users: str) -> Reading:
    return complete(minutes, listed("solver", *users), listed("mesher", "eve", vendor="other"))


def shown(viewer: Viewer, minutes: float | None, path: str = "", **params: Any) -> Shown:
    """Now, or at a past minute."""
    at = {} if minutes is None else {"at": minute(minutes).isoformat()}
    page = viewer.page(*filter(None, [path]), **params, **at)
    seen = {row["user"]: row["last_seen_at"] for row in page.context["page"].rows}
    assert page.content.decode().count("unconfirmed</span>") == len([each for each in seen.values() if each])
    return {user: f"{at:%H:%M}" if at else "" for user, at in seen.items()}


def drawn(name: str, minutes: float) -> int | None:
    """What its curve says is used."""
    curve = usage_curve(Feature.objects.filter(name=name), minute(minutes), minute(minutes + 1), merged=False)
    return curve.steps[0].figures.used if curve.steps[0].figures else None


@pytest.mark.parametrize("scope", [{}, {"scope": "server:PL"}, {"scope": "group:XF"}])
def test_while_a_vendor_daemon_did_not_answer_its_sessions_were_unconfirmed(
    viewer: Viewer, pl: LicenseServer, scope: dict[str, str]
) -> None:
    read(pl, answered(62, "ann"), answered(63, "ann", "bob"), *map(of_silent_daemon, (64, 65, 66)), answered(67, "ann"))

    silent = {"ann": "13:03", "bob": "13:03", "eve": ""}
    assert shown(viewer, 63, **scope) == {"ann": "", "bob": "", "eve": ""}
    assert [shown(viewer, minutes, **scope) for minutes in (64, 65.5, 66.9)] == [silent] * 3
    assert shown(viewer, 67, **scope) == {"ann": "", "eve": ""}
    assert UNCONFIRMED in viewer.page(**scope, at=minute(65).isoformat()).content.decode()
    assert [drawn("solver", minutes) for minutes in (62.5, 64, 66.9, 67)] == [1, None, None, 1]
    assert [drawn("mesher", minutes) for minutes in (62.5, 64, 66.9)] == [1, 1, 1]


def test_the_feature_alone_its_users_and_its_export_have_the_same_sessions_then(
    viewer: Viewer, pl: LicenseServer
) -> None:
    read(pl, answered(63, "ann"), of_silent_daemon(64))
    at = {"at": minute(64).isoformat()}

    solver = {"scope": "server:PL", "feature": "solver", "version": "1.0", "type": "floating"}
    assert shown(viewer, 64, **solver) == {"ann": "13:03"}
    assert shown(viewer, 64, USERS, scope="user:ann") == {"ann": "13:03"}
    assert [row["user"] for row in viewer.rows(**solver, **at)] == ["ann"]
    assert [row["used"] for row in viewer.rows(**at, group_by="feature")] == [1, 1]


def test_each_reading_is_shown_later_as_it_was_shown_live(viewer: Viewer, pl: LicenseServer) -> None:
    without = complete(0, listed("mesher", "eve", vendor="other"))
    live: dict[int, Shown] = {}

    for minutes, reading in enumerate(
        [
            *(answered(0, "ann"), answered(0, "ann", "bob"), without, without, without),  # the third closes them
            *(answered(0, "ann"), of_silent_daemon(0), failed(0), of_silent_daemon(0), failed(0), answered(0, "bob")),
        ]
    ):
        read(pl, replace(reading, at=minute(minutes)))
        live[minutes] = shown(viewer, None)

    assert {"ann": "12:01", "bob": "12:01", "eve": ""} in live.values()
    assert {"ann": "12:05", "eve": ""} in live.values()
    known = {minutes: rows for minutes, rows in live.items() if minutes not in (7, 9)}
    assert {minutes: shown(viewer, minutes) for minutes in known} == known
