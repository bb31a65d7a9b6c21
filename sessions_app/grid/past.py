"""What grids of a period have in common: a scope with the period in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from django.utils import timezone

from groups_app.scope import SCOPE_FIELDS, Scope, ScopeError
from groups_app.visibility import Login
from sessions_app.charts.periods import PERIOD_FIELDS, Period, PeriodError
from sessions_app.grid.grids import Grid


@dataclass(frozen=True)
class PastScope(Scope):
    """A scope and a period."""

    period: Period | None = None

    @classmethod
    def read(cls, params: Mapping[str, str], user: Login) -> PastScope:
        """As `Scope.read`, and the period of `period`, `from` and `to`; PastScopeError where only that is wrong."""
        scope = Scope.read(params, user)
        past = cls(scope.user, scope.server, scope.group, scope.feature, scope.version, scope.type)
        try:
            return replace(past, period=read_period(params))
        except PeriodError as error:
            raise PastScopeError(error, past) from error


class PastScopeError(ScopeError):
    """A period that cannot be shown; `scope` is what was chosen beside it."""

    def __init__(self, error: PeriodError, scope: PastScope) -> None:
        super().__init__(error.field, str(error))
        self.scope = scope


def read_period(params: Mapping[str, str]) -> Period:
    """The period of a query string. One without an end goes on until now; one without a beginning is none."""
    name = params.get("period") or ("custom" if params.get("to") else "")
    if name == "custom" and not params.get("from"):
        raise PeriodError("from", "Choose when the period begins.")
    return Period.read(params, timezone.now(), timezone.get_current_timezone())


class PastGrid(Grid):
    """A grid of a report that has a period."""

    of_period: ClassVar[bool] = True  # whether its rows are those of the period
    scope_fields = (*SCOPE_FIELDS, *PERIOD_FIELDS)
    parts = {**Grid.parts, **dict.fromkeys(PERIOD_FIELDS, PERIOD_FIELDS)}

    def moves(self, params: Mapping[str, str]) -> bool:
        """A period without an end goes on until now; named ones move with the day, as every page does."""
        return super().moves(params) or bool(params.get("from") and not params.get("to"))

    def read_scope(self, params: Mapping[str, str], user: Login) -> PastScope:
        return PastScope.read(params, user)

    def moments_of(self, scope: Scope | None) -> Mapping[str, datetime]:
        period = scope.period if isinstance(scope, PastScope) else None
        return {"from": period.start, "to": period.end} if period else {}
