from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import override_settings
from django.utils import timezone as clock

from sessions_app import doctor
from sessions_app.doctor import Finding, State
from sessions_app.polling import partitions
from tests.factories import LicenseServerFactory

LMUTIL = '#!/bin/sh\necho "lmutil v11.18.1 build 251980 x64_lsb (lmutil)"\n'


def by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


@pytest.fixture
def lmutil(tmp_path: Path) -> Path:
    tool = tmp_path / "lmutil"
    tool.write_text(LMUTIL)
    tool.chmod(0o755)
    return tool


@pytest.mark.django_db(transaction=True)
def test_it_says_what_is_wrong_how_to_mend_it_and_exits_with_1(
    lmutil: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    partitions.maintain()
    LicenseServerFactory(name="PL", asked_at=clock.now(), next_poll_at=clock.now() + timedelta(minutes=1))
    tools = {"lmutil": str(lmutil), "lmxendutil": "no-such-program"}
    with override_settings(LICSTATS_TOOLS=tools), pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
    said = capsys.readouterr().out.splitlines()
    assert f"well   tool lmutil: {lmutil}, v11.18.1 build 251980 x64_lsb (lmutil)" in said
    assert "well   partitions: this month and the next are there" in said
    assert "well   polls: 1 of 1 license servers were asked in the last 15 minutes" in said
    assert "wrong  worker polls: none answers -> Start one: `licstats up`" in said
    assert any(line.startswith("note   tool lmxendutil: no-such-program is not there, and no") for line in said)
    assert said[-1].startswith("3 of ")


@pytest.mark.django_db
def test_a_missing_tool_is_wrong_only_where_a_license_server_needs_it() -> None:
    with override_settings(LICSTATS_TOOLS={"lmutil": "no-lmutil", "lmxendutil": "no-lmxendutil"}):
        assert by_subject(doctor.tools_are_found())["tool lmutil"].state is State.NOTE
        LicenseServerFactory(manager="flexnet", enabled=False)
        assert by_subject(doctor.tools_are_found())["tool lmutil"].state is State.NOTE
        LicenseServerFactory(manager="flexnet")
        found = by_subject(doctor.tools_are_found())
    assert found["tool lmutil"].state is State.WRONG
    assert "LICSTATS_LMUTIL" in found["tool lmutil"].mend
    assert found["tool lmxendutil"].state is State.NOTE


@pytest.mark.django_db
def test_polls_that_are_overdue_and_servers_that_fail_are_named() -> None:
    past = clock.now() - timedelta(hours=1)
    LicenseServerFactory(name="PL", asked_at=past, next_poll_at=past, failures=3, reason="time-out after 15 s")
    found = by_subject(doctor.polls_go_on())
    assert found["polls"].state is State.WRONG
    assert "1 of 1 license servers" in found["polls"].found
    assert found["server PL"].found == "time-out after 15 s"


@pytest.mark.django_db
def test_without_license_servers_it_says_how_to_add_some() -> None:
    (finding,) = doctor.polls_go_on()
    assert finding.state is State.NOTE
    assert "licstats fleet apply" in finding.mend


@pytest.mark.django_db
def test_missing_months_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "missing", lambda: iter(["sessions_app_usagehour_y2031m01"]))
    (finding,) = doctor.months_are_ready()
    assert finding.state is State.WRONG
    assert "sessions_app_usagehour_y2031m01" in finding.found


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_and_what_leans_on_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(connection, "ensure_connection", away)
    found = by_subject(doctor.examine())
    assert found["database"].found == "does not answer: connection refused"
    assert found["database"].mend == "Start it: `licstats up`"
    assert "polls" not in found
    assert found["broker"].state is State.WELL


def test_a_broker_that_is_away_is_said() -> None:
    with override_settings(LICSTATS_REDIS_URL="unix:///nowhere/redis.sock"):
        (finding,) = doctor.broker_answers()
    assert finding.state is State.WRONG
    assert finding.mend


def test_little_space_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.state for finding in doctor.disk_has_space()] == [State.WELL]
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 10**18)
    (finding,) = doctor.disk_has_space()
    assert finding.state is State.WRONG


@pytest.mark.django_db
def test_clocks_that_differ_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.state for finding in doctor.clocks_agree()] == [State.WELL]
    ahead = clock.now() + timedelta(minutes=3)
    monkeypatch.setattr(doctor.clock, "now", lambda: ahead)
    (finding,) = doctor.clocks_agree()
    assert finding.state is State.WRONG
    assert "by 180 s" in finding.found or "by 179 s" in finding.found
