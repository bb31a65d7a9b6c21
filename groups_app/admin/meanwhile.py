"""A form that was open while somebody else saved the same: saving it is refused, as it would undo what they did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from licstats.moments import minute_here

if TYPE_CHECKING:  # only the stubs know it as generic
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


class OpenedField(forms.RegexField):
    """When the form was opened, and a digest of what was there then."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(r"\A\d{1,10}-[0-9a-f]{64}\Z", required=False)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class OpenedForm(AnyModelForm):
    opened = OpenedField()
    moving: ClassVar[tuple[str, ...]] = ()  # fields that change by themselves

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        if isinstance(field, OpenedField):
            return f"{int(timezone.now().timestamp())}-{self._digest()}"
        return super().get_initial_for_field(field, field_name)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        since, _, digest = self.cleaned_data.get("opened", "").partition("-")
        if digest and self.instance.pk and digest != self._digest():
            self.add_error(
                None,
                f"{self.instance} was not saved: it was changed after you opened it{self._by_whom(int(since))}. "
                "What you entered is still here; open the page anew, in another tab, to see what was changed, and "
                "enter there what is missing.",
            )
        return cleaned

    def _digest(self) -> str:
        """Of what the database has: the form is made of it, before it takes what was entered."""
        now = {name: _plain(value) for name, value in self.initial.items() if name not in self.moving}
        return salted_hmac("opened", repr(sorted(now.items())), algorithm="sha256").hexdigest()

    def _by_whom(self, since: int) -> str:
        """As far as the administration knows: a command leaves no name."""
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(self.instance),
            object_id=str(self.instance.pk),
            action_time__gte=datetime.fromtimestamp(since, UTC),
        )
        last = entries.select_related("user").first()
        return f", by {last.user} at {minute_here(last.action_time)}" if last else ""


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return sorted(str(getattr(each, "pk", each)) for each in value)
    return str(value)


class OpenedMixin:
    """An administration whose `form` is an `OpenedForm`."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None or not self.has_change_permission(request, obj):  # type: ignore[attr-defined]
            return fieldsets
        (name, options), *others = fieldsets
        return [(name, {**options, "fields": [*options["fields"], "opened"]}), *others]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Of two that save at once, the second waits here for the first."""
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if found is None or request.method != "POST" or not transaction.get_connection().in_atomic_block:
            return found
        type(found)._base_manager.select_for_update().filter(pk=found.pk).first()
        return super().get_object(request, object_id, from_field)  # type: ignore[misc]
