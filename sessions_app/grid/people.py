"""Users and user groups as what a report is about, and groups of users or of hosts as a filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.crypto import salted_hmac

from groups_app.models import HostGroup, NameGroup, UserGroup
from groups_app.scope import Scope, ScopeError
from groups_app.visibility import Login, visible_features, visible_servers
from licstats.models import Feature, LicenseServer
from sessions_app.grid.filters import Filter

GROUPS: dict[str, type[NameGroup]] = {"user_group": UserGroup, "host_group": HostGroup}  # by their filters


def members_marks(params: QueryDict, scope: Any) -> list[str]:
    """Of each group that rows are restricted to another text when its members are edited; no query without one."""
    restricting: NameGroup | None = getattr(scope, "user_group", None)
    members = [restricting.members] if restricting else []
    for name, kind in GROUPS.items():
        if groups := [group for group in params.getlist(name) if group and "\0" not in group]:
            named = kind._default_manager.filter(name__in=groups).order_by("name")
            members += named.values_list("members", flat=True)
    return [salted_hmac("members", text).hexdigest()[:16] for text in members]


def unknown_group(kind: type[NameGroup], name: str) -> str:
    return f"There is no {kind._meta.verbose_name} '{name}'."


class GroupsField(forms.Field):
    """The names of user groups or of host groups, as the groups."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, kind: type[NameGroup], **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def clean(self, value: Any) -> list[NameGroup]:
        groups = {group.name: group for group in self.kind._default_manager.filter(name__in=value)}
        if unknown := [name for name in value if name not in groups]:
            raise ValidationError([unknown_group(self.kind, name) for name in unknown])
        return [groups[name] for name in value]


class InGroup(Filter):
    """Sessions of the users, or on the hosts, that a group of that `kind` names; of several groups, that each names."""

    field_class = GroupsField
    chip: ClassVar[str] = "is in the group {}"
    part = "is"
    several = True

    def __init__(self, column: str, field_name: str, *, kind: type[NameGroup], **extra: Any) -> None:
        super().__init__(column, field_name, kind=kind, **extra)

    def condition(self, value: Sequence[NameGroup], path: str) -> Q | None:
        return Q(*(group.matching(path) for group in value)) if value else None

    def words(self, value: Sequence[NameGroup]) -> str:
        return " and ".join(self.chip.format(group) for group in value)


@dataclass(frozen=True, slots=True)
class UserScope:
    """One user, a user group, or neither (everybody); always as what `login` may see."""

    login: Login
    name: str = ""
    user_group: UserGroup | None = None

    # What a scope of license servers has too, so that grids take either.
    server: ClassVar[None] = None
    group: ClassVar[None] = None
    feature: ClassVar[str] = ""
    one_feature: ClassVar[bool] = False
    explanation: ClassVar[None] = None

    @classmethod
    def read(cls, params: Mapping[str, str], login: Login) -> UserScope:
        """What `scope=all | user:NAME | group:NAME` names; ScopeError where it is malformed or unknown.

        A user that holds nothing now is no error: there is no list of users but that of the sessions.
        """
        kind, _, name = params.get("scope", "all").partition(":")
        if "\0" in name:
            raise ScopeError("scope", "A name has no NUL character.")
        if kind == "user" and name:
            return cls(login, name=name)
        if kind == "group" and name:
            group = UserGroup.objects.filter(name=name).first()
            if group is None:
                raise ScopeError("scope", unknown_group(UserGroup, name))
            return cls(login, user_group=group)
        if kind != "all" or name:
            raise ScopeError("scope", "Choose all, user:NAME or group:NAME.")
        return cls(login)

    @property
    def user(self) -> Login:
        return self.login

    @property
    def chosen(self) -> bool:
        return bool(self.name or self.user_group)

    @property
    def label(self) -> str:
        """What was chosen, for titles and file names."""
        return self.name or str(self.user_group or "All users")

    def params(self) -> dict[str, str]:
        """The query string that names this scope."""
        if self.name:
            return {"scope": f"user:{self.name}"}
        return {"scope": f"group:{self.user_group}"} if self.user_group else {}

    def filter_params(self) -> dict[str, str]:
        """The same as a filter of the sessions of features."""
        if self.name:
            return {"user_is": self.name}
        return {"user_group": str(self.user_group)} if self.user_group else {}

    def servers(self) -> QuerySet[LicenseServer]:
        return visible_servers(self.login)

    def features(self) -> QuerySet[Feature]:
        return visible_features(self.login)

    def whole(self) -> Scope:
        """Every license server that the login may see."""
        return Scope(self.login)

    def restrict(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The sessions of the chosen users."""
        if self.name:
            return rows.filter(user=self.name)
        return rows.filter(self.user_group.matching("user")) if self.user_group else rows


def people(rows: QuerySet[Any], text: str, limit: int) -> tuple[list[str], int]:
    """The first users of `rows` whose name contains `text`, whatever the case, and how many more there are.

    A session without a user's name is nobody's.
    """
    named = rows.filter(user__icontains=text) if text else rows.exclude(user="")
    found = named.order_by("user").values_list("user", flat=True)
    first = list(found.distinct()[: limit + 1])
    more = found.aggregate(users=Count("user", distinct=True))["users"] - limit if len(first) > limit else 0
    return first[:limit], more
