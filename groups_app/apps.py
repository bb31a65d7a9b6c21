from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, post_save


class GroupsConfig(AppConfig):
    name = "groups_app"
    verbose_name = "Groups and visibility"

    def ready(self) -> None:
        from groups_app.hiding import hide_new_server
        from groups_app.roles import ship_roles
        from licstats.models import LicenseServer

        _say_login_and_role()
        post_migrate.connect(ship_roles, sender=self, dispatch_uid="ship_roles")
        post_save.connect(hide_new_server, sender=LicenseServer, dispatch_uid="hide_new_server")


def _say_login_and_role() -> None:
    """Our words for Django's users and groups, wherever a page or a message names them.

    Migrations go by the words that the models were declared with, so none comes of it.
    """
    apps.get_app_config("auth").verbose_name = "Logins and roles"
    login, role = apps.get_model("auth.User"), apps.get_model("auth.Group")
    login._meta.verbose_name, login._meta.verbose_name_plural = "login", "logins"
    role._meta.verbose_name, role._meta.verbose_name_plural = "role", "roles"
    login._meta.get_field("groups").verbose_name = "roles"
