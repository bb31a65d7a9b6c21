"""Who a user or host group matches among the sessions that are open now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db.models import F

from groups_app.names import NamePatterns
from groups_app.visibility import Login, permitted_servers

SHOWN = 100
NAMELESS = "(no name)"  # a session may have no user, or no host


@dataclass(frozen=True, slots=True)
class Matches:
    """The first names that match, and how many there are in all of `what` (users or hosts)."""

    names: list[str]
    total: int
    what: str

    @property
    def count(self) -> str:
        """How many match, as a sentence."""
        number = f"{self.total:,}" if self.total else "None"
        return f"{number} of the {self.what} that have sessions now {'matches' if self.total == 1 else 'match'}."

    @property
    def text(self) -> str:
        """The same with the first names."""
        if not self.total:
            return self.count
        return f"{self.count.removesuffix('.')}: {', '.join(self.names[:5])}{self.more(5)}."

    def more(self, shown: int) -> str:
        """What stands after the first `shown` names."""
        return f" and {self.total - shown:,} more" if self.total > shown else ""


def known_users(login: Login, entries: Sequence[str]) -> Matches:
    """Users with open sessions on license servers that `login` is permitted to see."""
    return _known(login, entries, "user", "users")


def known_hosts(login: Login, entries: Sequence[str]) -> Matches:
    """Hosts with open sessions on license servers that `login` is permitted to see."""
    return _known(login, entries, "host", "hosts")


def _known(login: Login, entries: Sequence[str], column: str, what: str) -> Matches:
    sessions = apps.get_model("sessions_app", "OpenSession")._default_manager  # by name: imports run one way
    rows = sessions.filter(NamePatterns(F(column), entries), server__in=permitted_servers(login))
    names = rows.order_by(column).values_list(column, flat=True).distinct()
    return Matches([name if name.strip() else NAMELESS for name in names[:SHOWN]], names.count(), what)
