"""Names that are taken by what the administrator may not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet

if TYPE_CHECKING:  # only the stubs know it as generic
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


class SeenNamesForm(AnyModelForm):
    """Django would say of such a name that it exists already. `seen` is what the administrator may see."""

    seen: QuerySet[Any]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        taken = self.instance._meta.model._default_manager.filter(name=name)
        if taken.exclude(pk__in=self.seen.values("pk")).exists():
            raise forms.ValidationError("This name cannot be used. Choose another one.")
        return name
