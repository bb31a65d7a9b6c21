"""License server groups, user groups and host groups in the administration."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet, TextField
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groups_app.admin.deleting import NamedAloneMixin
from groups_app.admin.meanwhile import OpenedForm, OpenedMixin
from groups_app.admin.naming import SeenNamesForm
from groups_app.admin.pickers import ServerField, offered_servers
from groups_app.composition import check_members, misfits
from groups_app.matching import Matches, known_hosts, known_users
from groups_app.models import HostGroup, LicenseServerGroup, NameGroup, UserGroup
from groups_app.names import check_entries, entries_of
from groups_app.status import with_status
from groups_app.visibility import Login, not_offered, visible_groups

if TYPE_CHECKING:  # only the stubs know these as generic
    GroupModelAdmin = admin.ModelAdmin[LicenseServerGroup]
    NameGroupModelAdmin = admin.ModelAdmin[NameGroup]
else:
    GroupModelAdmin, NameGroupModelAdmin = admin.ModelAdmin, admin.ModelAdmin


NAMED_BY = "Pinned panes and saved addresses of {} will say that it is not there."
WHAT_STAYS = ("The license servers stay, with all that is known of them.", NAMED_BY.format("it"))


class RenamedMixin:
    """Addresses and pinned panes go by the name of a group: whoever changes it is told."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        if change and "name" in form.changed_data:
            before = f"'{form.initial['name']}'"
            warning = f"{before} is called '{obj}' now. {NAMED_BY.format(before)}"
            self.message_user(request, warning, messages.WARNING)  # type: ignore[attr-defined]


class LicenseServerGroupForm(SeenNamesForm, OpenedForm):
    """Checks that the members can be reported as one; what cannot be checked yet is said after saving."""

    notices: list[str] = []

    def clean_servers(self) -> Any:
        servers = self.cleaned_data["servers"]
        self.notices = check_members(list(servers))
        return servers


@admin.register(LicenseServerGroup)
class LicenseServerGroupAdmin(RenamedMixin, OpenedMixin, NamedAloneMixin, GroupModelAdmin):
    form = LicenseServerGroupForm
    fields = ["name", "description", "servers", "status", "not_offered_to"]
    readonly_fields = ["status", "not_offered_to"]
    filter_horizontal = ["servers"]
    list_display = ["name", "members", "status", "does_not_fit", "not_offered_to", "description"]
    search_fields = ["name", "description", "servers__name"]
    search_help_text = "Name or description of the group, or name of a member"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LicenseServerGroup]:
        groups = visible_groups(request.user).annotate(member_count=Count("servers", distinct=True))
        return groups.order_by("name")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)  # a class made for this request
        form.seen = self.get_queryset(request)
        return form

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        named, counts, needed, protected = super().get_deleted_objects(objs, request)
        return [*named, *WHAT_STAYS], counts, needed, protected

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        group = super().get_object(request, object_id, from_field)
        add_what_is_said([group] if group else [])
        return group

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        add_what_is_said(list(page.result_list))
        return page

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs |= {"queryset": offered_servers(request.user), "form_class": ServerField}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for notice in form.notices:
            self.message_user(request, notice, messages.WARNING)
        for sentence in not_offered([form.instance]).get(form.instance.pk, []):
            self.message_user(request, sentence, messages.WARNING)

    @admin.display(description="license servers", ordering="member_count")
    def members(self, group: Any) -> int:
        return int(group.member_count)

    @admin.display(description="status")
    def status(self, group: Any) -> str:
        return str(group.derived_status) if group.pk else "-"

    @admin.display(description="does not fit")
    def does_not_fit(self, group: Any) -> str:
        return " ".join(group.misfits)

    @admin.display(description="not offered to")
    def not_offered_to(self, group: Any) -> str:
        return " ".join(group.not_offered) if group.pk else "-"


def add_what_is_said(groups: Collection[Any]) -> None:
    """To each group what the pages say of it beside its fields; as many queries for one as for a page of them."""
    statuses = dict(with_status(LicenseServerGroup.objects.filter(pk__in=[group.pk for group in groups])))
    wrong, kept_from = misfits(groups), not_offered(groups)
    for group in groups:
        group.derived_status = statuses.get(group, "-")  # without one, it was deleted meanwhile
        group.misfits = wrong.get(group.pk, [])
        group.not_offered = kept_from.get(group.pk, [])


class LinesField(forms.CharField):
    """Lines, whatever the browser parts them by, as a fleet file has them: what was not edited has not changed."""

    def to_python(self, value: Any) -> str:
        return "\n".join((super().to_python(value) or "").splitlines())


class NameGroupAdmin(RenamedMixin, OpenedMixin, NameGroupModelAdmin):
    """Names and patterns, with who matches among the sessions that are known, also while typing."""

    form = OpenedForm
    formfield_overrides: ClassVar[Any] = {TextField: {"form_class": LinesField}}
    fields = ["name", "description", "members", "who_matches"]
    readonly_fields = ["who_matches"]
    list_display = ["name", "entry_count", "description"]
    search_fields = ["name", "description", "members"]
    search_help_text = "Name, description or member"

    class Media:
        css = {"all": ["licstats/groups.css"]}
        js = ["licstats/name_group.js"]

    known_matches: ClassVar[staticmethod[[Login, Sequence[str]], Matches]]

    def known(self, request: HttpRequest, entries: list[str]) -> Matches:
        """Who matches `entries`, as far as the login may know."""
        return self.known_matches(request.user, entries)

    @admin.display(description="who matches now")
    def who_matches(self, group: NameGroup) -> SafeString:
        """Filled by the script while typing; without it, a message tells after saving."""
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_preview")
        return format_html('<output class="matches" data-preview="{}" for="id_members"></output>', address)

    def save_model(self, request: HttpRequest, obj: NameGroup, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.message_user(request, self.known(request, obj.entries).text)

    @admin.display(description="names and patterns")
    def entry_count(self, group: NameGroup) -> int:
        return len(group.entries)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_preview"
        preview = path("preview/", self.admin_site.admin_view(self.preview), name=name)
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Who matches the names and patterns in `members`, as JSON: `text`, first `names`, how many `more`."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            return JsonResponse({"text": "You may not change groups.", "names": []}, status=403)
        text = request.POST.get("members", "").replace("\0", "")
        try:
            check_entries(text)
        except forms.ValidationError as error:
            return JsonResponse({"text": " ".join(error.messages), "names": []})
        matches = self.known(request, entries_of(text))
        more = matches.more(len(matches.names)).strip()
        return JsonResponse({"text": matches.count, "names": matches.names, "more": more})


@admin.register(UserGroup)
class UserGroupAdmin(NameGroupAdmin):
    known_matches = staticmethod(known_users)


@admin.register(HostGroup)
class HostGroupAdmin(NameGroupAdmin):
    known_matches = staticmethod(known_hosts)
