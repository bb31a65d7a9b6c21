#!/usr/bin/env python
"""The same as the console script `licstats`."""

from __future__ import annotations

from licstats.cli import main

if __name__ == "__main__":
    main()
