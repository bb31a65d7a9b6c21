"""The scope of a report: what the pick lists chose, as what this login may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from groups_app.identities import known_features
from groups_app.members import Explanation, Identity, explain
from groups_app.models import LicenseServerGroup
from groups_app.notices import no_members, reason_without_data, reason_without_feature, reason_without_sum
from groups_app.visibility import Login, visible_features, visible_groups, visible_reason, visible_servers
from licstats.models import Feature, LicenseServer

FEATURE_FIELDS = ("feature", "version", "type")
SCOPE_FIELDS = ("scope", *FEATURE_FIELDS)


class ScopeError(ValueError):
    """A choice that cannot be shown: `field` is the query string's name; hidden and unknown read alike.

    `scope` is what was chosen beside it, for the pick lists to begin from.
    """

    def __init__(self, field: str, message: str, scope: Scope | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.scope = scope


@lru_cache(maxsize=1024)  # a row of a page leads to it from several cells
def feature_address(page: str, scope: str, identity: Identity) -> str:
    """The address of `page`, by its URL's name, about one feature of `scope`: server:NAME or group:NAME."""
    name, version, kind = identity
    return f"{reverse(page)}?{urlencode({'scope': scope, 'feature': name, 'version': version, 'type': kind})}"


@dataclass(frozen=True)
class Scope:
    """`server` or `group` or neither (all); with `feature` set, one feature (name, version, type) of it."""

    user: Login
    server: LicenseServer | None = None
    group: LicenseServerGroup | None = None
    feature: str = ""
    version: str = ""
    type: str = ""

    @classmethod
    def read(cls, params: Mapping[str, str], user: Login) -> Scope:
        """The scope that a query string names: scope=all | server:NAME | group:NAME, feature=, version=, type=.

        A license server may tell a version or a type once the feature is in use. So an address without one, of a
        feature that there is not without it any more, means the only one that there is.

        ScopeError where it is malformed, unknown, or hidden from `user`.
        """
        kind, _, name = params.get("scope", "all").partition(":")
        if "\0" in "".join(params.get(field, "") for field in SCOPE_FIELDS):
            raise ScopeError("scope", "A name has no NUL character.")
        server = group = None
        if kind == "server":
            server = visible_servers(user).filter(name=name).first()
        elif kind == "group":
            group = visible_groups(user).filter(name=name).first()
        elif kind != "all" or name:
            raise ScopeError("scope", "Choose all, server:NAME or group:NAME.")
        if kind != "all" and server is None and group is None:
            raise ScopeError(
                "scope", f"There is no license {'server' if kind == 'server' else 'server group'} '{name}'."
            )
        chosen = {field: params.get(field, "") for field in FEATURE_FIELDS}
        if kind == "all" and any(chosen.values()):
            raise ScopeError("feature", "Choose a license server or a group before a feature.", cls(user))
        if any(chosen.values()) and not chosen["feature"]:
            message = "Choose a feature as well: a version or a type alone says nothing."
            raise ScopeError("feature", message, cls(user, server, group))
        scope = cls(user, server, group, **chosen)
        if scope.identity and not scope.features().exists():
            whole = cls(user, server, group)
            alike = whole.alike(scope.identity)
            if len(alike) != 1:
                raise ScopeError("feature", reason_without_feature(alike, scope.identity, whole.label), whole)
            scope = cls(user, server, group, *alike[0])
        return scope

    @property
    def one_feature(self) -> bool:
        return bool(self.feature)

    @property
    def identity(self) -> Identity | None:
        """The key of the chosen feature, the same in a license server and in a group."""
        return Identity(self.feature, self.version, self.type) if self.feature else None

    @property
    def label(self) -> str:
        """What was chosen, for titles and file names."""
        return str(self.server or self.group or "All license servers")

    def params(self) -> dict[str, str]:
        """The query string that names this scope."""
        kind = f"server:{self.server}" if self.server else f"group:{self.group}" if self.group else ""
        named = {"scope": kind, "feature": self.feature, "version": self.version, "type": self.type}
        return {key: value for key, value in named.items() if value}

    def servers(self) -> QuerySet[LicenseServer]:
        """The license servers that it covers. In a group, visibility is ignored."""
        if self.group:
            return LicenseServer.objects.filter(groups=self.group)
        servers = visible_servers(self.user)
        return servers.filter(pk=self.server.pk) if self.server else servers

    def features(self) -> QuerySet[Feature]:
        """The features that it covers, on whichever license servers. In a group, visibility is ignored.

        One feature of a group is all its members, those too whose version is not known yet and those that are left
        out of the realtime sum: their sessions and their history belong to it.
        """
        if self.group:
            features = Feature.objects.filter(server__groups=self.group)
            members = self.explanation.members if self.explanation else ()
            return features.filter(pk__in=[member.feature.pk for member in members]) if self.feature else features
        features = visible_features(self.user)
        if self.server:
            features = features.filter(server=self.server)
        if self.feature:
            features = features.filter(name=self.feature, version=self.version, type=self.type)
        return features

    def alike(self, wanted: Identity) -> list[Identity]:
        """The features of a license server or group that `wanted` may mean, whatever version or type it leaves open."""
        given = {field: value for field, value in wanted._asdict().items() if value}
        rows: QuerySet[Any] = (
            known_features(self.group, timezone.now(), [wanted.name]) if self.group else self.features()
        )
        found = rows.filter(**given).order_by("version", "type").values_list("name", "version", "type")
        return [Identity(*row) for row in found.distinct()]

    @cached_property
    def explanation(self) -> Explanation | None:
        """Who makes up the chosen feature of the group; None where it is not that. A page asks several times."""
        if self.group is None or self.identity is None:
            return None
        return explain(self.group, *self.identity, now=timezone.now())

    def reason_without_data(self) -> str:
        """Why it has no realtime data, as sentences; empty where it has some, be it old."""
        if self.explanation:
            return reason_without_sum(self.explanation)
        servers = self.servers().annotate(told=visible_reason(self.user))
        reason = reason_without_data(servers, self.features())
        return no_members(str(self.group)) if reason and self.group and not servers.exists() else reason
