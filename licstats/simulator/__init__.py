"""License servers that behave like real ones, reached only through stand-ins for the vendors' command lines.

`python -m licstats.simulator serve --dir DIR` keeps the state and writes into DIR: `bin/lmutil`, `bin/lmxendutil` (the
programs to point a poller at), `fleet.toml` (the license servers, to be applied) and `socket`. `--help` tells the rest.
"""

from __future__ import annotations
