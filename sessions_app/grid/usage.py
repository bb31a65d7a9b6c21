"""The grid of usage: one row for each feature of the last reading, or for each merged feature of a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from django.db.models import Case, F, FloatField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groups_app.members import Identity
from groups_app.merging import EVERY, merged_features
from groups_app.scope import Scope, feature_address
from groups_app.sums import with_arithmetic
from licstats.models import Feature
from sessions_app.grid.columns import (
    FEATURE,
    NOT_KNOWN,
    SERVER,
    ChoiceColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    GridTable,
    Moment,
    NumberColumn,
    Row,
    text_cell,
)
from sessions_app.grid.counts import UNCOUNTED, Counts
from sessions_app.grid.filters import After, AnyOf, AtLeast, AtMost, Before, Contains, DayAfter, DayBefore, GridFilters
from sessions_app.grid.grids import Grid
from sessions_app.grid.merged import MergedRows, identity_of
from sessions_app.grid.rows import RowSource
from sessions_app.grid.sessions import TYPES
from sessions_app.grid.state import GridState
from sessions_app.templatetags.licstats import age, dash, icon, utilization

OF_FEATURE = ("realtime-sessions", "realtime-usage")  # pages about one
IDENTITY = ("server_name", "scope_kind", "name", "version", "type")


class FeatureLink(Column):
    """The feature's name, which leads to its sessions, and the way to its day.

    Beside a merged one stands how many members are not in its sums.
    """

    def cell(self, row: Row, moment: Moment) -> str:
        scope, name = f"{row['scope_kind']}:{row['server_name']}", row["name"]
        sessions, day = (escape(feature_address(page, scope, identity_of(row))) for page in OF_FEATURE)
        words = f'title="Its usage today" aria-label="Usage of {escape(name)} today"'
        way = f'<a class="day" href="{day}" {words}>{icon("history-usage")}</a>'
        return f'<a href="{sessions}">{text_cell(name)}</a> {way}{left_out_sign(row["left_out"])}'


def left_out_sign(members: int) -> SafeString:
    if not members:
        return SafeString("")
    why = "Not in these sums, as the last reading is older than 24 h. Point at a figure to see of which license server."
    return format_html(' <span class="tag tag-left-out" title="{}">{} left out</span>', why, f"{members:,}")


def explained(figure: str, row: Row, *, first: bool = False) -> str:
    """The figure of a merged feature leads to its arithmetic; by Tab only the first of a row does."""
    if row["scope_kind"] != "group":
        return figure
    return with_arithmetic(figure, row["server_name"], identity_of(row), tab=first)


class ExplainedColumn(NumberColumn):
    """A figure that is summed in a group."""

    def cell(self, row: Row, moment: Moment) -> str:
        return explained(super().cell(row, moment), row)


class UsedColumn(NumberColumn):
    """Licenses in use; marked where some of them have expired, a dash where the license manager does not tell."""

    def cell(self, row: Row, moment: Moment) -> str:
        used, expired = row["used"], row["expired_used"]
        text = dash("in use unknown: the license manager does not tell") if used is None else f"{used:,}"
        shown = explained(text, row, first=True)
        if not expired:
            return shown
        return format_html(
            '{} <span class="tag tag-expired" title="{} in use of licenses that have expired">expired</span>',
            shown,
            f"at least {expired:,}" if used is None else f"{expired:,}",
        )


class TotalColumn(ExplainedColumn):
    """All licenses; unlimited or uncounted ones in words."""

    def absent(self, row: Row) -> str:
        return "unlimited"


def used_of_total(row: Row) -> int:
    """What is in use of the licenses that are in the total; in a group, that of expired ones is not."""
    used: int = row["used"] - (0 if row["expired"] else row["expired_used"])
    return used


class AvailableColumn(NumberColumn):
    """Total less used less reserved."""

    def cell(self, row: Row, moment: Moment) -> str:
        available = row["available"]
        if available is None:
            return explained(dash("not limited, or in use is unknown"), row)
        used, reserved = used_of_total(row), row["reserved"] - (0 if row["expired"] else row["expired_reserved"])
        how = f"{available:,} = {row['total']:,} total - {used:,} used - {reserved:,} reserved"
        if used != row["used"]:
            how += f". In use of licenses that have expired: {row['expired_used']:,} more"
        return explained(SafeString(f'<span title="{how}">{available:,}</span>'), row)


def why_no_utilization(used: int | None, total: int | None) -> str:
    if total is None:
        return "the total is unlimited"
    return "in use is unknown" if used is None else "the total is 0"


class UtilizationColumn(NumberColumn):
    """Percent of the total in use, in its colour."""

    def value(self, raw: Any, moment: Moment) -> float | None:
        return None if raw is None else round(raw, 1)

    def cell(self, row: Row, moment: Moment) -> str:
        return explained(utilization(row["utilization"], why_no_utilization(row["used"], row["total"])), row)


class ExpirationColumn(DateColumn):
    """The soonest expiration of what counts; "permanent" where there is none."""

    def absent(self, row: Row) -> str:
        return "permanent" if row["permanent"] else NOT_KNOWN

    def cell(self, row: Row, moment: Moment) -> str:
        return f'<span class="age-stale">{row["expires"]}</span>' if row["expired"] else super().cell(row, moment)


class LastUpdateColumn(DateTimeColumn):
    """When the last reading was made that listed the feature, in the colour of its age."""

    def cell(self, row: Row, moment: Moment) -> str:
        interval: timedelta = row["interval"]
        return age(row["last_update"], interval, moment.now)


class UsageTable(GridTable):
    server = Column("Name", "server_name", group=SERVER)
    vendor = Column("Vendor", "vendor", group=SERVER)
    feature = FeatureLink("Name", "name", group=FEATURE, needs=(*IDENTITY, "left_out"))
    version = Column("Version", "version", group=FEATURE)
    type = ChoiceColumn("Type", "type", group=FEATURE, choices=TYPES)
    expiration = ExpirationColumn(
        "Expiration Date", "expires", group=FEATURE, nullable=True, needs=("expired", "permanent")
    )
    used = UsedColumn(
        "Used", "used", nullable=True, needs=("expired_used",), help_text="Licenses in use, borrowed ones too"
    )
    borrowed = ExplainedColumn("Borrowed", "borrowed")
    reserved = ExplainedColumn("Reserved", "reserved", help_text="Set aside and idle")
    queued = ExplainedColumn("Queued", "queued", hidden=True, help_text="Licenses that somebody waits for")
    total = TotalColumn("Total", "total", nullable=True)
    available = AvailableColumn(
        "Available",
        "available",
        nullable=True,
        needs=("total", "used", "reserved", "expired", "expired_used", "expired_reserved"),
        help_text="Total - used - reserved",
    )
    utilization = UtilizationColumn(
        "Utilization", "utilization", nullable=True, needs=("used", "total"), help_text="Percent of total in use"
    )
    last_update = LastUpdateColumn("Last Update", "last_update", needs=("interval",))


class PercentAtMost(AtMost):
    """Percents are shown without what is behind the point, so that 89.9 is not 90 in orange: up to 89 takes it in."""

    def condition(self, value: int | None, path: str) -> Q | None:
        return None if value is None else Q(**{f"{path}__lt": value + 1})


class UsageFilters(GridFilters):
    server = Contains("server", "server_name")
    vendor = Contains("vendor", "vendor")
    feature_name = Contains("feature", "name")
    feature_version = Contains("version", "version")
    feature_type = AnyOf("type", "type", choices=TYPES)
    expiration_after = DayAfter("expiration", "expires")
    expiration_before = DayBefore("expiration", "expires")
    used_min = AtLeast("used", "used")
    used_max = AtMost("used", "used")
    borrowed_min = AtLeast("borrowed", "borrowed")
    borrowed_max = AtMost("borrowed", "borrowed")
    reserved_min = AtLeast("reserved", "reserved")
    reserved_max = AtMost("reserved", "reserved")
    queued_min = AtLeast("queued", "queued")
    queued_max = AtMost("queued", "queued")
    total_min = AtLeast("total", "total")
    total_max = AtMost("total", "total")
    available_min = AtLeast("available", "available")
    available_max = AtMost("available", "available")
    utilization_min = AtLeast("utilization", "utilization")
    utilization_max = PercentAtMost("utilization", "utilization")
    last_update_after = After("last_update", "last_update")
    last_update_before = Before("last_update", "last_update")


def listed_rows(scope: Scope, now: datetime) -> QuerySet[Any]:
    """The features of `scope` that the last reading of their license server listed."""
    listed: QuerySet[Feature] = scope.features().filter(last_listed_at__isnull=True, server__read_at__isnull=False)
    return listed.annotate(
        server_name=F("server__name"),
        scope_kind=Value("server"),
        left_out=Value(0),
        available=F("total") - F("used") - F("reserved"),
        utilization=Cast(F("used"), FloatField()) * 100.0 / NullIf(Cast(F("total"), FloatField()), 0.0),
        expired_reserved=Value(0),
        expired_used=Case(When(expired=True, then=Coalesce("used", 0)), default=0),
        last_update=F("server__read_at"),
        interval=F("server__interval"),
    )


def merged_rows(
    scope: Scope, now: datetime, figures: Collection[str] = EVERY, names: Collection[str] | None = None
) -> QuerySet[Any]:
    """The merged features of the group of `scope`, or the one that it names, with these figures.

    With `names` only features that are called so.
    """
    group = scope.group
    if group is None:
        raise ValueError("Only the features of a group are merged.")
    one = [scope.feature] if scope.feature else names
    merged: QuerySet[Any] = merged_features(group, now, one, figures)
    if scope.feature:
        merged = merged.filter(name=scope.feature, version=scope.version, type=scope.type)
    name = Cast(Value(group.name), TextField())  # PostgreSQL sorts by no bare text
    named: QuerySet[Any] = merged.annotate(server_name=name, scope_kind=Value("group"), place=Value(0))
    return named


class UsageRows(MergedRows):
    """Which rows are on a page takes adding up all features of the group; what these show, only those called so."""

    def counted_slice(self, start: int, stop: int) -> tuple[Sequence[Row], int] | None:
        found = self.counted(self.deciding(), Identity._fields, start, stop)
        if not found:
            return None
        rows = self.in_full(found)
        if len(rows) < len(found):  # a poll came between, and took some out of the group
            return super().counted_slice(start, stop)
        return rows, found[0]["of"]

    def deciding(self) -> QuerySet[Any]:
        """The rows with no figures but those that they are sorted and filtered by."""
        paths = {self.grid.columns[key.name].order.removeprefix("-") for key in self.state.sort}
        paths |= {chosen.field_name for _name, chosen, _value in self.state.filters.given()}
        return self.state.filters.restrict_rows(merged_rows(self.state.scope, self.state.moment.now, paths & EVERY))

    def in_full(self, found: Sequence[Row]) -> Sequence[Row]:
        """The same rows with all that is shown of them."""
        wanted, names = self.wanted(), {row["name"] for row in found}
        rows = merged_rows(self.state.scope, self.state.moment.now, EVERY.intersection(wanted), names)
        full = {identity_of(row): row for row in rows.values(*wanted)}
        return [full[identity_of(row)] for row in found if identity_of(row) in full]


class UsageGrid(Grid):
    """Features that the last reading of their license server listed; merged ones where a group is chosen."""

    name = "usage"
    title = "Realtime Usage"
    noun = ("feature", "features")
    table = UsageTable
    filters = UsageFilters
    model = Feature
    default_sort = ("-utilization", "feature")
    follows_readings = True  # the last update is one
    key_fields = row_fields = (*IDENTITY, "vendor", "place")

    def base(self, state: GridState) -> QuerySet[Any]:
        scope = state.scope
        if scope is None:
            return Feature.objects.none()
        return merged_rows(scope, state.moment.now) if scope.group else listed_rows(scope, state.moment.now)

    def source(self, state: GridState, counts: Counts = UNCOUNTED) -> RowSource:
        merged = state.scope is not None and state.scope.group is not None
        return UsageRows(self, state, counts) if merged else super().source(state, counts)

    def tie_breakers(self, state: GridState) -> tuple[str, ...]:
        if state.scope is not None and state.scope.group:
            return ("name", "version", "type")
        return ("pk",)


USAGE = UsageGrid()
