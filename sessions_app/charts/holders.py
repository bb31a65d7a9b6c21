"""Who holds most: licenses by user, for the bars of the Realtime License Usage graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet, Window
from django.db.models.functions import Coalesce

from licstats.aggregates import WholeSum

MOST_BARS = 1_000  # a slider over more of them cannot be aimed, and each is drawn twice


class Bar(NamedTuple):
    """One user's licenses: `used` in all, `borrowed` of them."""

    user: str
    used: int
    borrowed: int

    @property
    def name(self) -> str:
        """The user as it is shown, a dash where its name is not known."""
        return self.user or "–"  # noqa: RUF001 - as in the grids


@dataclass(frozen=True, slots=True)
class Holders:
    """The users with the most licenses first; `users` is how many there are."""

    bars: Sequence[Bar]
    users: int

    @property
    def left_out(self) -> int:
        return self.users - len(self.bars)

    @property
    def smallest(self) -> int:
        """What the last bar holds: nobody who is left out holds more."""
        return self.bars[-1].used if self.bars else 0


def holders(sessions: QuerySet[Any], most: int = MOST_BARS) -> Holders:
    """The holders of `sessions` (open sessions, filtered as the grid is)."""
    rows = list(
        sessions.order_by()
        .values("user")
        .annotate(
            licenses=WholeSum("used"),
            borrowed=Coalesce(WholeSum("used", filter=Q(borrow_expires_at__isnull=False)), 0),
            users=Window(Count("*")),
        )
        .order_by("-licenses", "user")
        .values_list("user", "licenses", "borrowed", "users")[:most]
    )
    bars = [Bar(user, used, borrowed) for user, used, borrowed, _ in rows]
    users = rows[0][3] if rows else 0
    return Holders(bars, users)
