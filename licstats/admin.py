"""Administration of what exists: license servers are configured here, features and pools only looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import CASCADE, F, ForeignObjectRel, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from licstats.ages import format_interval
from licstats.configuring import ChangeServer
from licstats.durations import DurationError, parse_duration
from licstats.managers.registry import MANAGERS
from licstats.models import Feature, LicenseServer, Pool
from licstats.timezones import zone_names

if TYPE_CHECKING:  # only the stubs know these as generic
    ServerModelForm = forms.ModelForm[LicenseServer]
    ServerModelAdmin = admin.ModelAdmin[LicenseServer]
    AnyModelAdmin = admin.ModelAdmin[Any]
    PoolTabularInline = admin.TabularInline[Pool, Feature]
else:
    ServerModelForm, ServerModelAdmin, AnyModelAdmin = forms.ModelForm, admin.ModelAdmin, admin.ModelAdmin
    PoolTabularInline = admin.TabularInline

STATE_FIELDS = ("status", "verdict", "reason", "response_time", "asked_at", "read_at", "failures", "next_poll_at")


class DurationTextField(forms.CharField):
    """A duration as people write it: `60s`, `5 min`, `1h`."""

    def prepare_value(self, value: Any) -> Any:
        return format_interval(value) if isinstance(value, timedelta) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != parse_duration(data or ""))
        except DurationError:
            return True

    def to_python(self, value: Any) -> Any:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except DurationError as error:
            raise forms.ValidationError(str(error)) from error


class LicenseServerForm(ServerModelForm):
    """Configuration only; the model's own check of the address says what would be right."""

    manager = forms.ChoiceField(label="License manager")
    timezone = forms.ChoiceField(
        label="Time zone", initial="UTC", help_text="Where it runs: its reports name times without a zone."
    )
    interval = DurationTextField(
        initial=timedelta(seconds=60), help_text="How often it is queried, such as 60s or 5 min; 5 s to 1 d."
    )
    timeout = DurationTextField(
        label="Time-out",
        initial=timedelta(seconds=15),
        help_text="A tool that has not answered by then is killed; 1 s to 10 min.",
    )

    class Meta:
        model = LicenseServer
        fields = [
            "name",
            "manager",
            "address",
            "timezone",
            "site",
            "interval",
            "timeout",
            "enabled",
            "description",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("manager", [(name, manager.title) for name, manager in MANAGERS.items()])
        self._choose("timezone", [(name, name) for name in zone_names()])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):  # not there for logins that may only look
            field.choices = choices


@admin.register(LicenseServer)
class LicenseServerAdmin(ServerModelAdmin):
    form = LicenseServerForm
    list_display = ["name", "manager_title", "address", "site", "enabled", "status", "verdict", "read_at"]
    list_filter = ["manager", "site", "enabled", "status", "verdict"]
    search_fields = ["name", "address", "site", "description"]
    search_help_text = "Name, address, site or description"
    list_per_page = 50
    readonly_fields = STATE_FIELDS
    actions = ["enable", "disable"]
    told_in_words: ClassVar[tuple[type[Model], ...]] = ()  # not counted before a deletion: `consequences` has it
    fieldsets = [
        (None, {"fields": ["name", "manager", "address", "timezone", "description"]}),
        ("Queries", {"fields": ["enabled", "site", "interval", "timeout"]}),
        ("What the last query found", {"fields": STATE_FIELDS}),
    ]

    @admin.display(description="license manager", ordering="manager")
    def manager_title(self, server: LicenseServer) -> str:
        manager = MANAGERS.get(server.manager)
        return manager.title if manager else server.manager

    def get_fieldsets(self, request: HttpRequest, obj: LicenseServer | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:-1]

    def save_model(self, request: HttpRequest, obj: LicenseServer, form: Any, change: bool) -> None:
        if change:
            ChangeServer(obj, form.changed_data).execute()
        else:
            obj.save()

    @admin.action(description="Enable: query again", permissions=["change"])
    def enable(self, request: HttpRequest, servers: QuerySet[LicenseServer]) -> None:
        self._switch(request, servers, True)

    @admin.action(description="Disable: query no more, keep what is known", permissions=["change"])
    def disable(self, request: HttpRequest, servers: QuerySet[LicenseServer]) -> None:
        self._switch(request, servers, False)

    def _switch(self, request: HttpRequest, servers: QuerySet[LicenseServer], enabled: bool) -> None:
        changed = servers.exclude(enabled=enabled)
        count = changed.update(enabled=enabled, next_poll_at=timezone.now(), revision=F("revision") + 1)
        word = "enabled" if enabled else "disabled"
        self.message_user(request, f"{count} license server{'' if count == 1 else 's'} {word}.")

    def consequences(self, request: HttpRequest, servers: list[LicenseServer]) -> list[str]:
        """What deleting `servers` means beyond the rows that go with them, as sentences."""
        return []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with them as counts: a server may have millions of closed sessions."""
        servers = list(objs)
        lines, counts = [f"License server {server}" for server in servers], {"license servers": len(servers)}
        for model, count in _related(servers):
            if count and model not in self.told_in_words:
                plural = str(model._meta.verbose_name_plural)
                lines.append(f"{count:,} {plural}")
                counts[plural] = count
        lines += self.consequences(request, servers)
        lines.append("The usage history of its features. To keep it all and only query no more, disable it instead.")
        missing = set() if self.has_delete_permission(request) else {"license server"}
        return lines, counts, missing, []


def _related(servers: list[LicenseServer]) -> Iterable[tuple[type[Model], int]]:
    """How many rows of each model go with `servers`; relations without a name on the server are among them."""
    for relation in LicenseServer._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and getattr(relation, "on_delete", None) is CASCADE:
            model = relation.related_model
            yield model, model._base_manager.filter(**{f"{relation.field.name}__in": servers}).count()


class LookOnly:
    """To be looked at: nobody adds, changes or deletes what only polls and closes write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PoolInline(LookOnly, PoolTabularInline):
    model = Pool
    extra = 0
    fields = ["place", "total", "expires", "permanent", "version"]


@admin.register(Feature)
class FeatureAdmin(LookOnly, AnyModelAdmin):
    list_display = ["name", "version", "type", "vendor", "server", "used", "total", "expires", "last_listed_at"]
    list_filter = ["server", "type", "adds_up"]
    list_select_related = ["server"]
    search_fields = ["name", "vendor"]
    search_help_text = "Name or vendor"
    show_full_result_count = False
    inlines = [PoolInline]


@admin.register(Pool)
class PoolAdmin(LookOnly, AnyModelAdmin):
    list_display = ["feature", "server_name", "place", "total", "expires", "permanent", "version"]
    list_filter = ["expires", "permanent"]
    list_select_related = ["feature__server"]
    search_fields = ["feature__name"]
    search_help_text = "Feature"
    show_full_result_count = False

    @admin.display(description="license server", ordering="feature__server__name")
    def server_name(self, pool: Pool) -> str:
        return pool.feature.server.name


admin.site.site_title = "licstats administration"
admin.site.site_header = "licstats"
admin.site.index_title = "Administration"
