"""Recorded outputs, printed by stand-ins to whoever asks for the address of their name."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
from django.conf import settings as django

from licstats.simulator.__main__ import main

REPORT = b"lmutil - Copyright\r\nUsers of F:  (Total of 1 license issued;  Total of 0 licenses in use)\r\nB\xf6b\0\n"
ERROR = b'Error getting status: Cannot connect to license server (-15,570:111 "Connection refused")\n'


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recorded"
    folder.mkdir()
    (folder / "good.txt").write_bytes(REPORT)
    (folder / "bad.txt").write_bytes(ERROR)
    (folder / "told.txt").write_bytes(REPORT)
    (folder / "told.status").write_text("7\n")
    (folder / "good.i.txt").write_bytes(b"NOTE: lmstat -i\n")
    (folder / "mesh.txt").write_bytes(b"LM-X End-user Utility v5\n")
    (folder / "version.txt").write_bytes(b"lmstat v11.14.0.1\n")
    assert main(["recorded", str(folder), "--dir", str(tmp_path / "made")]) == 0
    return tmp_path / "made"


def run(*arguments: str | Path) -> tuple[int, bytes]:
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True, check=False, timeout=20)
    return done.returncode, done.stdout


def test_each_recording_is_printed_byte_by_byte(recordings: Path) -> None:
    assert run(recordings / "bin/lmutil", "lmstat", "-a", "-c", "27000@good") == (0, REPORT)
    assert run(recordings / "bin/lmutil", "lmstat", "-i", "-c", "27000@good") == (0, b"NOTE: lmstat -i\n")
    assert run(recordings / "bin/lmxendutil", "-licstat", "-host", "mesh", "-port", "27000")[1].startswith(b"LM-X")


def test_the_exit_status_is_what_was_recorded_or_what_the_text_says(recordings: Path) -> None:
    assert run(recordings / "bin/lmutil", "lmstat", "-a", "-c", "27000@told") == (7, REPORT)
    assert run(recordings / "bin/lmutil", "lmstat", "-a", "-c", "27000@bad") == (241, ERROR)


@pytest.mark.parametrize("address", ["27000@nobody", "27000@../made/fleet.toml", "nobody", ""])
def test_where_nothing_was_recorded_the_connection_is_refused(recordings: Path, address: str) -> None:
    status, text = run(recordings / "bin/lmutil", "lmstat", "-a", "-c", address)
    assert (status, b"Connection refused" in text) == (241, True)
    assert run(recordings / "bin/lmutil", "lmstat", "-i", "-c", "27000@bad")[0] == 241


def test_the_fleet_file_has_a_license_server_for_each_answer(recordings: Path) -> None:
    fleet = tomllib.loads((recordings / "fleet.toml").read_text())["server"]
    assert [(server["name"], server["manager"]) for server in fleet] == [
        ("bad", "flexnet"),
        ("good", "flexnet"),
        ("mesh", "lmx"),
        ("told", "flexnet"),
    ]


def test_every_real_output_is_printed_as_it_was_recorded(tmp_path: Path) -> None:
    samples = Path(django.BASE_DIR).parent / "shared" / "samples" / "flexnet"
    if not samples.is_dir():
        pytest.skip(f"needs the recorded outputs in {samples}")
    main(["recorded", str(samples), "--dir", str(tmp_path)])
    servers = tomllib.loads((tmp_path / "fleet.toml").read_text())["server"]
    assert len(servers) >= 14
    for server in servers:
        status, text = run(tmp_path / "bin/lmutil", "lmstat", "-a", "-c", server["address"])
        assert text == (samples / f"{server['name']}.txt").read_bytes()
        assert status == (241 if b"-15,570:111" in text else 0)
