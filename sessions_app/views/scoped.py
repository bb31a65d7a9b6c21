"""What reports with a License Server and a Feature pick list have in common: the bar, and the notice without data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from groups_app.notices import group_notices
from groups_app.scope import FEATURE_FIELDS, Scope
from sessions_app.grid.state import GridState
from sessions_app.information import Facts, facts_of, has_no_members, no_realtime_data, nothing_known, nothing_known_at


def unknown_context(state: GridState) -> dict[str, Any]:
    """For a grid without rows: why they are not known, where that is so, and whether its group has no members."""
    if state.at is not None:
        return {"unknown": nothing_known_at(state.scope, state.at, state.gaps)}
    return {"unknown": nothing_known(state.scope), "memberless": has_no_members(state.scope)}


@dataclass(frozen=True)
class Information:
    """The General Information bar of a report."""

    report: str  # its URL's name
    state: GridState
    facts: Facts | None

    @property
    def scope(self) -> Scope | None:
        scope: Scope | None = self.state.scope
        return scope

    @property
    def server_label(self) -> str:
        return self.scope.label if self.scope else "?"

    @property
    def server_detail(self) -> str:
        return "group" if self.scope and self.scope.group else ""

    @property
    def feature_label(self) -> str:
        return self._chosen("feature") or "All"

    @property
    def feature_detail(self) -> str:
        return feature_detail(self._chosen("version"), self._chosen("type"))

    def _chosen(self, field: str) -> str:
        """Of the feature; where there is none such, what was asked for."""
        return self.state.value(field) if self.feature_error else getattr(self.scope, field, "")

    @property
    def feature_disabled(self) -> str:
        chosen = self.scope and (self.scope.server or self.scope.group)
        return "" if chosen else "Choose a license server or a group first"

    @property
    def server_error(self) -> str:
        return self._error("scope")

    @property
    def feature_error(self) -> str:
        """Why the feature that was asked for cannot be shown."""
        return self._error(*FEATURE_FIELDS)

    def _error(self, *names: str) -> str:
        return " ".join(text for name in names for text in self.state.errors.get(name, ()))

    @property
    def servers_address(self) -> str:
        return self._address("servers")

    @property
    def features_address(self) -> str:
        return self._address("features")

    def _address(self, what: str) -> str:
        """With what is wrong left out, so that another choice can be made."""
        given = self.state.mended.removeprefix("?")
        return f"{reverse('pick', args=[what])}?{urlencode({'report': self.report})}{'&' * bool(given)}{given}"

    @property
    def explanation_address(self) -> str:
        """Of a feature of a group, with figures or without."""
        if not (self.scope and self.scope.group and self.scope.one_feature):
            return ""
        return f"{reverse('merged-feature')}?{urlencode(self.scope.params())}"


def feature_detail(version: str, kind: str) -> str:
    """What tells a feature from others of its name, as pick lists say it beside that."""
    return " ".join(part for part in (version, capfirst(kind)) if part)


def scoped_context(report: str, state: GridState, *, realtime: bool) -> dict[str, Any]:
    """`information`; where a report is `realtime`, what is to be said about its data too.

    That is what `no_data_context` says, and the `notices` about a group's members.
    """
    scope = state.scope
    facts = facts_of(scope, timezone.now()) if scope else None  # of now, whatever moment the rows are of
    context: dict[str, Any] = {"information": Information(report, state, facts)}
    if not realtime:
        return context
    group = scope.group if scope and state.at is None else None
    return context | no_data_context(state) | {"notices": group_notices(group, state.moment.now) if group else []}


def no_data_context(state: GridState) -> dict[str, Any]:
    """`no_data`: why a license server or group has no realtime data, or old ones only; and the way to its history."""
    scope = state.scope
    if scope is None or state.at is not None or not (scope.server or scope.group):
        return {"no_data": ""}
    address = f"{reverse('history-usage')}?{urlencode(scope.params())}"
    return {"no_data": no_realtime_data(scope, state.moment.now), "history_address": address}
