"""License servers as `/servers/`, the health check and the metrics see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Max, Q, QuerySet, Sum, TextChoices, Value, When
from django.template.defaultfilters import pluralize

from licstats.durations import format_duration
from licstats.managers.reading import Status, Verdict
from licstats.models import LicenseServer

CLOCK_TOLERANCE = timedelta(minutes=2)


class State(TextChoices):
    """What there is to say of a license server in a word; the worst comes first."""

    DOWN = "down", "Down"
    PARTIAL = "partial", "Partial"
    NEVER = "never", "Never read"
    UP = "up", "Up"
    DISABLED = "disabled", "Disabled"


STATE = Case(
    When(enabled=False, then=Value(State.DISABLED)),
    When(verdict="", then=Value(State.NEVER)),
    When(Q(status=Status.DOWN) | Q(verdict=Verdict.FAILED), then=Value(State.DOWN)),
    When(verdict=Verdict.PARTIAL, then=Value(State.PARTIAL)),
    default=Value(State.UP),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many license servers are in which state; `version` moves on with every query and every change."""

    counts: dict[str, int]
    version: str
    read_at: datetime | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def summarize(servers: QuerySet[LicenseServer]) -> Summary:
    """One query over the servers' own rows, whatever else there is."""
    figures = servers.annotate(state=STATE).aggregate(
        revisions=Sum("revision"),
        asked=Max("asked_at"),
        read=Max("read_at"),
        **{state.value: Count("pk", filter=Q(state=state)) for state in State},
    )
    counts = {state.value: figures[state.value] for state in State}
    asked = figures["asked"].timestamp() if figures["asked"] else 0
    version = f"{'.'.join(map(str, counts.values()))}:{figures['revisions'] or 0}:{asked}"
    return Summary(counts, version, figures["read"])


def without_fresh_reading(old: int, total: int) -> str:
    """How many license servers of `total` are late, stale or do not answer; empty where none is."""
    if not old:
        return ""
    servers_have = f"license server{pluralize(total)} {'has' if old == 1 else 'have'}"
    return f"{old:,} of {total:,} {servers_have} no fresh reading"


def clock_difference(server: LicenseServer) -> str:
    """`3 min ahead` where the license server's clock differs from ours by more than two minutes, else empty."""
    offset = server.clock_offset
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return ""
    return f"{format_duration(abs(offset))} {'ahead' if offset > timedelta(0) else 'behind'}"
