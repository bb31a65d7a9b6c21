"""Logins: each has a role, and what limits an administrator limits the logins that it makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from groups_app.admin.deleting import NamedAloneMixin
from groups_app.admin.lockout import NOBODY_LEFT, KeepsAdministratorForm, KeepsAdministratorMixin, leaves_nobody
from groups_app.admin.meanwhile import OpenedForm, OpenedMixin
from groups_app.admin.roles import ASK_ANOTHER
from groups_app.granting import NOT_GRANTED, granted_roles
from groups_app.models import ForbiddenServer
from groups_app.notices import named
from groups_app.roles import VIEWER, follow_roles
from groups_app.visibility import Login, changeable_logins, forbidden_servers, permitted_servers

if TYPE_CHECKING:  # only the stubs know these as generic
    LoginModelAdmin = UserAdmin[User]
    LoginModelForm = forms.ModelForm[User]
    CreationForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
    PasswordChangeForm = AdminPasswordChangeForm[User]
else:
    LoginModelAdmin, LoginModelForm = UserAdmin, object
    CreationForm, ChangeForm, PasswordChangeForm = AdminUserCreationForm, UserChangeForm, AdminPasswordChangeForm

FOR_SUPERUSERS = ("is_superuser", "user_permissions")
NO_ROLE = "Choose a role. Roles say what a login may not see: without one it would see every license server."
TOLD = {
    True: "{} has the role administrator, so it may use these pages.",
    False: "{} has nothing to administer, so it may not use these pages.",
}
OR_ASK = "choose it as well, or ask an administrator whom it does not limit."


class WithRoles(LoginModelForm):
    """A login with a role at least, unless it is a superuser."""

    limits: Iterable[Group] = ()  # the roles that limit whoever fills this in

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        roles = self.cleaned_data.get("groups")
        if roles is None:  # refused already, or not there for logins that may only look
            return cleaned
        superuser = self.cleaned_data.get("is_superuser", self.instance.is_superuser)
        if not (roles or superuser):
            self.add_error("groups", NO_ROLE)
        for role in self.limits:
            if role not in roles and role.permissions.exists():  # not added unasked like others: it gives more
                self.add_error("groups", f"{role} limits you and the logins that you make: {OR_ASK}")
        return cleaned


class AddLoginForm(WithRoles, CreationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].required = True
        self.fields["groups"].error_messages["required"] = NO_ROLE


class ChangeLoginForm(WithRoles, KeepsAdministratorForm, OpenedForm, ChangeForm):
    """Nobody takes a role that forbids what they see: whoever limits is to be able to give back."""

    login: Login = AnonymousUser()
    moving = ("last_login", "password")

    def clean_groups(self) -> QuerySet[Group]:
        roles: QuerySet[Group] = self.cleaned_data["groups"]
        if self.instance.pk == self.login.pk and not self.instance.is_superuser:
            lost = [_what_is_lost(role, self.login) for role in roles]
            if any(lost):
                raise forms.ValidationError([*filter(None, lost)])
        return roles


class PasswordForm(PasswordChangeForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.cleaned_data["set_usable_password"] and leaves_nobody(lambda: _shut_out([self.user.pk])):
            self.add_error("usable_password", f"{self.user} keeps its password: {NOBODY_LEFT}")
        return cleaned


def _shut_out(keys: Iterable[int]) -> None:
    User.objects.filter(pk__in=keys).update(is_active=False)


def _what_is_lost(role: Group, login: Login) -> str:
    forbidden = ForbiddenServer.objects.filter(role=role)
    servers = list(permitted_servers(login).filter(pk__in=forbidden.values("server")))
    if not servers:
        return ""
    return f"The role {role} forbids you {named(servers)}, which you could not give back. {ASK_ANOTHER}"


class LoginAdmin(OpenedMixin, KeepsAdministratorMixin, NamedAloneMixin, LoginModelAdmin):
    """Whoever manages logins manages those that may see and do no more; only superusers make or change superusers."""

    list_display = ["username", "email", "roles", "is_active", "is_staff", "is_superuser", "visibility"]
    form = ChangeLoginForm
    change_password_form = PasswordForm
    add_form = AddLoginForm
    add_fieldsets = [(None, {"fields": ["username", "groups", "usable_password", "password1", "password2"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        own = changeable_logins(request.user).filter(pk=OuterRef("pk"))
        return super().get_queryset(request).prefetch_related("groups").annotate(changeable=Exists(own))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    lose = staticmethod(_shut_out)

    def _may_touch(self, request: HttpRequest, login: User | None) -> bool:
        return login is None or changeable_logins(request.user).filter(pk=login.pk).exists()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["help_text"] = "They say what the login may do, and which license servers are forbidden to it."
            kwargs["queryset"] = granted_roles(request.user)
            kwargs["error_messages"] = {"invalid_choice": NOT_GRANTED}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = {"groups": list(Group.objects.filter(name=VIEWER))}
        return initial | super().get_changeform_initial_data(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)  # a class made for this request
        form.limits, form.login = _limits(request), request.user
        return form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What limits the administrator limits the logins that it makes or changes, itself among them."""
        kept = list(_limits(request))
        super().save_related(request, form, formsets, change)
        for role in set(kept) - set(form.instance.groups.all()):
            form.instance.groups.add(role)
            self.message_user(request, f"{form.instance} has the role {role}: it limits you as well.", messages.WARNING)
        if follow_roles(form.instance):
            self.message_user(request, TOLD[form.instance.is_staff].format(form.instance))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *FOR_SUPERUSERS)

    @admin.display(description="roles")
    def roles(self, login: User) -> str:
        return ", ".join(sorted(role.name for role in login.groups.all()))

    @admin.display(description="visibility")
    def visibility(self, login: Any) -> str:
        if not login.changeable:
            return "-"
        address = f"{reverse('visibility')}?{urlencode({'login': login.username})}"
        return format_html('<a href="{}">What {} sees</a>', address, login.username)


def _limits(request: HttpRequest) -> QuerySet[Group]:
    return Group.objects.filter(pk__in=forbidden_servers(request.user).values("role"))


admin.site.unregister(User)
admin.site.register(User, LoginAdmin)
