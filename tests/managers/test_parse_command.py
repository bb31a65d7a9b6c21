from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.managers.lmstat_text import HEAD, block, checkout, heading
from tests.managers.test_flexnet_catalogue import listed

REPORT = HEAD + heading("mesh", 9, 2) + block("mesh") + checkout("grün ws01 :0", 1) + checkout("bert ws02 :0", 2) + "\n"


def parse(*arguments: str) -> tuple[int, Any]:
    out, status = io.StringIO(), 0
    try:
        call_command("parse", *arguments, stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    return status, json.loads(out.getvalue())


def test_a_complete_report_is_printed_in_the_terms_of_the_field(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(REPORT.encode("latin-1"))
    status, reading = parse("flexnet", str(file), "--now", "2026-03-18T11:02", "--tz", "Europe/Warsaw")
    assert status == 0
    assert (reading["status"], reading["verdict"]) == ("up", "complete")
    assert reading["at"] == "2026-03-18T11:02:00+01:00"
    assert reading["reported_at"] == "2026-03-18T10:00:00+00:00"
    [mesh] = reading["features"]
    assert (mesh["name"], mesh["type"], mesh["total"], mesh["used"]) == ("mesh", "floating", 9, 2)
    assert (mesh["expires"], mesh["pools"][0]["expires"]) == ("2026-12-31", "2026-12-31")
    assert mesh["sessions"][0]["user"] == "grün"
    assert mesh["sessions"][0]["checked_out_at"] == "2026-03-18T08:05:00+00:00"
    assert mesh["sessions"][0]["borrow_expires_at"] is None


def test_exit_statuses_tell_the_verdict(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text(REPORT + "what is this\n")
    status, reading = parse("flexnet", str(file))
    assert (status, reading["problems"][0]["kind"], reading["problems"][0]["text"]) == (1, "line", "what is this")
    file.write_text("lmgrd is not running\n")
    assert parse("flexnet", str(file))[0] == 2
    file.write_text("")
    assert parse("lmx", str(file))[0] == 2


def test_a_catalogue_beside_the_report(tmp_path: Path) -> None:
    file, catalogue = tmp_path / "report.txt", tmp_path / "catalogue.txt"
    file.write_text(REPORT)
    catalogue.write_text(listed("mesh 1.0 9 31-dec-2026 toold"))
    _, reading = parse("flexnet", str(file), "--catalogue", str(catalogue))
    assert reading["features"][0]["version_listed"] is True
    status, reading = parse("flexnet", str(catalogue))
    assert (status, reading["features"][0]["total"]) == (1, 9)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(REPORT.encode())))
    assert parse("flexnet", "-")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["flexnet", "/no/such/file"], "/no/such/file cannot be read: No such file"),
        (["flexnet", "/"], "/ cannot be read: Is a directory."),
        (["flexnet", "/dev/null", "--catalogue", "/no/such/file"], "/no/such/file cannot be read: No such file"),
        (["flexnet", "-", "--now", "2026-02-30"], "'2026-02-30' is not a time. Right would be 2026-03-31T09:12"),
        (["flexnet", "-", "--tz", ""], "'' is not a time zone"),
        (["flexnet", "-", "--tz", "../etc/passwd"], "'../etc/passwd' is not a time zone"),
        (["flexnet", "-", "--now", "noon"], "'noon' is not a time"),
        (["flexnet", "-", "--tz", "Mars/Olympus"], "'Mars/Olympus' is not a time zone"),
        (["nothing", "-"], "invalid choice: 'nothing'"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError) as raised:
        call_command("parse", *arguments)
    assert says in str(raised.value)
