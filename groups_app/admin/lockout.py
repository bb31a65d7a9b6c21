"""Nobody is locked out of the administration by it: what would leave nobody who administers logins is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from groups_app.granting import gives_everything
from groups_app.logins import LoginBackend

if TYPE_CHECKING:  # only the stubs know it as generic
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm

NOBODY_LEFT = (
    "no active login could administer all logins and roles any more. Give another login the role administrator first."
)


def administrators() -> QuerySet[User]:
    """Active logins that may use the admin pages and change logins and roles there."""
    logins, roles = (LoginBackend().with_perm(f"auth.change_{what}") for what in ("user", "group"))
    signing_in = logins.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return signing_in.filter(is_staff=True, pk__in=roles.values("pk"))


def leaves_nobody(change: Callable[[], object]) -> bool:
    """Whether `change`, which is tried and taken back, leaves no administrator where there is one.

    Nor one who may give everything: others could not give back what they do not have.
    """
    kept = [each for each in (administrators(), administrators().filter(gives_everything())) if each.exists()]
    with transaction.atomic():
        change()
        left = all(each.all().exists() for each in kept)
        transaction.set_rollback(True)
    return not left


class KeepsAdministratorForm(AnyModelForm):
    """A form of a login or a role."""

    def _post_clean(self) -> None:
        """When all else is known to be right: only what could be saved can be tried."""
        super()._post_clean()  # type: ignore[misc] # the stubs leave it out
        if self.instance.pk and not self.errors and leaves_nobody(self.save):
            self.add_error(None, f"{self.instance} was not saved: {NOBODY_LEFT}")


class KeepsAdministratorMixin:
    """An administration of logins or roles; `lose` takes from logins what they lose if its objects are deleted."""

    lose: Callable[[list[int]], object]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        nested, counts, needed, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        if leaves_nobody(lambda: self.lose([each.pk for each in objs])):
            names = ", ".join(str(each) for each in objs)
            protected = [*protected, f"{names}: {NOBODY_LEFT}"]
        return nested, counts, needed, protected
