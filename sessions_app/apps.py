from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sessions"

    def ready(self) -> None:
        from sessions_app.polling import checks  # noqa: F401 - registers

        post_migrate.connect(create_partitions, sender=self)


def create_partitions(**kwargs: Any) -> None:
    """So that the first rows of a new database find the partitions of their months."""
    from sessions_app.polling import partitions

    partitions.maintain()
