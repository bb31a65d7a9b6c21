"""Serves a data folder until it is told to stop, as `licstats up` does: `python -m tests.embedded.holder DIR`.

With `--no-kernel-help` the kernel is not asked to end the children of a killed supervisor (as on macOS).
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from licstats.embedded.layout import Layout
from licstats.embedded.supervisor import DataFolder
from licstats.processes import child
from licstats.processes.errors import StartError
from licstats.processes.supervisor import InterruptedBySignals


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(folder: str, *flags: str) -> int:
    if "--no-kernel-help" in flags:
        child.die_with_parent = lambda number: None
    with InterruptedBySignals(), contextlib.suppress(KeyboardInterrupt):
        try:
            with DataFolder(Layout(Path(folder)), say) as services:
                services.start_services(durable=False)
                say("ready")
                services.watch()
        except StartError as error:
            say(str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
