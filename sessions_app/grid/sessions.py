"""The grid of sessions: its columns, filters and ways to add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, cast

from django.db.models import BigIntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.html import format_html

from groups_app.merging import COUNTS_FOR
from groups_app.models import HostGroup, UserGroup
from groups_app.visibility import Login
from licstats.durations import format_duration
from licstats.managers.reading import FeatureType
from sessions_app.gaps import left_out
from sessions_app.grid.aggregation import Aggregation
from sessions_app.grid.columns import (
    FEATURE,
    HOST,
    NOT_KNOWN,
    SERVER,
    USER,
    ActionColumn,
    ChoiceColumn,
    Column,
    DateColumn,
    DateTimeColumn,
    ElapsedColumn,
    GridTable,
    Moment,
    NumberColumn,
    Row,
    text_cell,
    time_cell,
)
from sessions_app.grid.filters import (
    After,
    AnyOf,
    AtLeast,
    AtMost,
    Before,
    Contains,
    DayAfter,
    DayBefore,
    Flag,
    GridFilters,
    Is,
    IsInPlace,
    LongerThan,
    ShorterThan,
)
from sessions_app.grid.grids import Grid
from sessions_app.grid.people import InGroup, UserScope
from sessions_app.grid.reach import covered
from sessions_app.grid.state import GridState
from sessions_app.models import OpenSession, RecordedSession

TYPES = tuple((kind.value, kind.value.capitalize()) for kind in FeatureType if kind)
EXPIRED = ("feature__expires", "feature__expired", "feature__permanent")


class FeatureColumn(Column):
    """The feature's name, marked where its licenses are expired and yet in use."""

    def cell(self, row: Row, moment: Moment) -> str:
        name = text_cell(row["feature__name"])
        if not row["feature__expired"]:
            return name
        tag = '{} <span class="tag tag-expired" title="In use, and expired on {}">expired</span>'
        return format_html(tag, name, row["feature__expires"])


class VersionColumn(Column):
    """The feature's version; on hover the one that was checked out, where it is another."""

    def cell(self, row: Row, moment: Moment) -> str:
        version, checked_out = row["feature__version"], row.get("version") or ""
        shown = text_cell(version)
        if not checked_out or checked_out.removeprefix("v") == version.removeprefix("v"):
            return shown
        return format_html('<span title="Checked out as {}">{}</span>', checked_out, shown)


class UserColumn(Column):
    """The user's name, with what is to be known about the session beside it."""

    def cell(self, row: Row, moment: Moment) -> str:
        return f"{text_cell(row['user'])}{marks(row, moment)}"


class ExpirationColumn(DateColumn):
    """When the feature's licenses expire; "permanent" where they do not."""

    def absent(self, row: Row) -> str:
        return "permanent" if row["feature__permanent"] else NOT_KNOWN


class BorrowColumn(DateTimeColumn):
    """When the borrowed license returns by itself; empty where nothing is borrowed."""

    def absent(self, row: Row) -> str:
        return ""

    def cell(self, row: Row, moment: Moment) -> str:
        raw = row[self.path]
        return "" if raw is None else time_cell(raw, moment)


def marks(row: Row, moment: Moment) -> str:
    """Unconfirmed, borrowed, lingering: each with its own label, and what it means on hover.

    What is borrowed lingers too, until its borrow expiration: then that says it.
    """
    tags = ""
    if row.get("borrow_expires_at"):
        tags += ' <span class="tag tag-borrowed" title="May be offline until its borrow expiration">borrowed</span>'
    if row.get("last_seen_at"):
        seen = row["last_seen_at"].astimezone(moment.zone)
        tags += (
            f' <span class="tag tag-unconfirmed" title="Last seen {seen:%Y-%m-%d %H:%M:%S}; '
            'later readings could not be trusted about it">unconfirmed</span>'
        )
    if row.get("linger") and not row.get("borrow_expires_at"):
        kept = format_duration(timedelta(seconds=row["linger"]))
        tags += f' <span class="tag tag-linger" title="Kept for {kept} after the program ended">linger</span>'
    return tags


class SessionsTable(GridTable):
    server = Column("Name", "server__name", group=SERVER)
    vendor = Column("Vendor", "feature__vendor", group=SERVER)
    feature = FeatureColumn("Name", "feature__name", group=FEATURE, needs=EXPIRED)
    version = VersionColumn("Version", "feature__version", group=FEATURE, needs=("version",))
    type = ChoiceColumn("Type", "feature__type", group=FEATURE, choices=TYPES)
    expiration = ExpirationColumn(
        "Expiration Date", "feature__expires", group=FEATURE, hidden=True, nullable=True, needs=EXPIRED
    )
    user = UserColumn("Name", "user", group=USER)
    host = Column("Name", "host", group=HOST)
    ip = Column("IP", "ip", group=HOST, hidden=True)
    host_quantity = NumberColumn("Host Quantity", "host_quantity", hidden=True, help_text="Distinct hosts in the row")
    used = NumberColumn("Used", "used", help_text="Licenses held")
    checkout_time = DateTimeColumn("Checkout Time", "checked_out_at", nullable=True)
    time_used = ElapsedColumn("Time Used", "checked_out_at", nullable=True)
    borrow_expiration = BorrowColumn("Borrow Expiration", "borrow_expires_at", nullable=True)
    action = ActionColumn("Action", "id")


class SessionFilters(GridFilters):
    server = Contains("server", "server__name")
    vendor = Contains("vendor", "feature__vendor")
    feature_name = Contains("feature", "feature__name")
    feature_version = Contains("version", "feature__version")
    feature_type = AnyOf("type", "feature__type", choices=TYPES)
    expiration_after = DayAfter("expiration", "feature__expires")
    expiration_before = DayBefore("expiration", "feature__expires")
    user = Contains("user", "user")
    host = Contains("host", "host")
    ip = Contains("ip", "ip")
    host_quantity_min = AtLeast("host_quantity", "host_quantity", sums="host_count")
    host_quantity_max = AtMost("host_quantity", "host_quantity", sums="host_count")
    used_min = AtLeast("used", "used", sums="used_sum")
    used_max = AtMost("used", "used", sums="used_sum")
    checked_out_after = After("checkout_time", "checked_out_at")
    checked_out_before = Before("checkout_time", "checked_out_at")
    time_used_min = LongerThan("time_used", "checked_out_at")
    time_used_max = ShorterThan("time_used", "checked_out_at", lower="time_used_min")
    borrow_after = After("borrow_expiration", "borrow_expires_at")
    borrow_before = Before("borrow_expiration", "borrow_expires_at")
    borrowed = Flag("", Q(borrow_expires_at__isnull=False), "Borrowed only")
    server_is = Is("server", "server__name")
    vendor_is = Is("vendor", "feature__vendor")
    feature_is = Is("feature", "feature__name")
    version_is = Is("version", "feature__version")
    type_is = Is("type", "feature__type")
    place_is = IsInPlace("feature", "feature__place")
    user_is = Is("user", "user")
    user_group = InGroup("user", "user", kind=UserGroup)
    host_is = Is("host", "host")
    host_group = InGroup("host", "host", kind=HostGroup)


OF_SERVER = frozenset({"server", "vendor"})
OF_FEATURE = frozenset({"feature", "version", "type", "expiration"})
OF_HOSTS = frozenset({"host", "ip", "host_quantity", "used", "action"})
OF_FEATURES_ROW = OF_SERVER | OF_FEATURE | OF_HOSTS

# Rows keep license server and feature, whatever they are aggregated by: licenses of different features do not add up.
BY_USER = Aggregation("user", "User", ("feature_id", "user"), OF_FEATURES_ROW | {"user"}, ("bigint", "text"))
BY_HOST = Aggregation("host", "Host", ("feature_id", "host"), OF_FEATURES_ROW, ("bigint", "text"))
BY_FEATURE = Aggregation("feature", "Feature", ("feature_id",), OF_FEATURES_ROW, ("bigint",))
BY_SERVER = Aggregation("server", "License server", ("server_id",), OF_HOSTS | {"server"}, ("bigint",))
BY_USER_AND_HOST = Aggregation(
    "user,host", "User and host", ("feature_id", "user", "host"), OF_FEATURES_ROW | {"user"}, ("bigint", "text", "text")
)
BY_FEATURE_AND_USER = Aggregation(
    "feature,user", "Feature and user", ("feature_id", "user"), OF_FEATURES_ROW | {"user"}, ("bigint", "text")
)


# A cast, as "ORDER BY 1" would be the first column.
ONE = Cast(Value(1), BigIntegerField())


class SessionsGrid(Grid):
    """Open sessions of the scope; with `at`, those that were open then."""

    name = "sessions"
    title = "Realtime Sessions"
    noun = ("session", "sessions")
    table = SessionsTable
    filters = SessionFilters
    model = OpenSession
    aggregations: ClassVar[Sequence[Aggregation]] = (
        BY_USER,
        BY_HOST,
        BY_FEATURE,
        BY_SERVER,
        BY_USER_AND_HOST,
        BY_FEATURE_AND_USER,
    )
    default_sort = ("user",)
    row_fields = (
        *("id", "feature_id", "user", "host", "borrow_expires_at", "last_seen_at", "linger"),
        *("server_id", "server__name", "server__manager", "server__site", "server__enabled"),  # what the X looks at
    )
    has_past = True
    always = frozenset({"action"})

    def shown_first(self, column: Column, aggregation: Aggregation | None) -> bool:
        return not column.hidden or (aggregation is not None and column.name == "host_quantity")

    def base(self, state: GridState) -> QuerySet[Any]:
        """In a group without members whose last reading is too old to count, as in its realtime figures.

        Of a past time without those of license servers that were not read then, but for members that count.
        """
        rows: QuerySet[Any] = OpenSession.objects.all()
        if state.at:
            rows = RecordedSession.objects.open_at(state.at, unread=[gap.server_id for gap in state.gaps])
        if unknown := left_out(state.gaps):
            rows = rows.exclude(server__in=unknown)
        if state.scope is not None:
            rows = covered(rows, state.scope, None if state.at else state.moment.now - COUNTS_FOR)
        return cast(QuerySet[Any], rows.annotate(host_quantity=ONE))

    def tie_breakers(self, state: GridState) -> tuple[str, ...]:
        """Within a feature or a license server by its own index; that of sessions alone would sort all of them."""
        last = self.columns[state.sort[-1].name].path if state.sort else ""
        owner = {"feature": ("feature_id",), "server": ("server_id",)}.get(last.partition("__")[0], ())
        return (*owner, "id")


class UserSessionsGrid(SessionsGrid):
    """The same sessions, of one user or of a user group."""

    name = "user-sessions"
    aggregations = (BY_FEATURE, BY_FEATURE_AND_USER)
    scope_fields = ("scope",)
    scope_title = "User / User Group"
    default_sort = ("feature",)

    def read_scope(self, params: Mapping[str, str], user: Login) -> UserScope:
        return UserScope.read(params, user)

    def base(self, state: GridState) -> QuerySet[Any]:
        rows = super().base(state)
        return state.scope.restrict(rows) if state.scope else rows


SESSIONS = SessionsGrid()
USER_SESSIONS = UserSessionsGrid()
