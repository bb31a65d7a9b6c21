"""The grid of past sessions: those that touch a period, open ones too."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.db.models import F, Q, QuerySet

from groups_app.models import HostGroup, UserGroup
from licstats.models import LicenseServer
from sessions_app.grid.columns import (
    FEATURE,
    HOST,
    SERVER,
    USER,
    ChoiceColumn,
    Column,
    DateTimeColumn,
    GridTable,
    Moment,
    NumberColumn,
    Row,
)
from sessions_app.grid.filters import After, AnyOf, AtLeast, AtMost, Before, Contains, GridFilters, Is
from sessions_app.grid.past import PastGrid, PastScope
from sessions_app.grid.people import InGroup
from sessions_app.grid.reach import covered
from sessions_app.grid.sessions import TYPES
from sessions_app.grid.state import GridState
from sessions_app.models import RecordedSession
from sessions_app.polling.figures import INTERVALS_TO_A_GAP


class EndColumn(DateTimeColumn):
    """When the session ended; on hover when it was last seen, as between the two nothing is known."""

    def absent(self, row: Row) -> str:
        return "open"

    def cell(self, row: Row, moment: Moment) -> str:
        closed: datetime | None = row["closed_at"]
        if closed is None:
            return '<span class="tag">open</span>'
        seen: datetime | None = row["recorded_until"]
        shown = f"{closed.astimezone(moment.zone):%Y-%m-%d %H:%M}"
        if seen is None:
            return f'<time datetime="{closed.isoformat()}">{shown}</time>'
        until = f"{seen.astimezone(moment.zone):%Y-%m-%d %H:%M:%S}"
        first = f"{closed.astimezone(moment.zone):%Y-%m-%d %H:%M:%S}"
        title = f"Last seen {until}; first reading without it {first}"
        return f'<time datetime="{closed.isoformat()}" title="{title}">{shown}</time>'


class HistoryTable(GridTable):
    server = Column("Name", "server__name", group=SERVER)
    vendor = Column("Vendor", "feature__vendor", group=SERVER)
    feature = Column("Name", "feature__name", group=FEATURE)
    version = Column("Version", "feature__version", group=FEATURE)
    type = ChoiceColumn("Type", "feature__type", group=FEATURE, choices=TYPES)
    user = Column("Name", "user", group=USER)
    host = Column("Name", "host", group=HOST)
    ip = Column("IP", "ip", group=HOST, hidden=True)
    used = NumberColumn("Used", "last_used", help_text="Licenses held, at its end where they changed")
    checkout_time = DateTimeColumn("Checkout Time", "checked_out_at", nullable=True)
    first_seen = DateTimeColumn("First Seen", "first_seen_at", hidden=True, help_text="The first reading with it")
    end = EndColumn("End", "closed_at", nullable=True, needs=("recorded_until",))


class HistoryFilters(GridFilters):
    server = Contains("server", "server__name")
    vendor = Contains("vendor", "feature__vendor")
    feature_name = Contains("feature", "feature__name")
    feature_version = Contains("version", "feature__version")
    feature_type = AnyOf("type", "feature__type", choices=TYPES)
    user = Contains("user", "user")
    host = Contains("host", "host")
    ip = Contains("ip", "ip")
    used_min = AtLeast("used", "last_used")
    used_max = AtMost("used", "last_used")
    checked_out_after = After("checkout_time", "checked_out_at")
    checked_out_before = Before("checkout_time", "checked_out_at")
    first_seen_after = After("first_seen", "first_seen_at")
    first_seen_before = Before("first_seen", "first_seen_at")
    ended_after = After("end", "closed_at")
    ended_before = Before("end", "closed_at")
    user_is = Is("user", "user")
    user_group = InGroup("user", "user", kind=UserGroup)
    host_is = Is("host", "host")
    host_group = InGroup("host", "host", kind=HostGroup)


class HistoryGrid(PastGrid):
    """Sessions that began before the period's end and had not ended at its beginning, as far as that is known."""

    name = "history"
    title = "Sessions of the Period"
    noun = ("session", "sessions")
    table = HistoryTable
    filters = HistoryFilters
    model = RecordedSession
    default_sort = ("-checkout_time",)

    def base(self, state: GridState) -> QuerySet[Any]:
        scope = cast("PastScope | None", state.scope)
        if scope is None or scope.period is None:
            return RecordedSession.objects.none()
        period = scope.period
        still_open = Q(closed_at__isnull=True) & ~Q(server__in=unread_since(period.start, state.moment.now))
        touching = RecordedSession.objects.filter(first_seen_at__lt=period.end)
        return covered(touching.filter(Q(closed_at__gt=period.start) | still_open), scope)


def unread_since(start: datetime, now: datetime) -> list[int]:
    """The license servers whose open sessions are not known at `start` any more; all where it is yet to come."""
    servers = LicenseServer.objects.all()
    if start <= now:
        servers = servers.exclude(read_at__gte=start - INTERVALS_TO_A_GAP * F("interval"))
    return list(servers.values_list("pk", flat=True))


HISTORY = HistoryGrid()
