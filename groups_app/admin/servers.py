"""License servers, features and pools in the administration: without those forbidden to the administrator's roles.

What an administrator only hid from its own reports is there, because it is administered here.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from groups_app.admin.deleting import what_ends
from groups_app.admin.meanwhile import OpenedForm, OpenedMixin
from groups_app.admin.naming import SeenNamesForm
from groups_app.composition import check_memberships, same_addresses
from groups_app.models import ForbiddenServer, LicenseServerGroup
from groups_app.visibility import Login, forbidden_servers, permitted_servers, visible_groups
from licstats.admin import FeatureAdmin, LicenseServerAdmin, LicenseServerForm, PoolAdmin
from licstats.managers.addresses import share_a_machine
from licstats.models import Feature, LicenseServer, Pool

NOT_YOURS = "This address cannot be used by you. Ask a superuser, or another administrator, to add it."


class PermittedServersFilter(RelatedFieldListFilter):
    """A choice of license servers without forbidden ones."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        servers = permitted_servers(request.user).order_by("name")
        return list(servers.values_list("pk", "name"))


class MemberServerForm(SeenNamesForm, OpenedForm, LicenseServerForm):
    """A member of a group stays of the license manager that the others have. What is forbidden is not added anew."""

    login: Login = AnonymousUser()

    def clean_manager(self) -> str:
        manager = str(self.cleaned_data["manager"])
        if self.instance.pk and "manager" in self.changed_data:
            changed = copy(self.instance)
            changed.manager = manager
            self._check_groups(changed)
        return manager

    def _post_clean(self) -> None:
        """When the address is known to be one: by another of its address, a forbidden license server would be seen."""
        super()._post_clean()  # type: ignore[misc] # the stubs leave it out
        address = self.cleaned_data.get("address")
        if address and "address" in self.changed_data and self._is_forbidden(address):
            self.add_error("address", NOT_YOURS)

    def _is_forbidden(self, address: str) -> bool:
        others = forbidden_servers(self.login).values_list("server__address", flat=True)
        return any(share_a_machine(address, other) for other in others)

    def _check_groups(self, changed: LicenseServer) -> None:
        """Groups that the login may not see are checked as well, and not named."""
        seen = visible_groups(self.login).filter(servers=changed)
        check_memberships(changed, seen)
        try:
            check_memberships(changed, LicenseServerGroup.objects.filter(servers=changed).exclude(pk__in=seen))
        except forms.ValidationError as error:
            raise forms.ValidationError(
                f"{changed} is in a group that your roles do not show you, with license servers of another license "
                "manager. Ask an administrator who sees all license servers to take it out of that group."
            ) from error


class PermittedServerAdmin(OpenedMixin, LicenseServerAdmin):
    form = MemberServerForm
    told_in_words = (ForbiddenServer, LicenseServerGroup.servers.through)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LicenseServer]:
        return super().get_queryset(request).filter(pk__in=permitted_servers(request.user))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)  # a class made for this request
        form.login, form.seen = request.user, self.get_queryset(request)
        return form

    def consequences(self, request: HttpRequest, servers: list[LicenseServer]) -> list[str]:
        return what_ends(servers, request.user)

    def save_model(self, request: HttpRequest, obj: LicenseServer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if {"manager", "address"} & set(form.changed_data):
            for notice in same_addresses(obj, visible_groups(request.user).filter(servers=obj)):
                self.message_user(request, notice, messages.WARNING)


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
