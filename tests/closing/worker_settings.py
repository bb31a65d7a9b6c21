"""Settings of a worker that a test starts: those of the tests, on the database of the tests."""

from __future__ import annotations

import os

from licstats.settings import *  # noqa: F403
from licstats.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
