"""Features: History: a feature's usage over a period, and the sessions that touch one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from licstats.moments import MomentError, has_offset, parse_moment, write_moment
from sessions_app.charts.periods import NAMES, Period
from sessions_app.grid.features import FEATURES
from sessions_app.grid.given import given_in
from sessions_app.grid.grids import Grid
from sessions_app.grid.history import HISTORY
from sessions_app.grid.intervals import INTERVALS
from sessions_app.grid.pages import Reach
from sessions_app.grid.past import PastScope
from sessions_app.grid.state import GridState
from sessions_app.grid.words import whose
from sessions_app.views.curves import curve_context
from sessions_app.views.parts import Report
from sessions_app.views.scoped import scoped_context, unknown_context


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a period in its field: a time as a browser's field for times takes it, else what was given."""

    label: str
    name: str
    text: str
    error: str
    is_time: bool = True

    @classmethod
    def of(cls, label: str, name: str, moment: datetime | None, state: GridState) -> Bound:
        """`moment`: where the period is a right one."""
        given, error = "".join(state.given.get(name, ())[:1]), " ".join(state.errors.get(name, ()))
        zone = state.moment.zone
        try:
            moment = moment or (parse_moment(given, zone) if given else None)
        except MomentError:
            return cls(label, name, given, error, is_time=False)
        text = write_moment(moment, zone) if moment else ""
        told = has_offset(text)  # which a browser's field does not take
        return cls(label, name, text if told else text.replace(" ", "T"), error, is_time=not told)

    @property
    def step(self) -> int:
        """Seconds; a browser refuses times between its steps."""
        return 1 if self.text.count(":") == 2 else 60


class History(Report):
    """A report of a period."""

    fragment_name = "grid/fragment.html"

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        period = period_of(state)
        context = super().context(request, state, reach) | scoped_context(self.url_name, state, realtime=self.realtime)
        return context | {
            "bounds": [
                Bound.of("From", "from", period.start if period else None, state),
                Bound.of("to", "to", period.end if period else None, state),
            ],
            "periods": [
                (label, state.link(**{"period": name, "from": None, "to": None}), name == getattr(period, "name", ""))
                for name, label in NAMES.items()
            ],
            "without_period": state.inputs_without(("period", "from", "to")),
        }

    def why_empty(self, state: GridState) -> dict[str, Any]:
        """Without a feature there is nothing in any period; else a longer one may have something."""
        if state.scope.features().exists():
            return {"empty_reason": self.reason(state), "empty_step": self.longer(state)}
        step = (reverse("servers"), "See the license servers")
        said = {"empty_reason": f"No reading{whose(state.scope)} named a feature yet.", "empty_step": step}
        return unknown_context(state) | said

    @abstractmethod
    def reason(self, state: GridState) -> str:
        """Why the period has no rows."""

    def longer(self, state: GridState) -> tuple[str, str]:
        """A period to look at next: this year, or the one before."""
        name = "last-year" if state.scope.period.name == "year" else "year"
        query = state.link(**{"period": name, "from": None, "to": None})
        return reverse(self.url_name) + query, f"Show {NAMES[name].lower()}"


class HistorySessions(History):
    """Sessions of the period, the ended ones and those still open."""

    grid = HISTORY
    url_name = "history-sessions"
    template_name = "history/sessions.html"

    def reason(self, state: GridState) -> str:
        return f"No session{whose(state.scope)} is known to have been open {state.scope.period.during()}."


class HistoryUsage(History):
    """A feature's used, borrowed, reserved and total over the period; without a feature, those to choose from."""

    grid = FEATURES
    url_name = "history-usage"
    template_name = "history/usage.html"
    graph_title = "Feature Usage"
    draws_curve = True

    @classmethod
    def grid_of(cls, params: QueryDict) -> Grid:
        return cls.grid_with(given_in(params, INTERVALS))

    @staticmethod
    def grid_with(chosen: Mapping[str, object]) -> Grid:
        return INTERVALS if chosen.get("feature") else FEATURES

    @classmethod
    def not_carried(cls, params: Mapping[str, str]) -> set[str]:
        """What a link with these `params` leaves out of an address of this page: that of a feature has another grid."""
        known = {*FEATURES.parameters, *INTERVALS.parameters}
        return {"sort", "columns"} | (known - {*cls.grid_with(params).parameters})

    def reason(self, state: GridState) -> str:
        return f"No figure{whose(state.scope)} was read {state.scope.period.during()}."

    def graph(self, state: GridState) -> dict[str, Any]:
        scope, period = state.scope, period_of(state)
        if scope is None or period is None or not scope.one_feature:
            return {"chart_note": "Choose a feature to see its history."}
        now = state.moment.now
        return curve_context(scope, period.start, min(period.end, now) if period.start < now else period.end)


def period_of(state: GridState) -> Period | None:
    return state.scope.period if isinstance(state.scope, PastScope) else None
