"""A page with a grid: whole, as a live fragment, or as an export; one URL and one state for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.generic import View

from groups_app.merging import COUNTS_FOR
from groups_app.scope import Scope, ScopeError
from groups_app.visibility import hidden_mark, sees_all
from licstats.ages import FRESH_INTERVALS, Age
from licstats.live import VERSION_HEADER, mark, unchanged
from licstats.models import LicenseServer
from licstats.planned import first_row
from sessions_app.gaps import told
from sessions_app.grid import preferences
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import Row
from sessions_app.grid.exports import EXTENSIONS, export
from sessions_app.grid.given import given_in, scope_params
from sessions_app.grid.grids import Grid, Page
from sessions_app.grid.heading import head
from sessions_app.grid.people import members_marks
from sessions_app.grid.rendering import ActionCells, Addresses, FilterCell, body, filter_cells, header_groups
from sessions_app.grid.state import PAGE_SIZES, GridState
from sessions_app.grid.state_reader import read_state
from sessions_app.grid.words import about, described

IDENTITY = {"feature": "feature__name", "version": "feature__version", "type": "feature__type"}
DRILLED = ("server_is", "vendor_is", *(f"{name}_is" for name in IDENTITY), "place_is")  # the scope, in a group
PAGING = ("page", "per_page")  # their fields stand below the rows
CHOICE_HEADER = "X-Grid-Choice"  # sent by grid.js: the parameter chosen by hand; links from elsewhere have none
# A sum of hashes: one license server for another, or one revision more here and one less there, is a difference.
REVISIONS = f"""
SELECT count(*), sum(hashint8extended(id, revision)), max(read_at), count(*) FILTER (WHERE read_at < %s),
    count(*) FILTER (WHERE %s OR enabled OR read_at IS NOT NULL),
    count(*) FILTER (WHERE (%s OR enabled OR read_at IS NOT NULL)
        AND (read_at IS NULL OR failures > 0 OR read_at < %s - {FRESH_INTERVALS} * "interval"))
FROM {LicenseServer._meta.db_table}
"""  # noqa: S608 - our own name


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, and so for the part of the page that it swaps."""
    return bool(getattr(request, "htmx", False))


def with_unknown(link: str, state: GridState, params: QueryDict) -> str:
    """A link with what of `params` says nothing to the grid, such as figures=1: it may say something to the page."""
    beside = urlencode([(name, text) for name in state.unknown for text in params.getlist(name)])
    return f"{link}{'&' if link else '?'}{beside}" if beside else link


@dataclass(frozen=True)
class Reach:
    """What a page shows depends on: `version` moves on with every change, `read_at` is the newest reading."""

    version: str
    read_at: datetime | None
    expected: int = 0  # of several license servers: how many are read, or were; of a group's, all
    unfresh: int = 0  # and of how many of these the last reading is late or stale, or failed
    scope: Any = None  # what the page is about, which takes some queries to read

    @classmethod
    def of(cls, scope: Scope, now: datetime) -> Reach:
        """Of the revisions of the scope's license servers, the viewer's day, and what is hidden."""
        server = scope.server
        reach = cls._of_one(server, now) if server else cls._of_many(scope, now)
        reach = replace(reach, scope=scope)
        return reach.and_of([timezone.localdate(now), hidden_mark(scope.user)])

    @classmethod
    def _of_one(cls, server: LicenseServer, now: datetime) -> Reach:
        stale = Age.of(server.read_at, server.interval, now) is Age.STALE  # the page says so
        return cls(f"{server.pk}-{server.revision}{'-stale' * stale}", server.read_at)

    @classmethod
    def _of_many(cls, scope: Scope, now: datetime) -> Reach:
        """By hand, because every open page asks it again and again.

        Of a group every member is expected, be it that it is not queried: without a reading, the sums are not whole.
        In a group it tells how many members are too old to count. Single features that are no longer listed become so
        too; to look through them takes too long for every question, so that a group is drawn again each hour.
        """
        among, params, grouped = "", (), scope.group is not None
        if grouped or not sees_all(scope.user):
            sql, params = scope.servers().order_by().values("pk").query.sql_with_params()
            among = f" WHERE id IN ({sql})"
        values = [now - COUNTS_FOR, grouped, grouped, now, *params]
        count, revisions, read_at, old, expected, unfresh = first_row(REVISIONS + among, values)
        reach = cls(f"{count}-{revisions or 0}-{unfresh}", read_at, expected, unfresh)
        return reach.and_of([old, f"{now:%H}"]) if grouped else reach

    def and_of(self, others: Iterable[object]) -> Reach:
        """Where the page depends on others beside revisions."""
        return replace(self, version="-".join([self.version, *map(str, others)]))


class GridPage(View):
    """Subclasses name the grid and the template, and add what else is on their page."""

    grid: ClassVar[Grid]
    template_name: ClassVar[str]
    fragment_name: ClassVar[str] = "grid/pane.html"
    fields_beside: ClassVar[bool] = False  # whether what a report is about has fields on the page, outside the grid

    def get(self, request: HttpRequest, extension: str = "") -> HttpResponseBase:
        now = timezone.now()
        reach = self.reach_of(request, now)
        if reach is not None and (answer := unchanged(request, reach.version, reach.read_at)):
            return answer
        state = self.state_of(request, now, reach)
        if extension:
            return export(state, extension)
        if chosen := request.headers.get(CHOICE_HEADER):
            preferences.keep_choice(state, chosen)
        if target := self.said_in_full(request, state):
            return HttpResponseRedirect(request.path + with_unknown(target, state, request.GET))
        context = self.context(request, state, reach)
        last = last_instead(request, state, context["page"])
        if last is not None:
            return HttpResponseRedirect(request.path + with_unknown(last, state, request.GET))
        template = self.fragment_name if is_fragment(request) else self.template_name
        response = mark(render(request, template, context), reach.read_at if reach else None)
        if is_fragment(request) and VERSION_HEADER not in request.headers:
            response["HX-Push-Url"] = request.path + state.here
        return response

    def state_of(self, request: HttpRequest, now: datetime, reach: Reach | None) -> GridState:
        return read_state(self.grid, request.GET, request.user, now, reach.scope if reach else None)

    def said_in_full(self, request: HttpRequest, state: GridState) -> str:
        """The address with what its login chose and it leaves open; empty where it is that already.

        A page that is open stays as it is, until its rows are added up in another way.
        """
        if is_fragment(request):
            return preferences.expanded(state) if added_up_anew(request, state) else ""
        return preferences.expanded(state) or state.lasting_link

    def reach_of(self, request: HttpRequest, now: datetime) -> Reach | None:
        """None where the scope is wrong, or where the page shows the past, which does not change."""
        given = given_in(request.GET, self.grid)
        if "at" in given:
            return None
        try:
            scope = self.grid.read_scope(scope_params(self.grid, given), request.user)
        except (ScopeError, ValueError):
            return None
        reach = Reach.of(scope, now)
        return reach.and_of(self.depends_on(request, scope, reach, now))

    def depends_on(self, request: HttpRequest, scope: Any, reach: Reach, now: datetime) -> Sequence[object]:
        """What else changes the page: readings that find nothing new, which move no revision on, and each minute.

        A page says how old the figures of its features are. A group has readings all the time, and adding it up takes
        a while: it is drawn again each minute. Who is in a user group or a host group, no reading tells.
        """
        changes: list[object] = [*members_marks(request.GET, scope)] if self.grid.has_groups else []
        if scope.group and (self.grid.follows_readings or scope.one_feature):
            changes.append(f"{now:%H:%M}")
        elif self.grid.follows_readings or scope.one_feature:
            changes.append(reach.read_at)
        return [*changes, f"{now:%H:%M}"] if self.grid.moves(request.GET) else changes

    def context(self, request: HttpRequest, state: GridState, reach: Reach | None) -> dict[str, Any]:
        page = None if state.errors else self.grid.page(state, reach.version if reach else "")
        cells = filter_cells(state)
        return {
            "state": state,
            "grid": self.grid,
            "about": about(state),
            "described": described(state),
            "page": page,
            "not_known": told(state.gaps),
            "version": reach.version if reach else "",
            "live": "at" not in state.given,  # what cannot be shown may come back: the page goes on asking
            "read_at": reach.read_at if reach else None,
            "read_interval": None,  # by which the age of that reading is late or stale, if there is one
            "head": head(header_groups(state), cells, request.path),
            "kept_inputs": state.inputs_without(visible_fields(cells)),
            "page_inputs": state.inputs_without(()),
            "body": self.body(request, state, page) if page else "",
            "unfiltered": state.base.count() if page and not page.total and state.chips else None,
            "links": Links(request.path, state, page),
            "loose_errors": self.loose_errors(request, state, cells),
        }

    def loose_errors(
        self, request: HttpRequest, state: GridState, cells: Sequence[FilterCell]
    ) -> list[tuple[str, Sequence[str]]]:
        """What is wrong with that which has no field in this answer, as (name on the page, messages)."""
        placed = visible_fields(cells) | set(PAGING)
        if self.fields_beside and not is_fragment(request):
            placed |= set(self.grid.scope_fields)
        return [(self.grid.parameter_title(name), each) for name, each in state.errors.items() if name not in placed]

    def body(self, request: HttpRequest, state: GridState, page: Page) -> SafeString:
        inside = self.inside(state, page)
        return body(state, page, self.actions(request, state, page, inside), inside)

    def inside(self, state: GridState, page: Page) -> Addresses:
        """For aggregated rows, by their numbers: the address of what was added up in each."""
        return {}

    def actions(self, request: HttpRequest, state: GridState, page: Page, inside: Addresses) -> ActionCells:
        """By id, or by number where rows are aggregated: what stands in the Action cell."""
        return {}


def added_up_anew(request: HttpRequest, state: GridState) -> bool:
    """Whether the page that asks shows rows that are added up in another way, or in none."""
    if VERSION_HEADER in request.headers or "HX-Current-URL" not in request.headers:
        return False
    before = QueryDict(request.headers["HX-Current-URL"].partition("?")[2])
    return before.get("group_by", "") != ",".join(state.given.get("group_by", ()))


def last_instead(request: HttpRequest, state: GridState, page: Page | None) -> str | None:
    """The query string of the last page, where one beyond it was asked for by a person.

    A page that follows by itself keeps its number: the rows that it lost may come back.
    """
    if page is None or page.number == state.page or VERSION_HEADER in request.headers:
        return None
    return replace(state, page=page.number).here


@dataclass(frozen=True)
class Links:
    """The links around a grid, as query strings of the same page: after `path`, as an empty one alone leads nowhere."""

    path: str
    state: GridState
    page: Page | None

    def _page(self, number: int) -> str | None:
        """None where there is no such page, or no other one: page 1 of a plain address is the empty query string."""
        if self.page is None or number == self.page.number or not 1 <= number <= self.page.pages:
            return None
        return self.state.link(page=number if number > 1 else None)

    @property
    def first(self) -> str | None:
        return self._page(1)

    @property
    def previous(self) -> str | None:
        return self._page(self.page.number - 1) if self.page else None

    @property
    def next(self) -> str | None:
        return self._page(self.page.number + 1) if self.page else None

    @property
    def last(self) -> str | None:
        return self._page(self.page.pages) if self.page else None

    @cached_property
    def here(self) -> str:
        return self.state.here

    @property
    def left_open(self) -> str:
        """What the address does not say, for the entry of the history that a choice leaves behind (grid.js)."""
        return preferences.left_open(self.state)

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        return [(size, self.state.link(per_page=size), size == self.state.per_page) for size in PAGE_SIZES]

    @property
    def exports(self) -> list[tuple[str, str]]:
        """(name, address) beside the page, with the same query string and every page of rows."""
        base = self.path.rstrip("/")
        query = self.state.link(page=None)
        return [(extension.upper(), f"{base}.{extension}{query}") for extension in EXTENSIONS]

    @cached_property
    def chips(self) -> list[tuple[str, str]]:
        """(filter in words, link without it)."""
        return [(chip.text, self.state.link_without(chip.fields)) for chip in self.state.chips]

    @property
    def clear(self) -> str:
        """Without any filter."""
        return self.state.link_without(self.state.grid.filter_parameters)

    @cached_property
    def aggregations(self) -> list[tuple[str, str, bool]]:
        """(label, link, whether it is the one)."""
        chosen = self.state.aggregation
        return [(each.label, self._aggregated(each), each == chosen) for each in self.state.grid.aggregations]

    @property
    def plain(self) -> str:
        return self._aggregated(None)

    def _aggregated(self, way: Aggregation | None) -> str:
        """Rows that are added up in another way have columns and an order of their own, which their login may keep."""
        of_rows = () if way == self.state.aggregation else preferences.KEPT - preferences.OF_GRID
        changes: dict[str, str | None] = dict.fromkeys(of_rows)
        return self.state.link(**changes, group_by=way.name if way else None)

    @property
    def columns(self) -> list[tuple[str, str, bool]]:
        """(name, title, shown) of every column that these rows can have."""
        offered = self.state.grid.offered(self.state.scope, self.state.aggregation)
        return [
            (name, column.title, name in self.state.shows)
            for name, column in offered.items()
            if name not in self.state.grid.always
        ]

    @property
    def now(self) -> str:
        """The same of this moment, where the past is shown."""
        return self.state.link(at=None)

    @property
    def borrowed(self) -> str:
        """The same with Borrowed Only turned."""
        return self.state.link(borrowed=None if self.borrowed_only else "1")

    @cached_property
    def borrowed_only(self) -> bool:
        return self.state.value("borrowed") == "1"


def visible_fields(cells: Sequence[FilterCell]) -> set[str]:
    """The parameters that have an input in the filter line."""
    fields = {each.name for cell in cells for each in cell.inputs}
    return fields | {name.removesuffix("_min") for name in fields if name.endswith("_min")}


def drill(state: GridState, target: Grid, aggregation: Aggregation, row: Row) -> dict[str, Any]:
    """What of `state` changes so that the grid `target` shows the sessions that are added up in an aggregated `row`.

    In a group by texts alone: there a feature is chosen as merged, and members that joined it have other names.
    """
    declared = target.filters.base_filters
    sums = {name for name, each in declared.items() if each.sums}
    changes: dict[str, Any] = dict.fromkeys(("group_by", "columns", "sort", *sums, *map(target.both_bounds, sums)))
    in_group = getattr(state.scope, "group", None) is not None
    changes |= {"server_is": [row["server__name"]]} if in_group else {"scope": f"server:{row['server__name']}"}
    if "feature_id" in aggregation.keys:
        texts = {name: row[path] for name, path in IDENTITY.items()}
        changes |= {f"{name}_is": [text] for name, text in texts.items()} if in_group else texts
        if row["feature__twin"]:
            changes |= {"vendor_is": [row["feature__vendor"]], "place_is": row["feature__place"]}
    return changes | {f"{key}_is": [row[key]] for key in aggregation.keys if key in ("user", "host")}
