"""`python -m licstats` is the same as the console script `licstats`."""

from __future__ import annotations

from licstats.cli import main

if __name__ == "__main__":
    main()
