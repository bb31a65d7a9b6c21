"""What grids of a period have in common: a scope with the period in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from groups_app.scope import SCOPE_FIELDS, Scope
from groups_app.visibility import Login
from sessions_app.charts.periods import PERIOD_FIELDS, Period
from sessions_app.grid.grids import Grid


@dataclass(frozen=True)
class PastScope(Scope):
    """A scope and a period."""

    period: Period | None = None

    @classmethod
    def read(cls, params: Mapping[str, str], user: Login) -> PastScope:
        """As `Scope.read`, and the period of `period`, `from` and `to`."""
        scope = Scope.read(params, user)
        period = Period.read(params, timezone.now(), timezone.get_current_timezone())
        return cls(scope.user, scope.server, scope.group, scope.feature, scope.version, scope.type, period)


class PastGrid(Grid):
    """A grid whose rows are those of a period."""

    scope_fields = (*SCOPE_FIELDS, *PERIOD_FIELDS)

    def read_scope(self, params: Mapping[str, str], user: Login) -> PastScope:
        return PastScope.read(params, user)
