"""Close requests and their steps in the administration: to be looked at, not to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from licstats.admin import LookOnly
from sessions_app import server_admin  # noqa: F401 - registers license servers with their queries
from sessions_app.closing.visible import permitted
from sessions_app.models import CloseEvent, CloseRequest

if TYPE_CHECKING:  # only the stubs know these as generic
    AnyModelAdmin = admin.ModelAdmin[Any]
    EventInline = admin.TabularInline[CloseEvent, CloseRequest]
else:
    AnyModelAdmin, EventInline = admin.ModelAdmin, admin.TabularInline


class CloseEventInline(LookOnly, EventInline):
    model = CloseEvent
    fields = ("at", "step", "by", "message", "details")
    extra = 0


@admin.register(CloseRequest)
class CloseRequestAdmin(LookOnly, AnyModelAdmin):
    list_display = ("requested_at", "login_name", "server_name", "feature_name", "user", "host", "state", "message")
    list_filter = ("state", "server_name", "dry_run")
    search_fields = ("login_name", "server_name", "feature_name", "user", "host", "reason", "message")
    date_hierarchy = "requested_at"
    inlines = (CloseEventInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without those of license servers that are forbidden to the administrator's roles, or may have been."""
        return super().get_queryset(request).filter(permitted(request.user))


@admin.register(CloseEvent)
class CloseEventAdmin(LookOnly, AnyModelAdmin):
    """With the attempts that were turned away, which belong to no request."""

    list_display = ("at", "step", "by", "request", "message")
    list_filter = ("step",)
    list_select_related = ("request",)
    search_fields = ("by", "message")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """An attempt that was turned away may name any license server: it is for whom no role limits."""
        return super().get_queryset(request).filter(permitted(request.user, "request__"))
