"""Pickers of license servers, whose filter box finds them by all that a group or a role is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groups_app.composition import title_of
from groups_app.visibility import Login, permitted_servers
from licstats.models import Feature, LicenseServer

if TYPE_CHECKING:  # only the stubs know it as generic
    ServersField = forms.ModelMultipleChoiceField[LicenseServer]
else:
    ServersField = forms.ModelMultipleChoiceField


def offered_servers(login: Login) -> QuerySet[LicenseServer]:
    """What a picker offers to `login`: the servers that it is permitted to see, each with its `vendors`."""
    vendors = Feature.objects.filter(server=OuterRef("pk")).order_by("vendor").values("vendor").distinct()
    return permitted_servers(login).annotate(vendors=ArraySubquery(vendors)).order_by("name")


class ServerField(ServersField):
    """A license server as `PL · FlexNet · xf · krakow`. Its queryset is of `offered_servers`."""

    default_error_messages = {  # without the id that Django names
        "invalid_choice": "A chosen license server is not there any more. Choose again."
    }

    def label_from_instance(self, server: Any) -> str:
        parts = (server.name, title_of(server.manager), ", ".join(server.vendors), server.site)
        return " · ".join(filter(None, parts))


class ServerPicker(FilteredSelectMultiple):
    """In an element of its own: Django's script puts its lists first there, which was before the label."""

    def __init__(self) -> None:
        super().__init__("license servers", is_stacked=False)

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html('<div class="related-widget-wrapper">{}</div>', super().render(*args, **kwargs))
