"""The simulator's command line.

    python -m licstats.simulator serve --dir DIR [--seed N] [--speed X] [--fleet demo|small|SERVERSxSESSIONS]
                                       [--calm] [--retake SECONDS] [--lmx-password W] [--with-parent]
    python -m licstats.simulator recorded FOLDER --dir DIR

`serve` makes DIR/socket, DIR/bin/lmutil and DIR/bin/lmxendutil and, when they answer, DIR/fleet.toml; then it prints a
line that begins with "ready", and runs until SIGTERM or Ctrl-C. `recorded` writes tools that print the files of FOLDER
and a fleet file with a license server for each, and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from licstats.simulator import demo, uniform
from licstats.simulator.daemon import Daemon
from licstats.simulator.folder import is_served, socket_path, write_fleet, write_tools
from licstats.simulator.recorded import write_recorded
from licstats.simulator.world import World


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    options.dir.mkdir(parents=True, exist_ok=True)
    if options.command == "recorded":
        count = write_recorded(options.folder, options.dir)
        sys.stdout.write(f"ready: {count} recorded outputs, fleet file {options.dir / 'fleet.toml'}\n")
        return 0
    return _serve(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m licstats.simulator", description="Simulated license servers.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="keep license servers until told to stop")
    serve.add_argument("--dir", type=Path, required=True, help="folder for the tools, the fleet file and the socket")
    serve.add_argument("--seed", type=int, default=2026, help="the same seed and start make the same day")
    serve.add_argument("--speed", type=float, default=1.0, help="how fast its time runs; 1 is real time")
    serve.add_argument("--fleet", type=_fleet, default="demo", help="demo, small, or SERVERSxSESSIONS as in 1000x100")
    serve.add_argument("--start", type=datetime.fromisoformat, help="simulated time at the start, if not now")
    serve.add_argument("--calm", action="store_true", help="no license server is ever in trouble by itself")
    serve.add_argument("--retake", type=float, help="programs take a removed license again after so many seconds")
    serve.add_argument("--lmx-password", default="", help="that lmxendutil needs to remove a user")
    serve.add_argument("--with-parent", action="store_true", help="stop when the process that started this one ends")
    recorded = commands.add_parser("recorded", help="tools that print recorded outputs")
    recorded.add_argument("folder", type=Path, help="NAME.txt is the answer of 27000@NAME")
    recorded.add_argument("--dir", type=Path, required=True)
    return parser


def _fleet(text: str) -> str:
    if text not in ("demo", "small") and not re.fullmatch(r"\d+x\d+", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not demo, small, or SERVERSxSESSIONS as in 1000x100.")
    return text


def _world(options: argparse.Namespace) -> World:
    now = options.start or datetime.now(UTC)
    if options.fleet == "demo":
        return demo.build(options.seed, now, options.calm)
    if options.fleet == "small":
        return uniform.small(options.seed, now)
    servers, sessions = map(int, options.fleet.split("x"))
    return uniform.build(options.seed, now, servers, sessions, churn=not options.calm)


def _serve(options: argparse.Namespace) -> int:
    if is_served(options.dir):
        sys.stderr.write(f"Another simulator already serves {options.dir}: stop it, or choose another folder.\n")
        return 1
    parent = os.getppid() if options.with_parent else None
    world = _world(options)
    world.password = options.lmx_password
    for server in world.servers.values():
        server.trouble.again = options.retake
    groups = {name: held for name, held in demo.GROUPS.items() if set(held) <= world.servers.keys()}
    path = socket_path(options.dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sessions = sum(len(server.handles) for server in world.servers.values())

    def ready() -> None:
        write_tools(options.dir)
        write_fleet(options.dir / "fleet.toml", world.servers.values(), groups)
        sys.stdout.write(f"ready: {len(world.servers)} license servers, {sessions} sessions, {options.dir}\n")
        sys.stdout.flush()

    asyncio.run(Daemon(world, path, options.speed, parent).serve(ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())
