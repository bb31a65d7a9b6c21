"""The pages of open sessions: Features: Realtime: Sessions, and Users: Realtime: Sessions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse

from licstats.aggregates import WholeSum
from sessions_app.charts.figures import holders_figure
from sessions_app.charts.holders import Holders, holders
from sessions_app.charts.notes import HOLDER_COLUMNS, holder_rows, holders_note, nobody_note
from sessions_app.closing.offer import action_cell, group_offers, offers
from sessions_app.gaps import told
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import Row
from sessions_app.grid.grids import Page
from sessions_app.grid.pages import Reach, drill
from sessions_app.grid.rendering import ActionCells, Addresses
from sessions_app.grid.sessions import SESSIONS, USER_SESSIONS
from sessions_app.grid.state import GridState
from sessions_app.grid.words import whose
from sessions_app.views.parts import Report
from sessions_app.views.scoped import scoped_context, unknown_context


class SessionsReport(Report):
    """A grid of open sessions with the X of each, and the graph of who holds them."""

    graph_title = "Realtime License Usage"
    fragment_name = "grid/fragment.html"

    def graph(self, state: GridState) -> dict[str, Any]:
        """The licenses of each user, by the same filters as the grid."""
        held = holders(self.grid.added_up(state))
        return {
            "figure": holders_figure(held),
            "chart_note": self.note(state, held),
            "chart_columns": HOLDER_COLUMNS,
            "chart_rows": holder_rows(held),
        }

    def note(self, state: GridState, held: Holders) -> str:
        """Who is not drawn, or why nobody is."""
        if not held.bars and (unknown := unknown_context(state)["unknown"]):
            return str(unknown)
        nobody = nobody_note(filtered=bool(state.chips), past=state.at is not None)
        return " ".join(filter(None, [holders_note(held) if held.bars else nobody, *told(state.gaps)]))

    def why_empty(self, state: GridState) -> dict[str, Any]:
        if state.at is None:
            return unknown_context(state) | {"empty_reason": f"No session{whose(state.scope)} is open."}
        return unknown_context(state) | {
            "empty_reason": f"No session{whose(state.scope)} was open then.",
            "empty_step": (reverse(self.url_name) + state.link_without(["at"]), "Show the sessions of now"),
        }

    def drill(self, state: GridState, aggregation: Aggregation, row: Row) -> str:
        """The query string by which the sessions grid shows what was added up in `row`."""
        return state.link_on(SESSIONS, drill(state, SESSIONS, aggregation, row))

    def inside(self, state: GridState, page: Page) -> Addresses:
        aggregation = state.aggregation
        if aggregation is None:
            return {}
        path = reverse("realtime-sessions")
        return {number: path + self.drill(state, aggregation, row) for number, row in enumerate(page.rows, page.first)}

    def actions(self, request: HttpRequest, state: GridState, page: Page, inside: Addresses) -> ActionCells:
        """The X of each row, which the past does not have."""
        if state.at is not None:
            return {}
        if state.aggregation:
            queries = [address.partition("?")[2] for address in inside.values()]
            ways = group_offers(request.user, queries, page.rows, self.grid.restricted(state))
            cells = (action_cell(offer, words_of(row)) for offer, row in zip(ways, page.rows, strict=True))
            return dict(zip(inside, cells, strict=True))
        offered = offers(request.user, page.rows)
        return {
            row["id"]: action_cell(offered[row["id"]], f"the session of {row['user']} on {row['host']}")
            for row in page.rows
        }


def words_of(row: Row) -> str:
    """Whose sessions an aggregated row has, for screen readers."""
    host = row["host"] if isinstance(row.get("host"), str) else ""
    named = (row.get("user"), host, row.get("feature__name"), row["server__name"])
    return f"the sessions of {', '.join(filter(None, named))}"


class RealtimeSessions(SessionsReport):
    """Who holds what, now or at a past time."""

    grid = SESSIONS
    url_name = "realtime-sessions"
    realtime = True
    template_name = "sessions/realtime.html"

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        context = super().context(request, state, reach)
        return context | scoped_context(self.url_name, state, realtime=self.realtime)


class UserSessions(SessionsReport):
    """What one user holds, or the users of a group."""

    grid = USER_SESSIONS
    url_name = "user-sessions"
    template_name = "sessions/users.html"
    fragment_name = "sessions/users_fragment.html"

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        context = super().context(request, state, reach)
        return context | {"person": PersonFacts.of(state)}

    def drill(self, state: GridState, aggregation: Aggregation, row: Row) -> str:
        """Of those of the scope, as filters beside the ones that are given."""
        of_users = {
            name: list(dict.fromkeys([*state.given.get(name, ()), text]))
            for name, text in state.scope.filter_params().items()
        }
        return state.link_on(SESSIONS, of_users | drill(state, SESSIONS, aggregation, row))


@dataclass(frozen=True)
class PersonFacts:
    """General Information of a user or a user group: what they hold now, whatever the grid's filters."""

    label: str
    kind: str
    address: str
    sessions: int = 0
    licenses: int = 0
    borrowed: int = 0
    hosts: int = 0
    users: int = 0

    @classmethod
    def of(cls, state: GridState) -> PersonFacts:
        scope = state.scope
        query = urlencode({"report": "user-sessions"}) + state.mended.replace("?", "&", 1)
        label, kind = (scope.label, "group" if scope.user_group else "") if scope else ("?", "")
        facts = cls(label, kind, f"{reverse('pick', args=['users'])}?{query}")
        if scope is None or not scope.chosen:
            return facts
        found = state.base.aggregate(
            sessions=Count("pk"),
            licenses=Coalesce(WholeSum("used"), 0),
            borrowed=Coalesce(WholeSum("used", filter=Q(borrow_expires_at__isnull=False)), 0),
            hosts=Count("host", distinct=True),
            users=Count("user", distinct=True),
        )
        return replace(facts, **found)
