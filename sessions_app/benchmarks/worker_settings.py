"""Settings of a worker that a benchmark starts: those of the installation, on the benchmarks' own database."""

from __future__ import annotations

import os

from licstats.settings import *  # noqa: F403
from licstats.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["LICSTATS_BENCH_DATABASE"]
