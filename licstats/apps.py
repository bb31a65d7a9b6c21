from __future__ import annotations

from django.apps import AppConfig


class LicstatsConfig(AppConfig):
    name = "licstats"
    label = "licstats"
    verbose_name = "License servers"
