"""Roles with the license servers forbidden to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest

from groups_app.admin.deleting import NamedAloneMixin
from groups_app.admin.lockout import KeepsAdministratorForm, KeepsAdministratorMixin
from groups_app.admin.meanwhile import OpenedForm, OpenedMixin
from groups_app.admin.pickers import ServerField, ServerPicker, offered_servers
from groups_app.granting import NOT_GRANTED, granted_permissions, granted_roles
from groups_app.models import ForbiddenServer, LicenseServerGroup
from groups_app.notices import named
from groups_app.roles import ROLES, offered_permissions, shipped_permissions
from groups_app.visibility import Login, is_limited_by, permitted_servers, visible_groups
from licstats.models import LicenseServer

ASK_ANOTHER = "Ask a superuser, or an administrator who does not have this role."


class RoleForm(KeepsAdministratorForm, OpenedForm):
    forbidden = ServerField(
        LicenseServer.objects.none(),
        required=False,
        label="Forbidden license servers",
        widget=ServerPicker,
        help_text="Logins with this role see nothing of them, nor of groups that have one of them.",
    )

    login: Login = AnonymousUser()

    class Meta:
        model = Group
        fields = ["name", "permissions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("forbidden")
        if isinstance(field, forms.ModelMultipleChoiceField):  # not there for logins that may only look
            field.queryset = offered_servers(self.login)
        permissions = self.fields.get("permissions")
        if isinstance(permissions, forms.ModelMultipleChoiceField):
            permissions.queryset = offered_permissions(self.instance).filter(pk__in=granted_permissions(self.login))
            permissions.error_messages["invalid_choice"] = NOT_GRANTED
        if self.instance.pk:
            rows = ForbiddenServer.objects.filter(role=self.instance, server__in=permitted_servers(self.login))
            self.initial["forbidden"] = list(rows.values_list("server", flat=True))

    def clean_permissions(self) -> QuerySet[Permission]:
        chosen: QuerySet[Permission] = self.cleaned_data["permissions"]
        missing = shipped_permissions(self.instance).exclude(pk__in=chosen)
        if missing:
            raise forms.ValidationError(
                f"{self.instance} ships with permissions that are not chosen here: "
                f"{named([permission.name for permission in missing])}. "
                "Choose them again, and make a role of another name for logins that may do less."
            )
        return chosen

    def clean_forbidden(self) -> QuerySet[LicenseServer]:
        """Not to a role of one's own: whoever forbids is to be able to give back."""
        servers: QuerySet[LicenseServer] = self.cleaned_data["forbidden"]
        if servers and self.instance.pk and is_limited_by(self.instance, self.login):
            raise forms.ValidationError(
                f"You have the role {self.instance} yourself, so you could not give back what you forbid to it: "
                f"{named(list(servers))}. {ASK_ANOTHER}"
            )
        return servers


class RoleAdmin(OpenedMixin, KeepsAdministratorMixin, NamedAloneMixin, GroupAdmin):
    """Django's groups are the roles. Whoever changes one sees which groups are not offered to it because of that."""

    form = RoleForm
    fields = ["name", "permissions", "forbidden"]
    list_display = ["name", "forbidden_names"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        rows = ForbiddenServer.objects.filter(server__in=permitted_servers(request.user)).select_related("server")
        return super().get_queryset(request).prefetch_related(Prefetch("forbidden_servers", rows))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        named, counts, needed, protected = super().get_deleted_objects(objs, request)
        return named, counts, needed, [*protected, *_kept_for(objs)]

    @staticmethod
    def lose(keys: list[int]) -> None:
        User.groups.through.objects.filter(group__in=keys).delete()

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Not of a role that forbids what the administrator may not see either: with it that would be lifted."""
        rows = ForbiddenServer.objects.filter(role=obj).exclude(server__in=permitted_servers(request.user))
        return (
            super().has_delete_permission(request, obj)
            and self._may_touch(request, obj)
            and not (obj and rows.exists())
        )

    def _may_touch(self, request: HttpRequest, role: Group | None) -> bool:
        return role is None or granted_roles(request.user).filter(pk=role.pk).exists()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)  # a class made for this request
        form.login = request.user
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        """Logins are added by the names of the roles that ship."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "name") if obj and obj.name in ROLES else fields

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "forbidden" in form.cleaned_data:
            self._forbid(request, form.instance, form.cleaned_data["forbidden"])

    def _forbid(self, request: HttpRequest, role: Group, wanted: QuerySet[LicenseServer]) -> None:
        before = [group.pk for group in _not_offered(role, request.user)]
        _forbid(role, wanted, permitted_servers(request.user))
        for group in _not_offered(role, request.user).exclude(pk__in=before):
            why = "it has a license server that is forbidden to it."
            self.message_user(request, f"The group {group} is not offered to {role} any more: {why}", messages.WARNING)

    @admin.display(description="forbidden license servers")
    def forbidden_names(self, role: Group) -> str:
        names = sorted(str(row.server) for row in role.forbidden_servers.all())
        return named(names, 10)


def _kept_for(roles: Iterable[Group]) -> list[str]:
    """Why `roles` are not deleted: a login without a role is limited by none, and would see every license server."""
    shipped = [f"{role}: this role ships with licstats" for role in roles if role.name in ROLES]
    among = [role.pk for role in roles]
    others = Group.objects.filter(user=OuterRef("pk")).exclude(pk__in=among)
    alone = User.objects.filter(~Exists(others), groups__in=among, is_superuser=False).distinct().order_by("username")
    return shipped + [f"{login}: this login has no other role; give it one first" for login in alone]


@transaction.atomic
def _forbid(role: Group, wanted: QuerySet[LicenseServer], changeable: QuerySet[LicenseServer]) -> None:
    rows = ForbiddenServer.objects.filter(role=role)
    rows.filter(server__in=changeable).exclude(server__in=wanted).delete()
    ForbiddenServer.objects.bulk_create(
        (ForbiddenServer(role=role, server=server) for server in wanted), ignore_conflicts=True
    )


def _not_offered(role: Group, login: Login) -> QuerySet[LicenseServerGroup]:
    """Groups that `role` does not get, of those that `login` may know of."""
    forbidden = ForbiddenServer.objects.filter(role=role, server__groups=OuterRef("pk"))
    return visible_groups(login).filter(Exists(forbidden))


admin.site.unregister(Group)
admin.site.register(Group, RoleAdmin)
