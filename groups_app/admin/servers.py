"""License servers, features and pools in the administration: without those forbidden to the administrator's roles.

What an administrator only hid from its own reports is there, because it is administered here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import RelatedFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from groups_app.visibility import permitted_servers
from licstats.admin import FeatureAdmin, LicenseServerAdmin, PoolAdmin
from licstats.models import Feature, LicenseServer, Pool


class PermittedServersFilter(RelatedFieldListFilter):
    """A choice of license servers without forbidden ones."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        servers = permitted_servers(request.user).order_by("name")
        return list(servers.values_list("pk", "name"))


class PermittedServerAdmin(LicenseServerAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[LicenseServer]:
        return super().get_queryset(request).filter(pk__in=permitted_servers(request.user))


class PermittedFeatureAdmin(FeatureAdmin):
    list_filter = [("server", PermittedServersFilter), "type", "adds_up"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(server__in=permitted_servers(request.user))


class PermittedPoolAdmin(PoolAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(feature__server__in=permitted_servers(request.user))


for model, model_admin in (
    (LicenseServer, PermittedServerAdmin),
    (Feature, PermittedFeatureAdmin),
    (Pool, PermittedPoolAdmin),
):
    admin.site.unregister(model)
    admin.site.register(model, model_admin)
