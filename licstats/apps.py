from __future__ import annotations

from django.apps import AppConfig


class LicstatsConfig(AppConfig):
    name = "licstats"
    label = "licstats"
    verbose_name = "License servers"

    def ready(self) -> None:
        from licstats import checks  # noqa: F401 (importing them registers them)
