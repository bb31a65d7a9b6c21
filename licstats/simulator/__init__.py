"""License servers that behave like real ones, reached only through stand-ins for the vendors' command lines.

`python -m licstats.simulator serve --dir DIR` keeps the state and writes into DIR: `bin/lmutil`, `bin/lmxendutil` (the
programs to point a poller at), `fleet.toml` (the license servers, to be applied) and `socket`. `--help` tells the rest.

In tests `process.running(folder, "--fleet", "small")` gives a `client.Simulator` with the tools' paths, what is held,
exact sessions, and everything that can go wrong; or a `world.World` prints and removes without any process.

Where no source says what a real tool prints (how LM-X users are removed, borrowed LM-X licenses, the words around
lmremove's errors), the form here is the simulator's own.
"""

from __future__ import annotations
