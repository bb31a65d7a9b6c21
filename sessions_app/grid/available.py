"""Whether what a grid was asked for is still there for its login."""

from __future__ import annotations

from sessions_app.grid.filters import Is
from sessions_app.grid.state import GridState

NAMING = {"server", "vendor", "feature"}  # columns


def is_available(state: GridState) -> bool:
    """Whether its scope, and what its filters name, are there for its login: not removed, renamed or hidden."""
    return not any(name in state.errors for name in state.grid.scope_fields) and sees_what_is_named(state)


def sees_what_is_named(state: GridState) -> bool:
    """Whether the license server, vendor and feature that filters name are there for its login, whatever the rows."""
    named = {
        chosen.field_name.removeprefix("feature__"): value
        for _, chosen, value in state.filters.given()
        if isinstance(chosen, Is) and chosen.column in NAMING
    }
    servers, features = state.scope.servers(), state.scope.features()
    if "server__name" in named:
        servers = servers.filter(name=named.pop("server__name"))
        features = features.filter(server__in=servers)
        if not servers.exists():
            return False
    return not named or features.filter(**named).exists()
