"""A stand-in for `lmutil` whose license server is a JSON file, for tests that need to stop it at an exact place.

Its folder also holds `calls`, a JSON line for each call with its argument list and environment, and `gates`, where a
file `lmstat` or `lmremove` makes that command wait before it does anything, and `after-lmremove` after it did.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

BANNER = "lmutil - Copyright (c) 1989-2023 Flexera. All Rights Reserved.\n"


def main(folder: Path, arguments: list[str]) -> int:
    with (folder / "calls").open("a") as calls:
        calls.write(json.dumps({"argv": arguments, "env": dict(os.environ), "pid": os.getpid()}) + "\n")
    command = arguments[0] if arguments else ""
    if "-i" in arguments:
        return print_catalogue(folder)
    pass_gate(folder, command)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    state = json.loads((folder / "state").read_text())
    if command == "lmstat":
        sys.stdout.write(report(state))
        return 0
    status = remove(folder, state, arguments[1:])
    lock.close()
    pass_gate(folder, f"after-{command}")
    return status


def pass_gate(folder: Path, name: str) -> None:
    gate = folder / "gates" / name
    if gate.exists():
        (folder / "gates" / f"{name}.reached").touch()
    while gate.exists():
        time.sleep(0.02)


def print_catalogue(folder: Path) -> int:
    state = json.loads((folder / "state").read_text())
    rows = "".join(f"{name:<32}1.0         10           permanent    vendord\n" for name in sorted(features(state)))
    sys.stdout.write(
        "NOTE: lmstat -i does not give information from the server,\n      but only reads the license file.  For this"
        " reason,\n      lmstat -a is recommended instead.\n\n"
        f"Feature                         Version     #licenses    Expires      Vendor\n"
        f"_______                         _________   _________    __________   ______\n{rows}"
    )
    return 0


def features(state: dict) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {name: [] for name in state["features"]}
    for session in state["sessions"]:
        found.setdefault(session["feature"], []).append(session)
    return found


def report(state: dict) -> str:
    now = datetime.now(UTC)
    text = (
        f"{BANNER}Flexible License Manager status on {now:%a} {now.month}/{now.day}/{now.year} {now.hour}:{now:%M}\n\n"
        "License server status: 27000@lic\n    License file(s) on lic: /opt/lic/license.dat:\n\n"
        "       lic: license server UP (MASTER) v11.19.6\n\nVendor daemon status (on lic):\n\n"
        "   vendord: UP v11.19.6\nFeature usage info:\n\n"
    )
    for name, sessions in features(state).items():
        used = sum(session["used"] for session in sessions) + state.get("unseen", {}).get(name, 0)
        some = "license" if used == 1 else "licenses"
        text += f"Users of {name}:  (Total of 10 licenses issued;  Total of {used} {some} in use)\n\n"
        if sessions:
            text += f'  "{name}" v1.0, vendor: vendord, expiry: permanent(no expiration date)\n  floating license\n\n'
        for session in sessions:
            text += line(session)
        text += "\n"
    return text


def line(session: dict) -> str:
    start = datetime.fromisoformat(session["start"])
    who = " ".join(part for part in (session["user"], session["host"], session["display"]) if part)
    handle = f" {session['handle']}" if session["handle"] else ""
    tail = f", {session['used']} licenses" if session["used"] > 1 else ""
    tail += session.get("tail", "")
    at = f"{start:%a} {start.month}/{start.day} {start.hour}:{start:%M}"
    return f"    {who} (v1.0) (lic/27000{handle}), start {at}{tail}\n"


def remove(folder: Path, state: dict, arguments: list[str]) -> int:
    if arguments[:1] == ["-c"]:
        arguments = arguments[2:]
    if state.get("answer"):
        text, status = state["answer"]
        sys.stdout.write(f"{BANNER}{text}\n")
        return status
    by_handle = arguments[:1] == ["-h"]
    wanted = arguments[1:] if by_handle else arguments
    if len(wanted) != 4:
        sys.stdout.write(f"{BANNER}usage:  lmremove [-c license_file_list] feature user user_host display\n")
        return 1

    def goes(session: dict) -> bool:
        if by_handle:
            return [session["feature"], "lic", "27000", session["handle"]] == wanted
        return [session["feature"], session["user"], session["host"], session["display"]] == wanted

    gone = [session for session in state["sessions"] if goes(session)]
    state["sessions"] = [session for session in state["sessions"] if not goes(session)]
    (folder / "state.new").write_text(json.dumps(state))
    (folder / "state.new").replace(folder / "state")
    sys.stdout.write(BANNER if gone else f"{BANNER}Feature was never checked out. (-41,147)\n")
    return 0 if gone else 215


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent, sys.argv[1:]))
