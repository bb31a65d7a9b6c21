from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save


class GroupsConfig(AppConfig):
    name = "groups_app"
    verbose_name = "Groups and visibility"

    def ready(self) -> None:
        from groups_app.hiding import hide_new_server
        from groups_app.roles import ship_roles
        from licstats.models import LicenseServer

        post_migrate.connect(ship_roles, sender=self, dispatch_uid="ship_roles")
        post_save.connect(hide_new_server, sender=LicenseServer, dispatch_uid="hide_new_server")
